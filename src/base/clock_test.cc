// Goal: instants read and print exactly, and nothing else is taken for one.
#include "base/clock.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(Instant, RoundTripsWithMicroseconds) {
    const auto instant = parse_instant("2026-11-25T13:04:05.123456Z");
    ASSERT_TRUE(instant.has_value());
    EXPECT_EQ(format_instant(*instant), "2026-11-25T13:04:05.123456Z");
}

TEST(Instant, ReadsOffsetsSpacesAndShortFractions) {
    EXPECT_EQ(format_instant(parse_instant("2024-05-17T17:05:00.5-03:00").value()), "2024-05-17T20:05:00.500000Z");
    EXPECT_EQ(format_instant(parse_instant("2024-05-17 20:05:00+0000").value()), "2024-05-17T20:05:00.000000Z");
}

TEST(Instant, RefusesWhatIsNotOne) {
    for (const auto* text : {"", "2024-05-17", "2024-02-30T00:00:00Z", "2024-05-17T25:00:00Z", "2024-05-17T20:05:00",
                             "2024-05-17T20:05:00.Z", "2024-05-17T20:05:00Zx"})
        EXPECT_EQ(parse_instant(text).error().code, ErrorCode::kInvalidArgument) << text;
}

}  // namespace
}  // namespace lagoa
