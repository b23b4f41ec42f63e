// Text of any charset as UTF-8.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace lagoa::ingest {

/// `bytes` in `charset` (an IANA name, any case) as UTF-8. kInvalidConfig for a charset that is not known,
/// kDataRejected naming the first byte that is not of it.
///
/// ISO-8859-1 and US-ASCII are read as windows-1252, as browsers do (https://encoding.spec.whatwg.org/), so
/// that curly quotes and the euro sign arrive; every byte is valid in them.
Result<std::string> decode_text(std::string_view bytes, std::string_view charset);

}  // namespace lagoa::ingest
