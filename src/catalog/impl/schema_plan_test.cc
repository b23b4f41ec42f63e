// Goal: a write never changes a column's type and never loses a value in a cast. Method: types in, plan out.
#include "catalog/impl/schema_plan.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

Column column(const char* name, const char* type) {
    return {name, parse_sql_type(type).value()};
}
delta::Metadata table(std::initializer_list<std::pair<const char*, const char*>> columns) {
    delta::Metadata metadata;
    for (const auto& [name, type] : columns)
        metadata.schema.fields.push_back(Field{.name = name, .type = parse_sql_type(type).value()});
    return metadata;
}

TEST(SchemaPlan, ANewTableTakesTheSourcesColumns) {
    const std::vector columns{column("ticker", "VARCHAR"), column("close", "DECIMAL(18,4)")};
    const auto plan = plan_schema(nullptr, columns, {{"close", "Last price"}}).value();
    EXPECT_TRUE(plan.changed);
    EXPECT_EQ(plan.select, (std::vector<std::string>{R"(CAST("ticker" AS VARCHAR) AS "ticker")",
                                                     R"(CAST("close" AS DECIMAL(18,4)) AS "close")"}));
    EXPECT_EQ(plan.metadata.schema.fields[1].metadata.find("comment")->string()->substr(0), "Last price");
    EXPECT_TRUE(plan.metadata.schema.fields[1].nullable);
}

TEST(SchemaPlan, KnownColumnsKeepTheirTypeAndOrderNewOnesFollow) {
    const delta::Metadata schema = table({{"a", "BIGINT"}, {"b", "DECIMAL(18,4)"}, {"c", "DATE"}});
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
                                                                    {"INTEGER[]", "BIGINT[]"},
                                                                    {"STRUCT(\"a\" BIGINT)", "STRUCT(\"b\" BIGINT)"}}) {
        const delta::Metadata schema = table({{"c", to}});
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
    delta::Metadata strict = table({{"a", "BIGINT"}, {"b", "BIGINT"}});
    strict.schema.fields[1].nullable = false;
    const std::vector only_a{column("a", "BIGINT")};
    EXPECT_EQ(plan_schema(&strict, only_a, {}).error().code, ErrorCode::kDataRejected);
}

TEST(SchemaPlan, MembersAreAddedWhereverTheyNest) {
    const delta::Metadata before =
        table({{"s", R"(STRUCT("a" BIGINT, "b" STRUCT("c" DATE)[]))"}, {"m", R"(MAP(VARCHAR, STRUCT("x" BIGINT)))"}});
    const std::vector columns{column("S", R"(STRUCT("B" STRUCT("d" VARCHAR, "c" DATE)[], "a" INTEGER))"),
                              column("m", R"(MAP(VARCHAR, STRUCT("x" BIGINT, "y" BOOLEAN)))")};
    const auto plan = plan_schema(&before, columns, {}).value();
    EXPECT_TRUE(plan.changed);
    EXPECT_EQ(to_sql(plan.metadata.schema.fields[0].type),
              R"(STRUCT("a" BIGINT, "b" STRUCT("c" DATE, "d" VARCHAR)[]))");
    EXPECT_EQ(to_sql(plan.metadata.schema.fields[1].type), R"(MAP(VARCHAR, STRUCT("x" BIGINT, "y" BOOLEAN)))");
    EXPECT_FALSE(plan_schema(&plan.metadata, std::vector{column("s", R"(STRUCT("a" BIGINT))")}, {})->changed);

    delta::Metadata strict = before;
    strict.schema.fields[0].type.children[0].nullable = false;
    const std::vector without{column("s", R"(STRUCT("b" STRUCT("c" DATE)[]))")};
    EXPECT_EQ(plan_schema(&strict, without, {}).error().code, ErrorCode::kDataRejected);
}

TEST(SchemaPlan, TypesAreWidenedWhereTheTableMay) {
    delta::Metadata metadata = table({{"a", "INTEGER"}, {"s", R"(STRUCT("x" INTEGER))"}});
    const std::vector wider{column("a", "BIGINT"), column("s", R"(STRUCT("x" BIGINT))")};
    EXPECT_EQ(plan_schema(&metadata, wider, {}).error().code, ErrorCode::kDataRejected);
    metadata.configuration["delta.enableTypeWidening"] = "true";
    const auto plan = plan_schema(&metadata, wider, {});
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_TRUE(plan->changed);
    EXPECT_EQ(to_sql(plan->metadata.schema.fields[0].type), "BIGINT");
    EXPECT_TRUE(plan->metadata.schema.fields[0].metadata.contains("delta.typeChanges"));
    EXPECT_TRUE(plan->metadata.schema.fields[1].type.children[0].metadata.contains("delta.typeChanges"));
    const std::vector narrower{column("a", "SMALLINT")};
    EXPECT_FALSE(plan_schema(&plan->metadata, narrower, {})->changed);
    const std::vector other{column("a", "VARCHAR")};
    EXPECT_EQ(plan_schema(&metadata, other, {}).error().code, ErrorCode::kDataRejected);
}

TEST(SchemaPlan, ReplacedColumnsKeepWhatIsSaidOfThem) {
    delta::Metadata metadata = table({{"a", "BIGINT"}, {"b", "DATE"}});
    metadata.schema.fields[0].metadata.set("comment", "kept");
    metadata.schema.fields[1].metadata.set("comment", "of another type");
    const std::vector columns{column("b", "VARCHAR"), column("A", "BIGINT"), column("c", "DATE")};
    const auto plan = plan_schema(&metadata, columns, {}, Columns::kReplace).value();
    EXPECT_TRUE(plan.changed);
    EXPECT_EQ(plan.metadata.schema.fields[0], (Field{.name = "b", .type = parse_sql_type("VARCHAR").value()}));
    EXPECT_EQ(plan.metadata.schema.fields[1], metadata.schema.fields[0]);
    const std::vector same{column("a", "BIGINT"), column("b", "DATE")};
    EXPECT_FALSE(plan_schema(&metadata, same, {}, Columns::kReplace)->changed);
}

TEST(SchemaPlan, ANewTableIsPreparedForItsFiles) {
    delta::Metadata metadata = table({{"a", "TIMESTAMP"}, {"s", R"(STRUCT("x" BIGINT))"}});
    metadata.configuration = {{"delta.columnMapping.mode", "name"}, {"delta.feature.deletionVectors", "supported"}};
    const auto protocol = prepare_metadata(metadata, nullptr).value();
    EXPECT_EQ(protocol.reader_features, (std::vector<std::string>{"columnMapping", "deletionVectors", "timestampNtz"}));
    EXPECT_EQ(metadata.configuration.at("delta.columnMapping.maxColumnId"), "3");
    EXPECT_TRUE(metadata.schema.fields[1].type.children[0].metadata.contains("delta.columnMapping.physicalName"));

    delta::Metadata refused = table({{"a", "BIGINT"}});
    refused.configuration = {{"delta.enableIcebergCompatV2", "true"}, {"delta.columnMapping.mode", "name"}};
    EXPECT_EQ(prepare_metadata(refused, nullptr).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace lagoa
