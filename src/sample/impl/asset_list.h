// Who is listed on the simulated market.
#pragma once

#include <vector>

#include "sample/market.h"

namespace lagoa::sample {

std::vector<Asset> list_assets(const MarketOptions& options);

}  // namespace lagoa::sample
