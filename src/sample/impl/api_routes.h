// The endpoints of the API, behind its limits.
#pragma once

#include <string_view>

#include "sample/api.h"
#include "sample/recordings.h"

namespace lagoa::sample {

constexpr std::string_view kQuotePath = "/api/quote/";
constexpr std::string_view kListPath = "/api/quote/list";

/// What the endpoints answer from.
struct ApiContext {
    const Market& market;
    const Recordings* recordings;  ///< nullptr: everything is simulated.
    const ApiOptions& options;
    Clock& clock;
};

net::ServerResponse route_api(const net::ServerRequest& request, const ApiContext& context);

}  // namespace lagoa::sample
