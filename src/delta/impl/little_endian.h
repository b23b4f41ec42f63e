// Numbers in bytes, least significant first, read with their bounds checked.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lagoa::delta {

template <std::unsigned_integral Number>
std::optional<Number> take_little_endian(std::string_view& bytes) {
    if (bytes.size() < sizeof(Number)) return std::nullopt;
    Number number = 0;
    for (std::size_t i = sizeof(Number); i-- > 0;)
        number = static_cast<Number>(number << 8 | static_cast<unsigned char>(bytes[i]));
    bytes.remove_prefix(sizeof(Number));
    return number;
}

template <std::unsigned_integral Number>
void append_little_endian(std::string& bytes, Number number) {
    for (std::size_t i = 0; i < sizeof(Number); ++i) bytes += static_cast<char>(number >> 8 * i & 0xff);
}

}  // namespace lagoa::delta
