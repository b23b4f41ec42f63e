// Goal: a rule of a table means to us what it means to Spark: the same value, or an error where Spark has one, or a
// refusal by name. Method: the expressions of test/interop/spark_expressions.tsv, whose values are Spark's own, on the
// row described there; then what must be refused or may not be stored.
#include "catalog/duckdb/spark_expression.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/text.h"
#include "engine/engine.h"

namespace lagoa {
namespace {

struct Case {
    std::string expression;
    std::string type;
    std::string value;
};

struct Golden {
    Schema schema;
    std::string row;  // SELECT list
    std::vector<Case> cases;
};

Type type_named(const std::string& name) {
    if (name.starts_with("STRUCT"))
        return {.kind = TypeKind::kStruct,
                .children = {{.name = "a", .type = {.kind = TypeKind::kInt32}},
                             {.name = "B", .type = {.kind = TypeKind::kString}}}};
    const auto cast = translate_spark("CAST(NULL AS " + name + ")", {});
    EXPECT_TRUE(cast) << name;
    return cast ? cast->type : Type{};
}

Golden read_golden() {
    Golden golden;
    std::ifstream file("test/interop/spark_expressions.tsv");
    EXPECT_TRUE(file) << "the list of expressions is not there";
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        const auto cells = split(line, '\t');
        if (cells[0] != "column") {
            EXPECT_EQ(cells.size(), 3U) << line;
            golden.cases.push_back({std::string(cells[0]), std::string(cells[1]), std::string(cells.at(2))});
            continue;
        }
        const std::string name = replace_all(cells.at(1), "`", "");
        const Type type = type_named(std::string(cells.at(2)));
        std::string value = "{'a': 1, 'B': 'x'}";
        if (type.kind != TypeKind::kStruct) {
            const auto translated = translate_spark_as(cells.at(3), {}, type);
            EXPECT_TRUE(translated) << line << ": " << translated.error().message;
            if (translated) value = translated->sql;
        }
        golden.schema.fields.push_back({.name = name, .type = type});
        golden.row += fmt::format("{}CAST({} AS {}) AS {}", golden.row.empty() ? "" : ", ", value, to_sql(type),
                                  quote_identifier(name));
    }
    return golden;
}

// The value as Spark prints it in UTC.
std::string evaluate(Session& session, const SparkExpression& expression, const std::string& row) {
    std::string sql = expression.sql;
    if (expression.type.kind == TypeKind::kTimestamp) sql = "timezone('UTC', " + sql + ")";
    if (expression.type.kind == TypeKind::kDecimal && expression.type.precision == expression.type.scale)
        sql = "CAST(" + sql + " AS DECIMAL(38," + std::to_string(expression.type.scale) + "))";  // 0.5, not .5
    if (expression.type.kind == TypeKind::kBinary) sql = "decode(" + sql + ")";
    const auto value = session.value(fmt::format("SELECT CAST(({}) AS VARCHAR) FROM (SELECT {})", sql, row));
    return value ? value->value_or("NULL") : "ERROR";
}

TEST(SparkExpression, MeansWhatItMeansToSpark) {
    const Golden golden = read_golden();
    ASSERT_GT(golden.cases.size(), 300U);
    const auto engine = Engine::open({});
    ASSERT_TRUE(engine);
    const auto session = (*engine)->connect().value();
    // Another zone than that of the rules, which are evaluated in UTC wherever the session is.
    ASSERT_TRUE(session->execute("SET TimeZone = 'America/Sao_Paulo'"));
    for (const Case& expected : golden.cases) {
        const auto translated = translate_spark(expected.expression, golden.schema);
        if (!translated || expected.value == "REFUSED") {
            ASSERT_FALSE(translated) << expected.expression;
            EXPECT_EQ(expected.value, "REFUSED") << expected.expression << ": " << translated.error().message;
            EXPECT_EQ(translated.error().code, ErrorCode::kUnsupported) << expected.expression;
            continue;
        }
        EXPECT_EQ(spark_type_name(translated->type), expected.type) << expected.expression;
        EXPECT_EQ(evaluate(*session, *translated, golden.row), expected.value) << expected.expression << "\n"
                                                                               << translated->sql;
    }
}

TEST(SparkExpression, IsAnErrorWhereOurAnswerMightBeAnother) {
    const auto engine = Engine::open({});
    const auto session = (*engine)->connect().value();
    const auto value = [&](const char* text) { return evaluate(*session, *translate_spark(text, {}), "1"); };
    for (const char* const text : {"upper('straße')", "lower('İ')", "upper('ά')", "CAST(' 1' AS INT)",
                                   "CAST('1.5' AS INT)", "CAST('2024-1-1' || '' AS DATE)", "CAST('1e3' AS DOUBLE)"})
        EXPECT_EQ(value(text), "ERROR") << text;
}

// What an error of a later condition does is seen only if that is not computed in vain.
TEST(SparkExpression, ConditionsStopWhereSparkStops) {
    const auto engine = Engine::open({});
    const auto session = (*engine)->connect().value();
    const Schema schema{{{.name = "x", .type = {.kind = TypeKind::kInt32}}}};
    const auto condition = translate_spark("x = 0 OR (10 / x > 1 AND x <> 5 AND 10 / (x - 5) > 0)", schema);
    ASSERT_TRUE(condition) << condition.error().message;
    EXPECT_EQ(session->value("SELECT string_agg(" + condition->sql +
                             ", ' ' ORDER BY x) FROM (VALUES (0), (5), (6), (20)) v(x)"),
              "true false true false");
}

Schema schema_of(std::initializer_list<std::pair<const char*, const char*>> columns) {
    Schema schema;
    for (const auto& [name, type] : columns)
        schema.fields.push_back({.name = name, .type = parse_sql_type(type).value()});
    return schema;
}

TEST(SparkExpression, RefusesWhatDoesNotParseOrFit) {
    const Schema schema = schema_of({{"i", "INTEGER"}, {"s", "VARCHAR"}, {"d", "DATE"}, {"l", "INTEGER[]"}});
    for (const char* const text : {"",
                                   "i +",
                                   "(i",
                                   "i)",
                                   "i i",
                                   "'a",
                                   "`i",
                                   "nothing",
                                   "i BETWEEN 1",
                                   "i IN ()",
                                   "CASE END",
                                   "d = 'yesterday'",
                                   "DATE'2026-02-30'",
                                   "NOT i",
                                   "i AND true",
                                   "1.2.3",
                                   "999Y",
                                   "$i",
                                   "s LIKE 'a\\\\x'",
                                   "CAST(i AS DECIMAL(39,0))",
                                   "i NOT",
                                   "\xff"}) {
        const auto translated = translate_spark(text, schema);
        ASSERT_FALSE(translated) << text;
        EXPECT_EQ(translated.error().code, ErrorCode::kInvalidArgument) << text << ": " << translated.error().message;
    }
    for (const char* const text :
         {"nothing(i)", "i = s", "i = true", "l = l", "l[0]", "i LIKE 'a'", "'it''s'", "i -- all", "INTERVAL 1 DAY",
          "i IN (SELECT 1)", "CAST(s AS VARCHAR(3))", "year(s)", "sum(i) OVER ()", "d + INTERVAL 1 HOUR", "year(d, d)",
          "count(DISTINCT i)", "least(l, l)"}) {
        const auto translated = translate_spark(text, schema);
        ASSERT_FALSE(translated) << text;
        EXPECT_EQ(translated.error().code, ErrorCode::kUnsupported) << text << ": " << translated.error().message;
    }
}

TEST(SparkExpression, DepthAndLengthAreBounded) {
    const Schema schema = schema_of({{"i", "INTEGER"}});
    std::string deep = "i";
    for (int i = 0; i < 2000; ++i) deep = "(" + deep + ")";
    EXPECT_EQ(translate_spark(deep, schema).error().code, ErrorCode::kUnsupported);
    std::string sum = "i";
    for (int i = 0; i < 5000; ++i) sum += "+i";
    EXPECT_EQ(translate_spark(sum, schema).error().code, ErrorCode::kUnsupported);
    std::string twice = "'a'";
    for (int i = 0; i < 60; ++i) twice = "upper(" + twice + ")";
    EXPECT_EQ(translate_spark(twice, schema).error().code, ErrorCode::kUnsupported);
    std::string all = "i > 0";
    for (int i = 0; i < 3000; ++i) all += " AND i > 0";
    EXPECT_TRUE(translate_spark(all, schema)) << "a chain is no tree";
    EXPECT_EQ(translate_spark(std::string(1U << 20, ' '), schema).error().code, ErrorCode::kUnsupported);
}

TEST(SparkExpression, NamesTheColumnsThatItReads) {
    const Schema schema = schema_of({{"i", "INTEGER"}, {"j", "INTEGER"}, {"s", "STRUCT(\"a\" INTEGER)"}});
    EXPECT_EQ(translate_spark("I + s.A > 0", schema)->columns, (std::set<std::string>{"i", "s"}));
    EXPECT_EQ(translate_spark("'j'", schema)->columns, std::set<std::string>{});
}

TEST(SparkExpression, SaysWhereOurSqlDeparts) {
    const Schema schema = schema_of({{"i", "INTEGER"}, {"p", "DECIMAL(9,2)"}, {"s", "VARCHAR"}, {"d", "DATE"}});
    for (const char* const text :
         {"i > 0 AND s IS NOT NULL", "i + 1", "substring(s, 1, 2)", "year(d)", "s || 'x'", "CAST(i AS STRING)"})
        EXPECT_TRUE(translate_spark(text, schema)->departures.empty()) << text;
    for (const char* const text : {"CAST(p AS INT)", "concat(s, s)", "substring(s, 0, 2)", "dayofweek(d)"})
        EXPECT_FALSE(translate_spark(text, schema)->departures.empty()) << text;
}

TEST(SparkExpression, AssignsWithoutLoss) {
    const auto assigned = [](const char* text, const char* type) {
        return translate_spark_as(text, {}, parse_sql_type(type).value());
    };
    for (const auto& [text, type] : {std::pair("0", "SMALLINT"),
                                     {"-128", "TINYINT"},
                                     {"0", "DECIMAL(18,4)"},
                                     {"0.5", "DOUBLE"},
                                     {"0.5", "FLOAT"},
                                     {"NULL", "DATE"},
                                     {"1", "VARCHAR"},
                                     {"current_date()", "DATE"},
                                     {"current_timestamp()", "TIMESTAMPTZ"},
                                     {"'x'", "VARCHAR"}})
        EXPECT_TRUE(assigned(text, type)) << text << " " << type << ": " << assigned(text, type).error().message;
    for (const auto& [text, type] : {std::pair("128", "TINYINT"),
                                     {"1.5", "INTEGER"},
                                     {"'x'", "INTEGER"},
                                     {"1.23456", "DECIMAL(5,2)"},
                                     {"1e3", "INTEGER"},
                                     {"true", "INTEGER"}}) {
        ASSERT_FALSE(assigned(text, type)) << text << " " << type;
        EXPECT_EQ(assigned(text, type).error().code, ErrorCode::kInvalidArgument) << text << " " << type;
    }
}

TEST(SparkExpression, OnlyConditionsAreConditions) {
    const Schema schema = schema_of({{"i", "INTEGER"}, {"b", "BOOLEAN"}});
    EXPECT_TRUE(translate_spark_condition("b", schema));
    EXPECT_EQ(translate_spark_condition("i", schema).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(translate_spark_condition("NULL", schema).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lagoa
