#include "base/id.h"

#include <sys/random.h>
#include <array>
#include <cstdint>

#include "base/check.h"

namespace lagoa {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

Bytes random_bytes() {
    Bytes bytes{};
    // 16 bytes are below the size at which getrandom(2) may be interrupted or return less.
    LAGOA_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "getrandom");
    return bytes;
}

std::string format(Bytes bytes, std::uint8_t version) {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | (version << 4));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", bytes[i]);
    }
    return text;
}

}  // namespace

std::string new_uuid() {
    return format(random_bytes(), 4);
}

std::string new_time_ordered_id(Instant now) {
    Bytes bytes = random_bytes();
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    return format(bytes, 7);
}

}  // namespace lagoa
