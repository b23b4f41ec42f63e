// SHA-256 of bytes, as landing records it.
#pragma once

#include <string>
#include <string_view>

namespace lagoa::net {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace lagoa::net
