// Goal: words are told from strings, quoted names and comments; edits keep the rest byte for byte, and errors their
// place. Method: texts cut and put together again; a rewrite of one word hooked into an engine.
#include "engine/duckdb/sql_rewrite.h"

#include <array>

#include <gtest/gtest.h>

#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/sql_tokens.h"
#include "engine/engine.h"
#include "engine/statement.h"

namespace lagoa {
namespace {

std::string cut(const std::string& sql) {
    const auto tokens = SqlTokens::scan(sql);
    if (!tokens) return "does not scan";
    std::string all;
    for (std::size_t i = 0; i < tokens->size(); ++i) all += (i == 0 ? "" : "|") + std::string(tokens->text(i));
    return all;
}

TEST(SqlTokens, EndWhereTheScannerEndsThem) {
    EXPECT_EQ(cut("SELECT a.\"b\"\"c\" , 1.5e-3::DECIMAL -- x'\n FROM t/* ' /* \" */ */;"),
              "SELECT|a|.|\"b\"\"c\"|,|1.5e-3|::|DECIMAL|FROM|t|;");
    EXPECT_EQ(cut("'it''s' E'a\\'b' $$ ' $$ $x$ $$ $x$ X'00' $1 'a'\n  'b' c"),
              "'it''s'|E'a\\'b'|$$ ' $$|$x$ $$ $x$|X'00'|$1|'a'\n  'b'|c");
    EXPECT_EQ(cut("a@v12 x=>1 y:=2 [1,2] {'k':3} a->>'b' n-1--1\n+2"),
              "a|@|v12|x|=>|1|y|:=|2|[|1|,|2|]|{|'k'|:|3|}|a|->>|'b'|n|-|1|+|2");
    EXPECT_EQ(cut(" /* nothing */ -- at all"), "");
    for (const char* broken : {"SELECT 'a", "SELECT \"a", "SELECT $$a", "SELECT 1 /* a"})
        EXPECT_EQ(cut(broken), "does not scan") << broken;
    EXPECT_EQ(cut(std::string("SELECT 1\0 OPTIMIZE", 18)), "does not scan");
}

TEST(SqlTokens, KnowWhatMayBeAName) {
    const std::string sql = "year SELECT t \"select\" date 1 left";
    const auto tokens = SqlTokens::scan(sql).value();
    using Kind = SqlToken::Kind;
    const std::array expected = {Kind::kSoftKeyword, Kind::kKeyword, Kind::kName,   Kind::kName,
                                 Kind::kName,        Kind::kNumber,  Kind::kKeyword};
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(tokens[i].kind, expected[i]) << tokens.text(i);
    EXPECT_TRUE(tokens.is(1, "SELECT"));
    EXPECT_FALSE(tokens.is(3, "SELECT"));
    EXPECT_FALSE(tokens.is(7, "SELECT"));
}

TEST(SqlEdits, KeepTheRestAndKnowWhereItWas) {
    SqlEdits edits;
    edits.replace(6, 9, "longer");  // out of order
    edits.insert(3, "<");
    edits.insert(3, ">");
    EXPECT_EQ(edits.apply("abcdefghij"), "abc<>deflongerj");
    EXPECT_EQ(edits.origin(0), 0u);
    EXPECT_EQ(edits.origin(3), 3u);
    EXPECT_EQ(edits.origin(5), 3u);
    EXPECT_EQ(edits.origin(9), 6u);
    EXPECT_EQ(edits.origin(14), 9u);
}

constexpr std::array<std::string_view, 2> kWords = {"NINE", "NONE"};

// `nine` is a number, `none` is refused.
std::optional<SqlEdits> rewrite(const std::string& sql) {
    if (!mentions_word(sql, kWords)) return std::nullopt;
    const auto tokens = SqlTokens::scan(sql);
    if (!tokens) return std::nullopt;
    SqlEdits edits;
    for (std::size_t i = 0; i < tokens->size(); ++i) {
        if (tokens->is(i, "NONE")) raise({ErrorCode::kUnsupported, "none is not a number", "nine"});
        if (tokens->is(i, "NINE")) edits.replace((*tokens)[i].begin, (*tokens)[i].end, "9");
    }
    return edits;
}

struct SqlRewriteTest : testing::Test {
    std::unique_ptr<Engine> engine = Engine::open({}).value();
    std::unique_ptr<Session> session = engine->connect().value();

    void SetUp() override { add_sql_rewrite(instance(*engine), rewrite); }
    std::string value(std::string_view sql) { return session->value(sql).value().value(); }
};

TEST_F(SqlRewriteTest, EveryDoorOfSqlHasIt) {
    EXPECT_EQ(value("CREATE TABLE t AS SELECT nine AS x; SELECT x + Nine FROM t"), "18");
    EXPECT_EQ(value("SELECT 'nine' || $$ nine $$ || \"nine\" /* nine */ FROM (SELECT 'x' AS \"nine\")"), "nine nine x");
    EXPECT_EQ(session->describe("SELECT nine AS n")->at(0).name, "n");
    EXPECT_EQ(value("PREPARE p AS SELECT nine + $1::INT; EXECUTE p(1)"), "10");
    EXPECT_EQ(session->value("SELECT nine + $1::INT", {{json::Value(std::int64_t{2})}})->value(), "11");
    EXPECT_EQ(split_statements(*session, "SELECT nine; SELECT 2")->at(0).text, "SELECT 9");
    EXPECT_TRUE(references(*session, "SELECT nine")->only_tables);
}

TEST_F(SqlRewriteTest, AViewKeepsWhatWasMadeOfIt) {
    EXPECT_EQ(
        value("CREATE VIEW v AS SELECT nine AS x; SELECT sql LIKE '%9%' FROM duckdb_views() WHERE view_name = 'v'"),
        "true");
    EXPECT_EQ(value("SELECT x FROM v"), "9");
}

TEST_F(SqlRewriteTest, ErrorsKeepCodeHintAndPlace) {
    const auto refused = session->execute("SELECT none");
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(refused.error().hint, "nine");
    const auto broken = session->execute("SELECT nine,\n  nine nine FROM");
    EXPECT_EQ(broken.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(broken.error().message.find("LINE 2:   nine nine FROM\n               ^"), std::string::npos)
        << broken.error().message;
    EXPECT_NE(session->execute("SELEC 9").error().message.find("LINE 1: SELEC 9"), std::string::npos);
}

TEST_F(SqlRewriteTest, RewritesStandBesideEachOther) {
    EXPECT_EQ(session->execute("SELECT nine FROM nothing(timestamp => nine)").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lagoa
