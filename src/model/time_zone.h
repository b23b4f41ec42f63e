// A time zone of the IANA database: which day an instant falls on.
//
// Format: RFC 8536 (TZif), as /usr/share/zoneinfo holds it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lagoa {

/// Immutable. After the last change that the database lists, its offset holds (2037 where there still is
/// summer time; São Paulo's last change was in 2019).
class TimeZone {
public:
    /// kNotFound for a name that the machine's database does not have.
    static Result<TimeZone> load(std::string_view name, const std::filesystem::path& database = "/usr/share/zoneinfo");
    /// kCorruption if `bytes` are not TZif of version 2 or later.
    static Result<TimeZone> parse(std::string_view name, std::string_view bytes);

    /// Seconds east of UTC.
    std::int32_t offset_at(std::int64_t seconds_since_1970) const;
    /// Days since 1970-01-01 of the local day.
    std::int32_t day_at(Instant instant) const;
    /// The first instant from which on it is later than `day`, for good: where a clock set back at midnight repeats the
    /// day's last hour, the end of its second pass.
    Instant end_of_day(std::int32_t day) const;

private:
    struct Change {
        std::int64_t from;  // seconds since 1970
        std::int32_t offset;
    };

    std::int32_t first_offset_ = 0;
    std::vector<Change> changes_;  // ascending
};

}  // namespace lagoa
