#include "model/time_zone.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>

namespace lagoa {
namespace {

constexpr std::size_t kHeaderBytes = 44;

// The six counts of a TZif header.
struct Counts {
    std::size_t utc_flags, standard_flags, leaps, changes, types, designations;

    std::size_t body_bytes(std::size_t time_bytes) const {
        return changes * (time_bytes + 1) + types * 6 + designations + leaps * (time_bytes + 4) + standard_flags +
               utc_flags;
    }
};

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

std::optional<Counts> read_header(std::string_view bytes) {
    if (bytes.size() < kHeaderBytes || !bytes.starts_with("TZif") || bytes[4] < '2') return std::nullopt;
    const auto count = [&](std::size_t i) { return static_cast<std::size_t>(big_endian(bytes.substr(20 + 4 * i, 4))); };
    return Counts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

bool is_zone_name(std::string_view name) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return !name.empty() && name[0] != '/' && name.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name, const std::filesystem::path& database) {
    std::ifstream in;
    if (is_zone_name(name)) in.open(database / name, std::ios::binary);
    std::ostringstream bytes;
    if (!in.is_open() || !(bytes << in.rdbuf()))
        return fail_with_hint(ErrorCode::kNotFound,
                              "Write a name like America/Sao_Paulo; on a bare machine install tzdata.",
                              "no time zone \"{}\" in {}", name, database.string());
    return parse(name, std::move(bytes).str());
}

Result<TimeZone> TimeZone::parse(std::string_view name, std::string_view bytes) {
    const auto damaged = [&] { return fail(ErrorCode::kCorruption, "the data of time zone {} are not TZif 2", name); };
    // A first block with 32-bit times stands before the one that counts.
    const auto old = read_header(bytes);
    if (!old || bytes.size() < kHeaderBytes + old->body_bytes(4)) return damaged();
    bytes.remove_prefix(kHeaderBytes + old->body_bytes(4));
    const auto counts = read_header(bytes);
    if (!counts || counts->types == 0 || bytes.size() < kHeaderBytes + counts->body_bytes(8)) return damaged();
    const std::string_view times = bytes.substr(kHeaderBytes, counts->changes * 8);
    const std::string_view kinds = bytes.substr(kHeaderBytes + times.size(), counts->changes);
    const std::string_view types = bytes.substr(kHeaderBytes + times.size() + kinds.size(), counts->types * 6);
    const auto offset = [&](std::size_t type) {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(big_endian(types.substr(type * 6, 4))));
    };
    TimeZone zone;
    zone.first_offset_ = offset(0);
    for (std::size_t i = 0; i < counts->changes; ++i) {
        const auto type = static_cast<unsigned char>(kinds[i]);
        if (type >= counts->types) return damaged();
        zone.changes_.push_back({static_cast<std::int64_t>(big_endian(times.substr(i * 8, 8))), offset(type)});
    }
    return zone;
}

std::int32_t TimeZone::offset_at(std::int64_t seconds_since_1970) const {
    const auto after = std::ranges::upper_bound(changes_, seconds_since_1970, {}, &Change::from);
    return after == changes_.begin() ? first_offset_ : std::prev(after)->offset;
}

std::int32_t TimeZone::day_at(Instant instant) const {
    using namespace std::chrono;
    const auto second = floor<seconds>(instant.time_since_epoch());
    return static_cast<std::int32_t>(floor<days>(second + seconds{offset_at(second.count())}).count());
}

Instant TimeZone::end_of_day(std::int32_t day) const {
    using namespace std::chrono;
    // Offsets are less than 16 hours: by then the day is over everywhere. Back from there, by minutes, then seconds.
    Instant end = Instant(days(day + 1)) + hours(16);
    while (day_at(end - minutes(1)) > day) end -= minutes(1);
    while (day_at(end - seconds(1)) > day) end -= seconds(1);
    return end;
}

}  // namespace lagoa
