#include "delta/impl/roaring_format.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "delta/impl/little_endian.h"

namespace lagoa::delta {
namespace {

constexpr std::uint32_t kCookieNoRuns = 12346;
constexpr std::uint32_t kCookieWithRuns = 12347;  // in the low half; the high one is the containers' number, less one
constexpr std::size_t kMaxContainers = std::size_t{1} << 16;
constexpr std::size_t kMaxArrayCardinality = 4096;
constexpr std::size_t kBitsetBytes = 8192;
constexpr std::size_t kMinContainersForOffsets = 4;  // with runs; without them there are always offsets

std::unexpected<Error> unsound(std::string_view what) {
    return fail(ErrorCode::kCorruption, "a Roaring bitmap {}", what);
}

struct Container {
    std::size_t cardinality = 0;
    bool is_run = false;
};

std::uint16_t number_at(std::string_view bytes, std::size_t index) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[2 * index]) |
                                      static_cast<unsigned char>(bytes[2 * index + 1]) << 8);
}

std::optional<std::string_view> take(std::string_view& bytes, std::size_t length) {
    if (bytes.size() < length) return std::nullopt;
    const std::string_view taken = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return taken;
}

Result<std::vector<Container>> take_header(std::string_view& bytes) {
    const auto cookie = take_little_endian<std::uint32_t>(bytes);
    if (!cookie) return unsound("that is cut short");
    const bool has_runs = (*cookie & 0xffff) == kCookieWithRuns;
    if (!has_runs && *cookie != kCookieNoRuns) return unsound("without its cookie");
    const auto count = has_runs ? std::optional((*cookie >> 16) + 1) : take_little_endian<std::uint32_t>(bytes);
    if (!count || *count > kMaxContainers) return unsound("with too many containers");
    const auto run_flags = take(bytes, has_runs ? (*count + 7) / 8 : 0);
    const auto described = take(bytes, 4 * std::size_t{*count});
    const bool has_offsets = !has_runs || *count >= kMinContainersForOffsets;
    if (!run_flags || !described || !take(bytes, has_offsets ? 4 * std::size_t{*count} : 0))
        return unsound("that is cut short");

    std::vector<Container> containers(*count);
    for (std::size_t i = 0; i < containers.size(); ++i) {
        if (i > 0 && number_at(*described, 2 * i) <= number_at(*described, 2 * (i - 1)))
            return unsound("whose containers are out of order");
        containers[i].cardinality = number_at(*described, 2 * i + 1) + std::size_t{1};
        containers[i].is_run = has_runs && (static_cast<unsigned char>((*run_flags)[i / 8]) >> i % 8 & 1) != 0;
    }
    return containers;
}

Result<> take_runs(std::string_view& bytes, std::size_t cardinality) {
    const auto count = take_little_endian<std::uint16_t>(bytes);
    const auto runs = count ? take(bytes, 4 * std::size_t{*count}) : std::nullopt;
    if (!runs) return unsound("that is cut short");
    std::size_t sum = 0;
    std::size_t free_from = 0;  // the first value that a run may start at
    for (std::size_t i = 0; i < *count; ++i) {
        const std::size_t start = number_at(*runs, 2 * i);
        const std::size_t length = number_at(*runs, 2 * i + 1) + std::size_t{1};
        if (start < free_from || start + length > std::size_t{1} << 16) return unsound("whose runs are out of order");
        free_from = start + length;
        sum += length;
    }
    if (sum != cardinality) return unsound("with another cardinality than it states");
    return {};
}

Result<> take_array(std::string_view& bytes, std::size_t cardinality) {
    const auto values = take(bytes, 2 * cardinality);
    if (!values) return unsound("that is cut short");
    for (std::size_t i = 1; i < cardinality; ++i)
        if (number_at(*values, i) <= number_at(*values, i - 1)) return unsound("whose values are out of order");
    return {};
}

Result<> take_bitset(std::string_view& bytes, std::size_t cardinality) {
    const auto words = take(bytes, kBitsetBytes);
    if (!words) return unsound("that is cut short");
    std::size_t sum = 0;
    for (std::size_t i = 0; i < kBitsetBytes; i += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, words->data() + i, sizeof word);
        sum += static_cast<std::size_t>(std::popcount(word));
    }
    if (sum != cardinality) return unsound("with another cardinality than it states");
    return {};
}

}  // namespace

Result<std::size_t> check_roaring(std::string_view bytes) {
    const std::size_t length = bytes.size();
    for (const Container& container : LAGOA_TRY(take_header(bytes))) {
        if (container.is_run)
            LAGOA_TRY(take_runs(bytes, container.cardinality));
        else if (container.cardinality <= kMaxArrayCardinality)
            LAGOA_TRY(take_array(bytes, container.cardinality));
        else
            LAGOA_TRY(take_bitset(bytes, container.cardinality));
    }
    return length - bytes.size();
}

}  // namespace lagoa::delta
