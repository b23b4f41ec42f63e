// Goal: statistics never claim a bound that a row of the file breaks. Method: SQL's texts in, JSON out.
#include "catalog/impl/file_statistics.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace lagoa {
namespace {

Schema schema_of(std::initializer_list<std::pair<const char*, const char*>> columns) {
    Schema schema;
    for (const auto& [name, type] : columns)
        schema.fields.push_back(Field{.name = name, .type = parse_sql_type(type).value()});
    return schema;
}

std::string of(const char* type, LeafStatistics leaf) {
    return delta_statistics(schema_of({{"c", type}}), {}, 3, {{"\"c\"", std::move(leaf)}});
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

TEST(FileStatistics, BooleansHaveBounds) {
    EXPECT_EQ(of("BOOLEAN", {"0", "1", 0}),
              R"({"numRecords":3,"minValues":{"c":false},"maxValues":{"c":true},"nullCount":{"c":0}})");
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
    EXPECT_EQ(of("BLOB", {"00", "FF", 0}), R"({"numRecords":3,"minValues":{},"maxValues":{},"nullCount":{"c":0}})");
}

TEST(FileStatistics, LongStringsAreCutAndTheMaximumRaised) {
    const std::string e = "\xc3\xa9";  // é, two bytes: characters count
    std::string text;
    for (int i = 0; i < 40; ++i) text += e;
    std::string cut;
    for (int i = 0; i < 32; ++i) cut += e;
    const auto stats = json::parse(of("VARCHAR", {text, text, 0})).value();
    EXPECT_EQ(*stats.find("minValues")->string_at("c"), cut);
    const std::string max = *stats.find("maxValues")->string_at("c");
    EXPECT_EQ(max, cut + "\xf4\x8f\xbf\xbf");
    EXPECT_GT(max, text);

    const std::string exact(32, 'x');
    EXPECT_EQ(*json::parse(of("VARCHAR", {exact, exact, 0}))->find("maxValues")->string_at("c"), exact);
    const std::string highest = exact + "\xf4\x8f\xbf\xbf" + "more";
    EXPECT_EQ(json::parse(of("VARCHAR", {"a", highest, 0}))->find("maxValues")->find("c"), nullptr);
    EXPECT_EQ(json::parse(of("VARCHAR", {"\xff", "\xff\xff", 0}))->find("maxValues")->find("c"), nullptr);
}

TEST(FileStatistics, MembersNestListsAndPartitionColumnsHaveNone) {
    const Schema schema = schema_of(
        {{"p", "DATE"}, {"s", "STRUCT(\"a\" BIGINT, \"b\" VARCHAR)"}, {"l", "BIGINT[]"}, {"odd\"name", "BIGINT"}});
    EXPECT_EQ(
        delta_statistics(schema, {"p"}, 1,
                         {{"\"p\"", {"2026-01-01", "2026-01-01", 0}},
                          {"\"s\".\"a\"", {"1", "2", 0}},
                          {"\"s\".\"b\"", {std::nullopt, std::nullopt, 1}},
                          {"\"l\".\"element\"", {"1", "2", 0}},
                          {"\"odd\"\"name\"", {"3", "3", 0}}}),
        R"({"numRecords":1,"minValues":{"s":{"a":1},"odd\"name":3},"maxValues":{"s":{"a":2},"odd\"name":3},"nullCount":{"s":{"a":0,"b":1},"odd\"name":0}})");
}

TEST(FileStatistics, OnlyTheFirstLeavesAreIndexed) {
    const Schema schema = schema_of({{"a", "BIGINT"}, {"b", "BIGINT"}});
    const FileStatistics statistics{{"\"a\"", {"1", "1", 0}}, {"\"b\"", {"2", "2", 0}}};
    EXPECT_EQ(delta_statistics(schema, {}, 1, statistics, 1),
              R"({"numRecords":1,"minValues":{"a":1},"maxValues":{"a":1},"nullCount":{"a":0}})");
    EXPECT_NE(delta_statistics(schema, {}, 1, statistics, -1).find("\"b\""), std::string::npos);
    EXPECT_EQ(delta_statistics(schema, {}, 1, statistics, 0),
              R"({"numRecords":1,"minValues":{},"maxValues":{},"nullCount":{}})");
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
