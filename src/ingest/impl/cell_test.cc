// Goal: every way to read a value gives the exact cell or the rule that it breaks.
// Method: real texts of the market's sources, one cell at a time; a property test of exact decimals against an
// independent reading of the same digits.
#include "ingest/impl/cell.h"

#include <random>

#include <gtest/gtest.h>

#include "ingest/impl/decimal_text.h"
#include "support/row_collector.h"

namespace lagoa::ingest {
namespace {

using Kind = RawValue::Kind;

// What one value becomes: its cell as text, `NULL`, or `!rule`.
std::string read(std::string_view type, Parse parse, std::string_view text, Kind kind = Kind::kText,
                 ContractColumn column = {}) {
    static const TimeZone zone = TimeZone::load("America/Sao_Paulo").value();
    column.name = "c";
    column.type = parse_sql_type(type).value();
    const auto reader = CellReader::make(column, {.column = "c", .from = "c", .parse = parse, .constant = {}}, zone);
    if (!reader) return "!" + std::string(info(reader.error().code).name);
    test::RowCollector rows(Schema{{{.name = "c", .type = column.type, .metadata = {}}}});
    rows.add_row();
    std::vector<Violation> broken;
    const bool has_value = reader->read({kind, text}, rows, 0, broken);
    EXPECT_EQ(has_value, rows.cell(0, 0) != "NULL");
    return broken.empty() ? rows.cell(0, 0) : "!" + std::string(broken[0].rule);
}

TEST(Cell, ReadsExactNumbers) {
    const auto number = [](std::string_view type, std::string_view text) {
        return read(type, Parse::kAuto, text, Kind::kNumber);
    };
    EXPECT_EQ(number("DECIMAL(38,18)", "282010155659.43243"), "282010155659.432430000000000000");
    EXPECT_EQ(number("DECIMAL(38,18)", "0.08499999999999999"), "0.084999999999999990");
    EXPECT_EQ(number("DECIMAL(18,2)", "-0.68"), "-0.68");
    EXPECT_EQ(number("DECIMAL(18,2)", "1e3"), "1000.00");
    EXPECT_EQ(number("DECIMAL(18,2)", "12.5E-1"), "1.25");
    EXPECT_EQ(number("DECIMAL(18,2)", "1.10000"), "1.10") << "zeros beyond the scale lose nothing";
    EXPECT_EQ(number("DECIMAL(18,2)", "1.105"), "!scale");
    EXPECT_EQ(number("DECIMAL(18,2)", "1e16"), "!range");
    EXPECT_EQ(number("DECIMAL(38,0)", "99999999999999999999999999999999999999"),
              "99999999999999999999999999999999999999");
    EXPECT_EQ(number("DECIMAL(38,0)", "100000000000000000000000000000000000000"), "!range");
    EXPECT_EQ(number("DECIMAL(38,38)", "0.12345678901234567890123456789012345678"),
              "0.12345678901234567890123456789012345678");
    EXPECT_EQ(number("DECIMAL(38,38)", "0.123456789012345678901234567890123456789"), "!scale");
    EXPECT_EQ(number("DECIMAL(38,18)", "1e-300"), "!scale");
    EXPECT_EQ(number("DECIMAL(38,18)", "0e999999999999"), "0.000000000000000000");
    EXPECT_EQ(number("DECIMAL(38,18)", "1e999999999999"), "!range");
    EXPECT_EQ(number("BIGINT", "3268"), "3268");
    EXPECT_EQ(number("BIGINT", "3268.0"), "3268");
    EXPECT_EQ(number("BIGINT", "7.2e7"), "72000000");
    EXPECT_EQ(number("BIGINT", "3268.5"), "!scale");
    EXPECT_EQ(number("BIGINT", "-9223372036854775808"), "-9223372036854775808");
    EXPECT_EQ(number("BIGINT", "9223372036854775808"), "!range");
    EXPECT_EQ(number("TINYINT", "128"), "!range");
    EXPECT_EQ(number("DOUBLE", "0.5"), "0.5");
    EXPECT_EQ(number("VARCHAR", "1.50"), "1.50");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "5.10"), "5.10") << "some APIs write numbers as text";
    EXPECT_EQ(read("BIGINT", Parse::kAuto, "000000000000001200"), "1200");
    EXPECT_EQ(read("INTEGER", Parse::kAuto, "   "), "NULL");
    for (const auto* bad : {"NaN", "inf", "1,5", "1.", ".5", "1e", "--1", "0x10", "1 2", "-"})
        EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, bad), "!type") << bad;
    EXPECT_EQ(read("DOUBLE", Parse::kAuto, "NaN"), "!type");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "true", Kind::kBoolean), "!type");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "[1]", Kind::kNested), "!type");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "", Kind::kNull), "NULL");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "why", Kind::kBroken), "!json");
}

TEST(Cell, ReadsBrazilianNumbers) {
    const auto number = [](std::string_view text) { return read("DECIMAL(28,6)", Parse::kPtBr, text); };
    EXPECT_EQ(number("10.888,00"), "10888.000000");
    EXPECT_EQ(number("-60,77%"), "-60.770000");
    EXPECT_EQ(number("R$ 17,30 M"), "17300000.000000");
    EXPECT_EQ(number("R$\xC2\xA0"
                     "7,59 Bilhões"),
              "7590000000.000000");
    EXPECT_EQ(number("0,60% a.a"), "0.600000");
    EXPECT_EQ(number("14.508.000"), "14508000.000000");
    EXPECT_EQ(number("R$ -1,5 mil"), "-1500.000000");
    EXPECT_EQ(number(" 60 "), "60.000000");
    for (const auto* blank : {"-", "--", "N/A", "N/D", "", " ", "\xC2\xA0"}) EXPECT_EQ(number(blank), "NULL") << blank;
    for (const auto* bad :
         {"1.5", "1.88,00", "1.2345", ",5", "1,", "R$", "%", "7,59 Zilhões", "1,2,3", "abc", "1..000"})
        EXPECT_EQ(number(bad), "!type") << bad;
    EXPECT_EQ(number(std::string(200, '1')), "!type");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kPtBr, "1,234"), "!scale");
    EXPECT_EQ(read("BIGINT", Parse::kPtBr, "45.601.745"), "45601745");
}

TEST(Cell, ReadsImpliedDecimals) {
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, "000000001234"), "12.34");
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, "0000000000000"), "0.00");
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, "9999999999999"), "99999999999.99");
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, "99999999999999"), "!range");
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, ""), "NULL");
    EXPECT_EQ(read("DECIMAL(13,2)", Parse::kImpliedDecimals, "12.34"), "!type");
    EXPECT_EQ(read("BIGINT", Parse::kImpliedDecimals, "1"), "!invalid_config");
}

TEST(Cell, ReadsDaysAndInstants) {
    EXPECT_EQ(read("DATE", Parse::kAuto, "2026-11-25"), "2026-11-25");
    EXPECT_EQ(read("DATE", Parse::kAuto, "2026-02-29"), "!type");
    EXPECT_EQ(read("DATE", Parse::kDateDmy, "25/11/2026"), "2026-11-25");
    EXPECT_EQ(read("DATE", Parse::kDateDmy, "31/12/9999"), "NULL");
    EXPECT_EQ(read("DATE", Parse::kDateDmy, "-"), "NULL");
    EXPECT_EQ(read("DATE", Parse::kDateDmy, "31/11/2026"), "!type");
    EXPECT_EQ(read("DATE", Parse::kDateYmd, "20210625"), "2021-06-25");
    EXPECT_EQ(read("DATE", Parse::kDateYmd, "00000000"), "NULL");
    EXPECT_EQ(read("DATE", Parse::kDateYmd, "99991231"), "NULL");
    EXPECT_EQ(read("DATE", Parse::kDateYmd, "20211325"), "!type");
    EXPECT_EQ(read("DATE", Parse::kEpochSeconds, "1750683600", Kind::kNumber), "2025-06-23");
    EXPECT_EQ(read("DATE", Parse::kEpochSeconds, "1750647600", Kind::kNumber), "2025-06-23") << "03:00 UTC is midnight";
    EXPECT_EQ(read("DATE", Parse::kEpochSeconds, "1750647599", Kind::kNumber), "2025-06-22");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kEpochSeconds, "1750683600", Kind::kNumber), "2025-06-23T13:00:00.000000Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kEpochMilliseconds, "1750683600123"), "2025-06-23T13:00:00.123000Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kEpochSeconds, "99999999999999", Kind::kNumber), "!range");
    EXPECT_EQ(read("DATE", Parse::kInstantDate, "2008-03-24T00:00:00.000Z"), "2008-03-24")
        << "midnight UTC is a bare day";
    EXPECT_EQ(read("DATE", Parse::kInstantDate, "2024-03-10T03:00:00.000Z"), "2024-03-10");
    EXPECT_EQ(read("DATE", Parse::kInstantDate, "2024-03-10T02:59:59.000Z"), "2024-03-09");
    EXPECT_EQ(read("DATE", Parse::kInstantDate, "2026-01-10"), "2026-01-10");
    EXPECT_EQ(read("DATE", Parse::kInstantDate, "10/01/2026"), "!type");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "2024-05-17T20:05:00.000Z"), "2024-05-17T20:05:00.000000Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "2024-05-17 17:05:00-03"), "2024-05-17T20:05:00.000000Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "2024-05-17T17:05:00.1234560-03:00"), "2024-05-17T20:05:00.123456Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "2024-05-17T17:05:00.1234567Z"), "!type")
        << "a nanosecond would be lost";
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "2024-05-17T17:05:00"), "!type") << "which zone?";
    EXPECT_EQ(read("TIMESTAMP", Parse::kAuto, "2024-05-17T17:05:00"), "2024-05-17T17:05:00.000000Z");
    EXPECT_EQ(read("TIMESTAMPTZ", Parse::kAuto, "1750683600", Kind::kNumber), "!type");
    EXPECT_EQ(read("BIGINT", Parse::kDateDmy, "1"), "!invalid_config");
}

TEST(Cell, HoldsTheContractsRules) {
    const auto bounds = ContractColumn{.name = {},
                                       .type = {},
                                       .key_position = {},
                                       .description = {},
                                       .minimum = json::Number{"0"},
                                       .maximum = json::Number{"10.5"},
                                       .pattern = {},
                                       .min_length = {},
                                       .max_length = {},
                                       .one_of = {}};
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "10.5", Kind::kNumber, bounds), "10.50");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "10.51", Kind::kNumber, bounds), "!range");
    EXPECT_EQ(read("DECIMAL(18,2)", Parse::kAuto, "-0.01", Kind::kNumber, bounds), "!range");
    EXPECT_EQ(read("DOUBLE", Parse::kAuto, "10.6", Kind::kNumber, bounds), "!range");
    EXPECT_EQ(read("DECIMAL(18,0)", Parse::kAuto, "1", Kind::kNumber, bounds), "!invalid_config")
        << "the bound has a digit too many";
    ContractColumn text;
    text.required = true;
    text.max_length = 3;
    text.one_of = {"BRL", "ção"};
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, "ção", Kind::kText, text), "ção") << "characters, not bytes";
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, "BRLA", Kind::kText, text), "!length");
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, "USD", Kind::kText, text), "!enum");
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, "", Kind::kAbsent, text), "!required");
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, "", Kind::kNull, text), "!required");
    EXPECT_EQ(read("BOOLEAN", Parse::kAuto, "true", Kind::kBoolean), "true");
    EXPECT_EQ(read("BOOLEAN", Parse::kAuto, "yes"), "!type");
    EXPECT_EQ(read("VARCHAR[]", Parse::kAuto, "[]", Kind::kNested), "!invalid_config");
    EXPECT_EQ(read("VARCHAR", Parse::kAuto, R"({"a":1})", Kind::kNested), R"({"a":1})");
}

// Writes digits with a point and an exponent at random places; the value is known from how it was made.
TEST(Cell, DecimalsOfAnyFormAreExact) {
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    for (int round = 0; round < 20'000; ++round) {
        std::string digits;
        for (int i = 1 + below(38); i > 0; --i) digits += static_cast<char>('0' + below(10));
        const int scale = below(static_cast<int>(digits.size()) + 1);
        Int128 expected = 0;
        for (const char c : digits) expected = expected * 10 + (c - '0');
        const int exponent = below(60) - 30;
        // The point stands where digits × 10^-scale = text × 10^exponent.
        const int point = static_cast<int>(digits.size()) - scale - exponent;
        std::string text = digits;
        if (point <= 0)
            text = "0." + std::string(static_cast<std::size_t>(-point), '0') + text;
        else if (point < static_cast<int>(text.size()))
            text.insert(static_cast<std::size_t>(point), ".");
        else
            text += std::string(static_cast<std::size_t>(point) - text.size(), '0');
        if (text.ends_with('.')) text.pop_back();
        text += "e" + std::to_string(exponent);
        const bool negative = below(2) == 1;
        Int128 value = 0;
        ASSERT_EQ(parse_decimal((negative ? "-" : "") + text, 38, scale, 0, value), NumberFault::kNone)
            << text << " scale " << scale << " seed " << seed;
        ASSERT_TRUE(value == (negative ? -expected : expected)) << text << " scale " << scale << " seed " << seed;
    }
}

}  // namespace
}  // namespace lagoa::ingest
