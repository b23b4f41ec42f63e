// Goal: types survive the trip through SQL spelling, nested ones too.
#include "model/schema.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(SqlType, RoundTrips) {
    for (const auto* text : {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR",
                             "BLOB", "DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DECIMAL(38,18)", "VARCHAR[]",
                             "MAP(VARCHAR, BIGINT)", "STRUCT(\"a\" BIGINT, \"b c\" DECIMAL(10,2)[])"}) {
        const auto type = parse_sql_type(text);
        ASSERT_TRUE(type.has_value()) << text;
        EXPECT_EQ(to_sql(*type), text);
    }
}

TEST(SqlType, KnowsTheUsualAliases) {
    EXPECT_EQ(to_sql(parse_sql_type("numeric(18, 4)").value()), "DECIMAL(18,4)");
    EXPECT_EQ(to_sql(parse_sql_type("timestamptz").value()), "TIMESTAMP WITH TIME ZONE");
    EXPECT_EQ(to_sql(parse_sql_type("text").value()), "VARCHAR");
}

TEST(SqlType, RefusesOthers) {
    for (const auto* text : {"", "money", "DECIMAL(39,0)", "DECIMAL(4,5)", "DECIMAL(x)", "MAP(VARCHAR)", "STRUCT(a)"})
        EXPECT_EQ(parse_sql_type(text).error().code, ErrorCode::kInvalidArgument) << text;
}

TEST(Schema, FindsByNameWithoutCase) {
    const Schema schema{{{.name = "regularMarketPrice", .type = Type::decimal(18, 4), .metadata = {}}}};
    EXPECT_NE(schema.find("REGULARMARKETPRICE"), nullptr);
    EXPECT_EQ(schema.find("price"), nullptr);
}

}  // namespace
}  // namespace lagoa
