// Goal: a write never changes a column's type and never loses a value in a cast. Method: types in, plan out.
#include "catalog/impl/schema_plan.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

Column column(const char* name, const char* type) {
    return {name, parse_sql_type(type).value()};
}
Schema table(std::initializer_list<std::pair<const char*, const char*>> columns) {
    Schema schema;
    for (const auto& [name, type] : columns)
        schema.fields.push_back(Field{.name = name, .type = parse_sql_type(type).value()});
    return schema;
}

TEST(SchemaPlan, ANewTableTakesTheSourcesColumns) {
    const std::vector columns{column("ticker", "VARCHAR"), column("close", "DECIMAL(18,4)")};
    const auto plan = plan_schema(nullptr, columns, {{"close", "Last price"}}).value();
    EXPECT_TRUE(plan.changed);
    EXPECT_EQ(plan.select, (std::vector<std::string>{R"(CAST("ticker" AS VARCHAR) AS "ticker")",
                                                     R"(CAST("close" AS DECIMAL(18,4)) AS "close")"}));
    EXPECT_EQ(plan.schema.fields[1].metadata.find("comment")->string()->substr(0), "Last price");
    EXPECT_TRUE(plan.schema.fields[1].nullable);
}

TEST(SchemaPlan, KnownColumnsKeepTheirTypeAndOrderNewOnesFollow) {
    const Schema schema = table({{"a", "BIGINT"}, {"b", "DECIMAL(18,4)"}, {"c", "DATE"}});
    const std::vector columns{column("x", "VARCHAR"), column("B", "INTEGER"), column("a", "SMALLINT")};
    const auto plan = plan_schema(&schema, columns, {}).value();
    EXPECT_TRUE(plan.changed);
    EXPECT_EQ(plan.select,
              (std::vector<std::string>{R"(CAST("a" AS BIGINT) AS "a")", R"(CAST("B" AS DECIMAL(18,4)) AS "b")",
                                        R"(CAST(NULL AS DATE) AS "c")", R"(CAST("x" AS VARCHAR) AS "x")"}));
    const std::vector same{column("a", "BIGINT")};
    EXPECT_FALSE(plan_schema(&schema, same, {})->changed);
}

TEST(SchemaPlan, ATypeThatCouldLoseValuesIsRejectedByName) {
    for (const auto& [to, from] :
         std::initializer_list<std::pair<const char*, const char*>>{{"INTEGER", "BIGINT"},
                                                                    {"DECIMAL(18,4)", "DECIMAL(18,5)"},
                                                                    {"DECIMAL(18,4)", "DECIMAL(19,4)"},
                                                                    {"DECIMAL(18,4)", "BIGINT"},
                                                                    {"DOUBLE", "BIGINT"},
                                                                    {"DOUBLE", "DECIMAL(9,2)"},
                                                                    {"DECIMAL(9,2)", "DOUBLE"},
                                                                    {"VARCHAR", "BIGINT"},
                                                                    {"BIGINT", "VARCHAR"},
                                                                    {"TIMESTAMPTZ", "TIMESTAMP"},
                                                                    {"DATE", "TIMESTAMP"},
                                                                    {"BIGINT[]", "INTEGER[]"},
                                                                    {"STRUCT(\"a\" BIGINT)", "STRUCT(\"b\" BIGINT)"}}) {
        const Schema schema = table({{"c", to}});
        const std::vector columns{column("c", from)};
        const auto plan = plan_schema(&schema, columns, {});
        ASSERT_FALSE(plan.has_value()) << to << " from " << from;
        EXPECT_EQ(plan.error().code, ErrorCode::kDataRejected);
        EXPECT_NE(plan.error().message.find("column c"), std::string::npos);
    }
}

TEST(SchemaPlan, WhatCannotBeAColumnIsInvalid) {
    const std::vector twice{column("a", "BIGINT"), column("A", "BIGINT")};
    EXPECT_EQ(plan_schema(nullptr, twice, {}).error().code, ErrorCode::kInvalidArgument);
    const std::vector nothing{column("a", "\"NULL\"")};
    EXPECT_EQ(plan_schema(nullptr, nothing, {}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(plan_schema(nullptr, {}, {}).error().code, ErrorCode::kInvalidArgument);
    Schema strict = table({{"a", "BIGINT"}, {"b", "BIGINT"}});
    strict.fields[1].nullable = false;
    const std::vector only_a{column("a", "BIGINT")};
    EXPECT_EQ(plan_schema(&strict, only_a, {}).error().code, ErrorCode::kDataRejected);
}

TEST(SchemaPlan, WallClockTimesNeedTheirFeature) {
    EXPECT_FALSE(raised_protocol(table({{"a", "BIGINT"}}), delta::Protocol{}).has_value());
    const auto upgraded = raised_protocol(table({{"a", "TIMESTAMP[]"}}), delta::Protocol{});
    ASSERT_TRUE(upgraded.has_value());
    EXPECT_EQ(upgraded->min_reader_version, 3);
    EXPECT_EQ(upgraded->writer_features, (std::vector<std::string>{"appendOnly", "invariants", "timestampNtz"}));
    EXPECT_FALSE(raised_protocol(table({{"a", "TIMESTAMP"}}), *upgraded).has_value());
}

}  // namespace
}  // namespace lagoa
