// Stateless randomness: a well-mixed 64-bit number out of whatever it should depend on.
#pragma once

#include <cstdint>
#include <string_view>

namespace lagoa::sample {

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/// FNV-1a, mixed.
constexpr std::uint64_t hash_text(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char character : text) hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001B3u;
    return mix(hash);
}

/// `hash` as a number in [0, below); the bias of a modulus does not matter here.
constexpr std::uint64_t pick(std::uint64_t hash, std::uint64_t below) {
    return hash % below;
}

/// `hash` as a bell-shaped number with mean 0 and the given standard deviation: the sum of its four
/// 16-bit parts, whose own deviation is 37,837.
constexpr std::int64_t bell(std::uint64_t hash, std::int64_t deviation) {
    std::int64_t sum = -4 * 32'767;
    for (int part = 0; part < 4; ++part) sum += static_cast<std::int64_t>((hash >> (16 * part)) & 0xFFFF);
    return sum * deviation / 37'837;
}

}  // namespace lagoa::sample
