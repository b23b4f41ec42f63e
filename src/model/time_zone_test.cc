// Goal: the day of an instant in a market's zone, summer time included; damaged data are refused.
#include "model/time_zone.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

std::int32_t day(std::string_view text) {
    using namespace std::chrono;
    const Instant instant = parse_instant(text).value();
    return static_cast<std::int32_t>(floor<days>(instant).time_since_epoch().count());
}

TEST(TimeZone, KnowsTheDayInSaoPaulo) {
    const TimeZone zone = TimeZone::load("America/Sao_Paulo").value();
    const auto day_of = [&](std::string_view text) { return zone.day_at(parse_instant(text).value()); };
    EXPECT_EQ(day_of("2026-11-25T02:59:59.999Z"), day("2026-11-24T00:00:00Z"));
    EXPECT_EQ(day_of("2026-11-25T03:00:00Z"), day("2026-11-25T00:00:00Z"));
    EXPECT_EQ(day_of("2018-12-05T01:59:59Z"), day("2018-12-04T00:00:00Z")) << "summer time: two hours west";
    EXPECT_EQ(day_of("2018-12-05T02:00:00Z"), day("2018-12-05T00:00:00Z"));
    EXPECT_EQ(day_of("1969-12-31T23:00:00Z"), -1);
    EXPECT_EQ(zone.offset_at(0), -3 * 3600);
    EXPECT_EQ(TimeZone::load("UTC").value().offset_at(1'700'000'000), 0);
}

TEST(TimeZone, KnowsWhenADayIsOver) {
    const auto end = [](const char* zone, std::string_view date) {
        return format_instant(TimeZone::load(zone).value().end_of_day(day(std::string(date) + "T00:00:00Z")));
    };
    EXPECT_EQ(end("America/Sao_Paulo", "2026-11-25"), "2026-11-26T03:00:00.000000Z");
    EXPECT_EQ(end("America/Sao_Paulo", "2018-02-17"), "2018-02-18T03:00:00.000000Z") << "its last hour comes twice";
    EXPECT_EQ(end("America/Sao_Paulo", "2018-11-03"), "2018-11-04T03:00:00.000000Z") << "the next has no midnight";
    EXPECT_EQ(end("America/St_Johns", "2006-10-28"), "2006-10-29T03:30:00.000000Z") << "set back after midnight";
    EXPECT_EQ(end("Pacific/Apia", "2011-12-29"), "2011-12-30T10:00:00.000000Z") << "there was no 30th";
    EXPECT_EQ(end("Pacific/Kiritimati", "2026-11-25"), "2026-11-25T10:00:00.000000Z");
    EXPECT_EQ(end("UTC", "1969-12-31"), "1970-01-01T00:00:00.000000Z");
}

TEST(TimeZone, RefusesUnknownNamesAndDamage) {
    for (const auto* name : {"America/Atlantis", "../../etc/passwd", "/etc/passwd", "", "America"})
        EXPECT_EQ(TimeZone::load(name).error().code, ErrorCode::kNotFound) << name;
    const std::string header = "TZif2" + std::string(39, '\0');
    EXPECT_EQ(TimeZone::parse("x", "").error().code, ErrorCode::kCorruption);
    EXPECT_EQ(TimeZone::parse("x", header).error().code, ErrorCode::kCorruption);
    EXPECT_EQ(TimeZone::parse("x", header + header).error().code, ErrorCode::kCorruption) << "no type at all";
    std::string huge = header + header;
    huge[44 + 32] = '\x7f';  // changes
    EXPECT_EQ(TimeZone::parse("x", huge).error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace lagoa
