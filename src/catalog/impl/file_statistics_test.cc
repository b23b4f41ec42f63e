// Goal: statistics never claim a bound that a row of the file breaks. Method: SQL's texts in, JSON out.
#include "catalog/impl/file_statistics.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "codec/json.h"

namespace lagoa {
namespace {

delta::Metadata table_of(std::initializer_list<std::pair<const char*, const char*>> columns) {
    delta::Metadata metadata;
    for (const auto& [name, type] : columns)
        metadata.schema.fields.push_back(Field{.name = name, .type = parse_sql_type(type).value()});
    return metadata;
}

std::string of(const char* type, LeafStatistics leaf) {
    return delta_statistics(table_of({{"c", type}}), 3, {{"\"c\"", std::move(leaf)}}, false);
}

TEST(FileStatistics, NumbersKeepTheirText) {
    EXPECT_EQ(
        of("DECIMAL(38,10)", {"-12345678901234567890.0123456789", "99999999999999999999.9999999999", 1}),
        R"({"numRecords":3,"minValues":{"c":-12345678901234567890.0123456789},"maxValues":{"c":99999999999999999999.9999999999},"nullCount":{"c":1}})");
    EXPECT_EQ(of("BIGINT", {"-1", "9223372036854775807", 0}),
              R"({"numRecords":3,"minValues":{"c":-1},"maxValues":{"c":9223372036854775807},"nullCount":{"c":0}})");
}

TEST(FileStatistics, InstantsAreRoundedOutwardsToMilliseconds) {
    EXPECT_EQ(
        of("TIMESTAMPTZ", {"2026-01-02 03:04:05.123999+00", "2026-01-02 03:04:05.123001+00", 0}),
        R"({"numRecords":3,"minValues":{"c":"2026-01-02T03:04:05.123Z"},"maxValues":{"c":"2026-01-02T03:04:05.124Z"},"nullCount":{"c":0}})");
    EXPECT_EQ(
        of("TIMESTAMP", {"1969-12-31 23:59:59.9995", "2026-01-02 00:00:00", 0}),
        R"({"numRecords":3,"minValues":{"c":"1969-12-31T23:59:59.999"},"maxValues":{"c":"2026-01-02T00:00:00.000"},"nullCount":{"c":0}})");
}

TEST(FileStatistics, BinariesCountNullsOnly) {
    EXPECT_EQ(of("BLOB", {"0", "1", 2}), R"({"numRecords":3,"minValues":{},"maxValues":{},"nullCount":{"c":2}})");
    EXPECT_EQ(of("BOOLEAN", {"0", "1", 2}),
              R"({"numRecords":3,"minValues":{"c":false},"maxValues":{"c":true},"nullCount":{"c":2}})");
}

TEST(FileStatistics, ValuesJsonCannotHoldHaveNoBound) {
    EXPECT_EQ(of("DOUBLE", {"-inf", "1.5", 0}),
              R"({"numRecords":3,"minValues":{},"maxValues":{"c":1.5},"nullCount":{"c":0}})");
    EXPECT_EQ(of("DOUBLE", {"1.0", "1.5", 0, true}),
              R"({"numRecords":3,"minValues":{},"maxValues":{},"nullCount":{"c":0}})");
    EXPECT_EQ(of("TIMESTAMPTZ", {"-infinity", "infinity", 0}),
              R"({"numRecords":3,"minValues":{},"maxValues":{},"nullCount":{"c":0}})");
    EXPECT_EQ(of("DATE", {"0044-03-15 (BC)", "2026-01-02", 0}),
              R"({"numRecords":3,"minValues":{},"maxValues":{"c":"2026-01-02"},"nullCount":{"c":0}})");
}

std::string times(int n, std::string_view text) {
    std::string out;
    for (int i = 0; i < n; ++i) out += text;
    return out;
}

TEST(FileStatistics, LongStringsAreCutAndTheMaximumRaised) {
    const std::string e = "\xc3\xa9";             // é: one UTF-16 unit, two bytes
    const std::string clef = "\xf0\x9d\x84\x9e";  // U+1D11E: two units
    const std::string last = "\xf4\x8f\xbf\xbf";  // U+10FFFF
    const std::string x32(32, 'x');
    struct Case {
        std::string text, min;
        std::optional<std::string> max;
    };
    for (const Case& c :
         {Case{x32, x32, x32}, Case{x32 + "a", x32, x32 + "\x7f"},  // above every ASCII character
          Case{x32 + "\x7f", x32, x32 + last}, Case{x32 + e, x32, x32 + last},
          Case{times(40, e), times(32, e), times(32, e) + last},
          Case{times(17, clef), times(16, clef), times(16, clef) + last},
          Case{"a" + times(16, clef), "a" + times(16, clef), "a" + times(16, clef)},  // never half of it
          Case{"a" + times(16, clef) + "b", "a" + times(16, clef), "a" + times(16, clef) + "\x7f"},
          Case{x32 + last + "b", x32, x32 + last + "\x7f"}, Case{x32 + last, x32, x32 + last},
          Case{x32 + times(17, last) + "b", x32, std::nullopt}}) {
        EXPECT_EQ(cut_minimum(c.text), c.min);
        EXPECT_EQ(cut_maximum(c.text), c.max);
        EXPECT_GE(c.max.value_or(c.text), c.text);
    }
    const auto broken = json::parse(of("VARCHAR", {"\xff", "\xff\xff", 0})).value();
    EXPECT_EQ(broken.find("maxValues")->find("c"), nullptr);
}

TEST(FileStatistics, MembersNestListsAndPartitionColumnsHaveNone) {
    delta::Metadata table = table_of(
        {{"p", "DATE"}, {"s", "STRUCT(\"a\" BIGINT, \"b\" VARCHAR)"}, {"l", "BIGINT[]"}, {"odd\"name", "BIGINT"}});
    table.partition_columns = {"p"};
    EXPECT_EQ(
        delta_statistics(table, 1,
                         {{"\"p\"", {"2026-01-01", "2026-01-01", 0}},
                          {"\"s\".\"a\"", {"1", "2", 0}},
                          {"\"s\".\"b\"", {std::nullopt, std::nullopt, 1}},
                          {"\"l\".\"element\"", {"1", "2", 0}},
                          {"\"odd\"\"name\"", {"3", "3", 0}}},
                         true),
        R"({"numRecords":1,"minValues":{"s":{"a":1},"odd\"name":3},"maxValues":{"s":{"a":2},"odd\"name":3},"nullCount":{"s":{"a":0,"b":1},"odd\"name":0},"tightBounds":true})");
}

TEST(FileStatistics, NamesArePhysical) {
    delta::Metadata table = table_of({{"s", "STRUCT(\"a\" BIGINT)"}});
    table.schema.fields[0].metadata.set("delta.columnMapping.physicalName", "col-1");
    table.schema.fields[0].type.children[0].metadata.set("delta.columnMapping.physicalName", "col-2");
    EXPECT_EQ(
        delta_statistics(table, 1, {{R"("col-1"."col-2")", {"1", "2", 0}}}, false),
        R"({"numRecords":1,"minValues":{"col-1":{"col-2":1}},"maxValues":{"col-1":{"col-2":2}},"nullCount":{"col-1":{"col-2":0}}})");
}

// Which of the table's leaves have statistics.
std::string indexed(delta::Metadata table) {
    FileStatistics statistics;
    for (const char* path : {R"("a")", R"("s"."b")", R"("s"."odd, c")", R"("d")"}) statistics[path] = {"1", "1", 0};
    const auto stats = json::parse(delta_statistics(table, 1, statistics, false)).value();
    return json::dump(*stats.find("nullCount"));
}

TEST(FileStatistics, TheTableSaysWhichColumnsHaveThem) {
    delta::Metadata table = table_of(
        {{"a", "BIGINT"}, {"l", "BIGINT[]"}, {"s", R"(STRUCT("b" BIGINT, "odd, c" BIGINT))"}, {"d", "BIGINT"}});
    EXPECT_EQ(indexed(table), R"({"a":0,"s":{"b":0,"odd, c":0},"d":0})");
    auto& properties = table.configuration;
    properties["delta.dataSkippingNumIndexedCols"] = "3";  // a list is a leaf, though it has no statistics
    EXPECT_EQ(indexed(table), R"({"a":0,"s":{"b":0}})");
    properties["delta.dataSkippingNumIndexedCols"] = "0";
    EXPECT_EQ(indexed(table), "{}");
    properties["delta.dataSkippingNumIndexedCols"] = "-1";
    EXPECT_EQ(indexed(table), R"({"a":0,"s":{"b":0,"odd, c":0},"d":0})");
    properties["delta.dataSkippingStatsColumns"] = "s.`odd, c`, D";  // counts alone
    EXPECT_EQ(indexed(table), R"({"s":{"odd, c":0},"d":0})");
    properties["delta.dataSkippingStatsColumns"] = "S";
    EXPECT_EQ(indexed(table), R"({"s":{"b":0,"odd, c":0}})");
}

TEST(FileStatistics, TheFirst32LeavesAreIndexed) {
    delta::Metadata table;
    FileStatistics statistics;
    for (int i = 0; i < 33; ++i) {
        const std::string name = fmt::format("c{}", i);
        table.schema.fields.push_back(Field{.name = name, .type = parse_sql_type("BIGINT").value()});
        statistics[quote_identifier(name)] = {"1", "1", 0};
    }
    const auto stats = json::parse(delta_statistics(table, 1, statistics, false)).value();
    EXPECT_EQ(stats.find("nullCount")->object()->size(), 32U);
    EXPECT_EQ(stats.find("nullCount")->find("c32"), nullptr);
}

TEST(PartitionValue, IsSerialisedAsTheProtocolSays) {
    EXPECT_EQ(delta_partition_value(parse_sql_type("DATE").value(), "2026-01-02"), "2026-01-02");
    EXPECT_EQ(delta_partition_value(parse_sql_type("TIMESTAMPTZ").value(), "2026-01-02 03:04:05+00"),
              "2026-01-02T03:04:05.000000Z");
    EXPECT_EQ(delta_partition_value(parse_sql_type("VARCHAR").value(), ""), std::nullopt);
    EXPECT_EQ(delta_partition_value(parse_sql_type("VARCHAR").value(), std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace lagoa
