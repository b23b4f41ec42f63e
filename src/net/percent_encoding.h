// The reading side of RFC 3986 percent-encoding; the writing side is in http_client.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lagoa::net {

/// Nothing if a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// The pairs of `a=1&b=x+y`, decoded and in order, `+` as a space; nothing as above.
std::optional<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view query);

}  // namespace lagoa::net
