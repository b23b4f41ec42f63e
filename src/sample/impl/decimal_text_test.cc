// Goal: scaled integers become text without losing a digit or a sign. Method: edges and known spellings.
#include "sample/impl/decimal_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace lagoa::sample {
namespace {

TEST(DecimalText, WritesEveryDigit) {
    EXPECT_EQ(decimal_text(7'461, 2), "74.61");
    EXPECT_EQ(decimal_text(5, 2), "0.05");
    EXPECT_EQ(decimal_text(-5, 2), "-0.05");
    EXPECT_EQ(decimal_text(0, 0), "0");
    EXPECT_EQ(decimal_text(42, 0), "42");
    EXPECT_EQ(decimal_text(std::numeric_limits<std::int64_t>::min(), 6), "-9223372036854.775808");
}

TEST(DecimalText, DropsZerosInJsonOnly) {
    EXPECT_EQ(json::dump(json_decimal(7'400, 2)), "74");
    EXPECT_EQ(json::dump(json_decimal(7'450, 2)), "74.5");
    EXPECT_EQ(json::dump(json_decimal(-100, 3)), "-0.1");
    EXPECT_EQ(json::dump(json_decimal(0, 6)), "0");
    EXPECT_EQ(json::dump(json_decimal(100, 0)), "100");
}

TEST(DecimalText, WritesAsBraziliansDo) {
    EXPECT_EQ(brazilian_text(1'088'800, 2), "10.888,00");
    EXPECT_EQ(brazilian_text(-6'077, 2), "-60,77");
    EXPECT_EQ(brazilian_text(6'853'940'000, 0), "6.853.940.000");
    EXPECT_EQ(brazilian_text(999, 0), "999");
    EXPECT_EQ(brazilian_text(1'000, 0), "1.000");
}

TEST(DecimalText, RoundsHalfAwayFromZero) {
    EXPECT_EQ(rounded_division(5, 10), 1);
    EXPECT_EQ(rounded_division(-5, 10), -1);
    EXPECT_EQ(rounded_division(4, 10), 0);
    EXPECT_EQ(rounded_division(-14, 10), -1);
}

TEST(DecimalText, WritesDates) {
    const Day day{std::chrono::year{2024} / 5 / 7};
    EXPECT_EQ(iso_date(day), "2024-05-07");
    EXPECT_EQ(brazilian_date(day), "07/05/2024");
    EXPECT_EQ(compact_date(day), "20240507");
}

}  // namespace
}  // namespace lagoa::sample
