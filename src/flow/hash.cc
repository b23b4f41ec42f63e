// MD5 (RFC 1321), SHA-1, SHA-256, SHA-384 and SHA-512 (FIPS 180-4).
//
// Written here and not taken from OpenSSL because that stays behind net, which flow does not see; payloads
// are at most 10,000 bytes, so speed does not matter. The round constants are computed from their definitions.
#include "flow/impl/hash.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lagoa::flow {
namespace {

// The message, 0x80, zeros, and the length in bits in the last bytes of the last block.
std::string pad(std::string_view data, std::size_t block, std::size_t length_field, std::endian order) {
    std::string padded(data);
    padded += '\x80';
    while (padded.size() % block != block - length_field) padded += '\0';
    const std::uint64_t bits = data.size() * 8;
    for (std::size_t i = 0; i < length_field; ++i) {
        const std::size_t power = order == std::endian::little ? i : length_field - 1 - i;
        padded += power < 8 ? static_cast<char>(bits >> (8 * power) & 0xffU) : '\0';
    }
    return padded;
}

template <class Word>
Word load(std::string_view bytes, std::size_t at, std::endian order) {
    Word word = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
        const std::size_t place = order == std::endian::little ? sizeof(Word) - 1 - i : i;
        word = static_cast<Word>(word << 8U) | static_cast<unsigned char>(bytes[at + place]);
    }
    return word;
}

std::string md5(std::string_view data) {
    constexpr std::array<int, 16> kShifts = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    std::array<std::uint32_t, 4> hash = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    const std::string padded = pad(data, 64, 8, std::endian::little);
    for (std::size_t block = 0; block < padded.size(); block += 64) {
        auto [a, b, c, d] = hash;
        for (std::uint32_t i = 0; i < 64; ++i) {
            const std::uint32_t round = i / 16;
            const std::array<std::uint32_t, 4> mixes = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d,
                                                        c ^ (b | ~d)};
            const std::array<std::uint32_t, 4> words = {i, (5 * i + 1) % 16, (3 * i + 5) % 16, 7 * i % 16};
            const auto sine = static_cast<std::uint32_t>(std::floor(std::abs(std::sin(i + 1.0)) * 0x1p32));
            const std::uint32_t sum =
                a + mixes[round] + sine + load<std::uint32_t>(padded, block + 4 * words[round], std::endian::little);
            a = d;
            d = c;
            c = b;
            b += std::rotl(sum, kShifts[round * 4 + i % 4]);
        }
        hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d};
    }
    std::string hex;
    for (const std::uint32_t word : hash) hex += fmt::format("{:08x}", std::byteswap(word));
    return hex;
}

std::string sha1(std::string_view data) {
    std::array<std::uint32_t, 5> hash = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    constexpr std::array<std::uint32_t, 4> kConstants = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    const std::string padded = pad(data, 64, 8, std::endian::big);
    for (std::size_t block = 0; block < padded.size(); block += 64) {
        std::array<std::uint32_t, 80> words{};
        for (std::size_t i = 0; i < 80; ++i)
            words[i] = i < 16 ? load<std::uint32_t>(padded, block + 4 * i, std::endian::big)
                              : std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        auto [a, b, c, d, e] = hash;
        for (std::size_t i = 0; i < 80; ++i) {
            const std::array<std::uint32_t, 4> mixes = {(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d),
                                                        b ^ c ^ d};
            const std::uint32_t sum = std::rotl(a, 5) + mixes[i / 20] + e + kConstants[i / 20] + words[i];
            e = d;
            d = c;
            c = std::rotl(b, 30);
            b = a;
            a = sum;
        }
        hash = {hash[0] + a, hash[1] + b, hash[2] + c, hash[3] + d, hash[4] + e};
    }
    std::string hex;
    for (const std::uint32_t word : hash) hex += fmt::format("{:08x}", word);
    return hex;
}

// 256 bits, little-endian limbs of 32.
using Wide = std::array<std::uint64_t, 8>;

Wide multiply(const Wide& x, const Wide& y) {
    Wide product{};
    for (std::size_t i = 0; i < x.size(); ++i) {
        std::uint64_t carry = 0;
        for (std::size_t j = 0; i + j < y.size(); ++j) {
            const std::uint64_t sum = product[i + j] + x[i] * y[j] + carry;
            product[i + j] = sum & 0xffffffffU;
            carry = sum >> 32U;
        }
    }
    return product;
}

// The first 64 bits of the fraction of the square (power 2) or cube (3) root of a prime, by bisection: the largest
// fraction with (whole + fraction / 2^64)^power < prime. A prime has no whole root, so "<" is exact.
std::uint64_t root_fraction(std::uint64_t prime, std::size_t power) {
    const auto is_below = [&](std::uint64_t whole, std::uint64_t fraction) {
        const Wide root = {fraction & 0xffffffffU, fraction >> 32U, whole};
        Wide raised = root;
        for (std::size_t i = 1; i < power; ++i) raised = multiply(raised, root);
        return raised[2 * power] < prime && raised[2 * power + 1] == 0;  // limb 2 * power is worth 2^(64 * power)
    };
    std::uint64_t whole = 0;
    while (is_below(whole + 1, 0)) ++whole;
    std::uint64_t fraction = 0;
    for (unsigned bit = 64; bit-- > 0;)
        if (is_below(whole, fraction | 1ULL << bit)) fraction |= 1ULL << bit;
    return fraction;
}

constexpr std::size_t kPrimes = 80;

std::array<std::uint64_t, kPrimes> first_root_fractions(std::size_t power) {
    std::array<std::uint64_t, kPrimes> fractions{};
    std::size_t found = 0;
    for (std::uint64_t candidate = 2; found < kPrimes; ++candidate) {
        bool prime = true;
        for (std::uint64_t divisor = 2; divisor * divisor <= candidate; ++divisor) prime &= candidate % divisor != 0;
        if (prime) fractions[found++] = root_fraction(candidate, power);
    }
    return fractions;
}

// What SHA-256 and SHA-512 differ in.
struct Sha256 {
    using Word = std::uint32_t;
    static constexpr std::size_t kRounds = 64;
    static constexpr std::array<int, 3> kBigA = {2, 13, 22};
    static constexpr std::array<int, 3> kBigE = {6, 11, 25};
    static constexpr std::array<int, 3> kSmall0 = {7, 18, 3};    // the last is a shift
    static constexpr std::array<int, 3> kSmall1 = {17, 19, 10};  // the last is a shift
};
struct Sha512 {
    using Word = std::uint64_t;
    static constexpr std::size_t kRounds = 80;
    static constexpr std::array<int, 3> kBigA = {28, 34, 39};
    static constexpr std::array<int, 3> kBigE = {14, 18, 41};
    static constexpr std::array<int, 3> kSmall0 = {1, 8, 7};
    static constexpr std::array<int, 3> kSmall1 = {19, 61, 6};
};

// Initial values are root fractions of the primes from `first_prime` on; 32-bit constants are the upper halves.
template <class Variant>
std::string sha2(std::string_view data, std::size_t first_prime, std::size_t digest_bytes) {
    using Word = typename Variant::Word;
    static const auto square_roots = first_root_fractions(2);
    static const auto cube_roots = first_root_fractions(3);
    const auto constant = [](std::uint64_t fraction) { return static_cast<Word>(fraction >> (64 - 8 * sizeof(Word))); };
    const auto rotate3 = [](Word x, const std::array<int, 3>& by) {
        return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ std::rotr(x, by[2]);
    };
    const auto rotate2_shift = [](Word x, const std::array<int, 3>& by) {
        return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ (x >> by[2]);
    };
    std::array<Word, 8> hash{};
    for (std::size_t i = 0; i < 8; ++i) hash[i] = constant(square_roots[first_prime + i]);
    constexpr std::size_t kBlock = 16 * sizeof(Word);
    const std::string padded = pad(data, kBlock, 2 * sizeof(Word), std::endian::big);
    for (std::size_t block = 0; block < padded.size(); block += kBlock) {
        std::array<Word, Variant::kRounds> words{};
        for (std::size_t i = 0; i < words.size(); ++i)
            words[i] = i < 16 ? load<Word>(padded, block + i * sizeof(Word), std::endian::big)
                              : words[i - 16] + rotate2_shift(words[i - 15], Variant::kSmall0) + words[i - 7] +
                                    rotate2_shift(words[i - 2], Variant::kSmall1);
        auto [a, b, c, d, e, f, g, h] = hash;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const Word first =
                h + rotate3(e, Variant::kBigE) + ((e & f) ^ (~e & g)) + constant(cube_roots[i]) + words[i];
            const Word second = rotate3(a, Variant::kBigA) + ((a & b) ^ (a & c) ^ (b & c));
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        const std::array<Word, 8> added = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i) hash[i] += added[i];
    }
    std::string hex;
    for (const Word word : hash) hex += fmt::format("{:0{}x}", word, 2 * sizeof(Word));
    return hex.substr(0, 2 * digest_bytes);
}

}  // namespace

std::optional<std::string> hash_hex(std::string_view algorithm, std::string_view data) {
    if (algorithm == "MD5") return md5(data);
    if (algorithm == "SHA-1") return sha1(data);
    if (algorithm == "SHA-256") return sha2<Sha256>(data, 0, 32);
    if (algorithm == "SHA-384") return sha2<Sha512>(data, 8, 48);
    if (algorithm == "SHA-512") return sha2<Sha512>(data, 0, 64);
    return std::nullopt;
}

}  // namespace lagoa::flow
