// B3's end-of-day file of the simulated market: COTAHIST_DDDMMYYYY.TXT, 245-byte records and CRLF,
// ISO-8859-1, with header, trailer and its count.
//
// Round lots and funds are there, odd lots under their own code and, for a few shares, terms of
// several lengths, which share code and market: the key is (day, code, market, term). Prices are
// unadjusted.
// Layout: B3, “Séries históricas: layout do arquivo de cotações”.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "sample/market.h"

namespace lagoa::sample {

/// The whole file of one session.
std::string cotahist_file(const Market& market, Day session);

/// `COTAHIST_D25062021.TXT`
std::string cotahist_name(Day session);

/// Writes it into `folder`, which is made if need be; a reader sees the whole file or none. kUnavailable.
Result<> write_cotahist(const Market& market, Day session, const std::filesystem::path& folder);

}  // namespace lagoa::sample
