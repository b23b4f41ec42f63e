// Days and instants out of text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lagoa::ingest {

/// Days since 1970-01-01 of a day that exists, from the year 1 to 9999.
std::optional<std::int32_t> day_of(int year, unsigned month, unsigned day);

std::optional<std::int32_t> parse_day(std::string_view text);      ///< 2026-11-25
std::optional<std::int32_t> parse_day_dmy(std::string_view text);  ///< 25/11/2026
std::optional<std::int32_t> parse_day_ymd(std::string_view text);  ///< 20261125

/// Microseconds since 1970 of `2026-11-25T13:04:05[.fraction](Z|±hh[:mm])`, a space for the T too. A fraction beyond
/// microseconds is no instant unless its further digits are 0.
std::optional<std::int64_t> parse_stamp(std::string_view text);

/// The same without a zone: a wall-clock time.
std::optional<std::int64_t> parse_wall_clock(std::string_view text);

}  // namespace lagoa::ingest
