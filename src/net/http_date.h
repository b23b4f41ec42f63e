// The date of HTTP's headers: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7, the form that is sent).
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace lagoa::net {

/// Nothing if `text` is no such date.
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace lagoa::net
