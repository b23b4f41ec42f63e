#include "ingest/impl/day_text.h"

#include <chrono>

namespace lagoa::ingest {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;

// Reads exactly `digits` digits at `at`, or -1.
int number(std::string_view text, std::size_t at, std::size_t digits) {
    if (text.size() < at + digits) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

// The wall-clock part of a stamp; `end` is where it stops.
std::optional<std::int64_t> wall_clock(std::string_view text, std::size_t& end) {
    constexpr std::size_t kSeconds = 19;  // 2026-11-25T13:04:05
    if (text.size() < kSeconds || (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
        return std::nullopt;
    const auto day = parse_day(text.substr(0, 10));
    const int hour = number(text, 11, 2);
    const int minute = number(text, 14, 2);
    const int second = number(text, 17, 2);
    if (!day || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return std::nullopt;
    std::int64_t micros = ((std::int64_t{*day} * 24 + hour) * 60 + minute) * 60 + second;
    micros *= kMicrosPerSecond;
    end = kSeconds;
    if (end == text.size() || text[end] != '.') return micros;
    const std::size_t first = ++end;
    for (std::int64_t unit = kMicrosPerSecond / 10; end < text.size() && text[end] >= '0' && text[end] <= '9';
         ++end, unit /= 10) {
        if (unit == 0 && text[end] != '0') return std::nullopt;
        micros += (text[end] - '0') * unit;
    }
    if (end == first) return std::nullopt;
    return micros;
}

// Seconds east of UTC of `Z`, `±hh`, `±hhmm` or `±hh:mm`.
std::optional<int> zone_offset(std::string_view text) {
    if (text == "Z") return 0;
    if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    const int hours = number(text, 1, 2);
    int minutes = 0;
    if (text.size() == 5)
        minutes = number(text, 3, 2);
    else if (text.size() == 6 && text[3] == ':')
        minutes = number(text, 4, 2);
    else if (text.size() != 3)
        return std::nullopt;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    const int seconds = (hours * 60 + minutes) * 60;
    return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<std::int32_t> day_of(int year, unsigned month, unsigned day) {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (year < 1 || !date.ok()) return std::nullopt;
    return static_cast<std::int32_t>(std::chrono::sys_days{date}.time_since_epoch().count());
}

std::optional<std::int32_t> parse_day(std::string_view text) {
    const int year = number(text, 0, 4);
    const int month = number(text, 5, 2);
    const int day = number(text, 8, 2);
    if (text.size() != 10 || text[4] != '-' || text[7] != '-' || year < 0 || month < 0 || day < 0) return std::nullopt;
    return day_of(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

std::optional<std::int32_t> parse_day_dmy(std::string_view text) {
    const int day = number(text, 0, 2);
    const int month = number(text, 3, 2);
    const int year = number(text, 6, 4);
    if (text.size() != 10 || text[2] != '/' || text[5] != '/' || year < 0 || month < 0 || day < 0) return std::nullopt;
    return day_of(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

std::optional<std::int32_t> parse_day_ymd(std::string_view text) {
    const int year = number(text, 0, 4);
    const int month = number(text, 4, 2);
    const int day = number(text, 6, 2);
    if (text.size() != 8 || year < 0 || month < 0 || day < 0) return std::nullopt;
    return day_of(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

std::optional<std::int64_t> parse_stamp(std::string_view text) {
    std::size_t end = 0;
    const auto micros = wall_clock(text, end);
    if (!micros) return std::nullopt;
    const auto offset = zone_offset(text.substr(end));
    if (!offset) return std::nullopt;
    return *micros - *offset * kMicrosPerSecond;
}

std::optional<std::int64_t> parse_wall_clock(std::string_view text) {
    std::size_t end = 0;
    const auto micros = wall_clock(text, end);
    return micros && end == text.size() ? micros : std::nullopt;
}

}  // namespace lagoa::ingest
