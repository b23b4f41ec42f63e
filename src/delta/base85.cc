#include <array>

#include "delta/deletion_vector.h"

namespace lagoa::delta {
namespace {

// Source: https://rfc.zeromq.org/spec/32/
constexpr std::string_view kAlphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

constexpr std::uint8_t kNoDigit = 255;

// delta-kernel-rs writes a last group of fewer bytes as one `#` for each that is missing, then their digits. As a
// digit, a `#` in front is too large a number, so it has no other meaning.
constexpr char kMissingByte = '#';

constexpr std::array<std::uint8_t, 256> digit_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNoDigit);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr std::array<std::uint8_t, 256> kDigits = digit_values();

}  // namespace

Result<std::string> decode_base85(std::string_view text) {
    if (text.size() % 5 != 0)
        return fail(ErrorCode::kCorruption, "base-85 text of {} characters, which is no multiple of 5", text.size());
    std::string bytes;
    bytes.reserve(text.size() / 5 * 4);
    for (; !text.empty(); text.remove_prefix(5)) {
        std::string_view digits = text.substr(0, 5);
        std::size_t length = 4;
        for (; text.size() == 5 && length > 1 && digits.starts_with(kMissingByte); --length) digits.remove_prefix(1);
        std::uint64_t group = 0;
        for (const char c : digits) {
            const std::uint8_t digit = kDigits[static_cast<unsigned char>(c)];
            if (digit == kNoDigit) return fail(ErrorCode::kCorruption, "base-85 text with a foreign character");
            group = group * 85 + digit;
        }
        if (group >> 8 * length != 0) return fail(ErrorCode::kCorruption, "base-85 text with too large a number");
        for (std::size_t i = length; i-- > 0;) bytes += static_cast<char>(group >> 8 * i & 0xff);
    }
    return bytes;
}

std::string encode_base85(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 3) / 4 * 5);
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
        std::uint32_t group = 0;
        for (std::size_t k = i; k < i + 4; ++k)
            group = group << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U);
        for (std::uint32_t weight = 85 * 85 * 85 * 85; weight > 0; weight /= 85) text += kAlphabet[group / weight % 85];
    }
    return text;
}

}  // namespace lagoa::delta
