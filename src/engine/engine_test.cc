// Goal: sessions answer exactly, stream, stop and stay within their limits; errors carry the right code.
// Method: an engine over memory and faulty stores, statements through the public face only.
#include "engine/engine.h"

#include <filesystem>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/id.h"
#include "engine/statement.h"
#include "store/memory_store.h"

namespace lagoa {
namespace {

using json::Value;

struct EngineTest : testing::Test {
    std::unique_ptr<Engine> engine = Engine::open({}).value();
    std::unique_ptr<Session> session = engine->connect().value();

    std::string text(std::string_view sql, std::vector<Value> parameters = {}) {
        const auto value = session->value(sql, parameters);
        if (!value) return "error: " + value.error().message;
        return value->value_or("NULL");
    }
    ErrorCode code(std::string_view sql, std::vector<Value> parameters = {}) {
        const auto done = session->execute(sql, parameters);
        EXPECT_FALSE(done.has_value()) << sql;
        return done ? ErrorCode::kInternal : done.error().code;
    }
};

/// Counts from 0; every value of a row is made of its number.
class Counter final : public RowSource {
public:
    explicit Counter(std::int64_t rows) : rows_(rows) {
        for (const char* column :
             {"n BIGINT", "small SMALLINT", "amount DECIMAL(18,4)", "wide DECIMAL(38,2)", "name VARCHAR",
              "tags VARCHAR[]", "day DATE", "at TIMESTAMP WITH TIME ZONE", "even BOOLEAN", "half DOUBLE"}) {
            const std::string_view text = column;
            const auto space = text.find(' ');
            schema_.fields.push_back(Field{.name = std::string(text.substr(0, space)),
                                           .type = parse_sql_type(text.substr(space + 1)).value()});
        }
    }
    const Schema& schema() const override { return schema_; }
    Result<bool> next(RowSink& sink) override {
        if (fail_at >= 0 && next_ >= fail_at) return fail(ErrorCode::kUnavailable, "the source is gone");
        for (std::size_t i = 0; i < sink.capacity() && next_ < rows_; ++i, ++next_) {
            sink.add_row();
            if (next_ % 7 == 3) continue;  // all NULL
            const std::string name = "row number " + std::to_string(next_);
            const std::string_view tags[] = {name, "x"};
            sink.set_int64(0, next_);
            sink.set_int64(1, next_ % 100);
            sink.set_decimal(2, Int128{next_} * 10000 + 5);
            sink.set_decimal(3, Int128{next_} * 1'000'000'000'000'000'000 * 1'000'000);
            sink.set_text(4, name);
            sink.set_texts(5, std::span(tags).first(static_cast<std::size_t>(next_ % 3)));
            sink.set_date(6, static_cast<std::int32_t>(next_));
            sink.set_timestamp(7, next_ * 1'000'000);
            sink.set_bool(8, next_ % 2 == 0);
            sink.set_double(9, static_cast<double>(next_) / 2);
        }
        return next_ < rows_;
    }
    std::int64_t fail_at = -1;

private:
    Schema schema_;
    std::int64_t rows_;
    std::int64_t next_ = 0;
};

TEST_F(EngineTest, ValuesAreExactAsTextAndAsJson) {
    EXPECT_EQ(text("select 282010155659.43243::decimal(18,5)"), "282010155659.43243");
    EXPECT_EQ(text("select null"), "NULL");
    const auto rows = session->rows(
        "select 1.50::decimal(9,2) as d, 170141183460469231731687303715884105727::hugeint as h, [1,null] as l, {'a': "
        "true} as s, "
        "date '2026-01-02' as day, 'x' as t, map {'k': 1} as m, null as n, 0.5::double as f");
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    EXPECT_EQ(
        json::dump(Value(rows->at(0))),
        R"({"d":1.50,"h":170141183460469231731687303715884105727,"l":[1,null],"s":{"a":true},"day":"2026-01-02","t":"x","m":{"k":1},"n":null,"f":0.5})");
}

TEST_F(EngineTest, InstantsShowInTheEnginesTimeZone) {
    const auto local = Engine::open({.time_zone = "America/Sao_Paulo"}).value();
    const auto there = local->connect().value();
    EXPECT_EQ(there->value("select timestamptz '2026-01-02 03:00:00Z'").value(), "2026-01-02 00:00:00-03");
    EXPECT_EQ(there->value("select (timestamptz '2026-01-02 02:00:00Z')::date").value(), "2026-01-01");
    EXPECT_EQ(there->rows("select timestamptz '2026-01-02 03:00:00Z' as t").value()[0].find("t")->string()[0],
              "2026-01-02T03:00:00Z");
}

TEST_F(EngineTest, TimesInJsonAreIsoWhateverTheSessionsZone) {
    const auto local = Engine::open({.time_zone = "America/Sao_Paulo"}).value();
    const auto there = local->connect().value();
    const auto json = [&](const std::string& sql) {
        return json::dump(*there->rows("select " + sql + " as x").value().at(0).find("x"));
    };
    EXPECT_EQ(json("timestamptz '2026-01-02 03:00:00.5Z'"), R"("2026-01-02T03:00:00.5Z")");
    EXPECT_EQ(json("timestamp '2026-01-02 03:00:00.000001'"), R"("2026-01-02T03:00:00.000001")");
    EXPECT_EQ(json("timestamp_s '2026-01-02 03:00:00'"), R"("2026-01-02T03:00:00")");
    EXPECT_EQ(json("timestamp_ns '2026-01-02 03:00:00.123456789'"), R"("2026-01-02T03:00:00.123456789")");
    EXPECT_EQ(json("[{'at': timestamptz '2026-01-02 03:00:00Z'}]"), R"([{"at":"2026-01-02T03:00:00Z"}])");
    EXPECT_EQ(json("'infinity'::timestamptz"), R"("infinity")");
}

TEST_F(EngineTest, StatementsAreSplitWhereTheParserSplitsThem) {
    const auto split =
        split_statements(*session, "select ';' as a; -- one; two\n create table t as select 1;; select 2 -- end;");
    ASSERT_TRUE(split.has_value());
    ASSERT_EQ(split->size(), 3u);
    EXPECT_EQ(split->at(0).text, "select ';' as a");
    EXPECT_TRUE(split->at(0).is_select);
    EXPECT_FALSE(split->at(1).is_select);
    EXPECT_TRUE(split->at(2).text.starts_with("select 2")) << split->at(2).text;
    EXPECT_TRUE(split->at(2).is_select);
    EXPECT_TRUE(split_statements(*session, " -- nothing")->empty());
    EXPECT_EQ(split_statements(*session, "select 1; selec 2").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, ParametersBindExactly) {
    EXPECT_EQ(text("select typeof($1) || ' ' || $1", {Value(json::Number{"282010155659.43243"})}),
              "DECIMAL(17,5) 282010155659.43243");
    EXPECT_EQ(text("select typeof($1) || ' ' || $1", {Value(json::Number{"-0.05"})}), "DECIMAL(3,2) -0.05");
    EXPECT_EQ(text("select typeof($1)", {Value(std::int64_t{5})}), "BIGINT");
    EXPECT_EQ(text("select typeof($1)", {Value(json::Number{"12345678901234567890123"})}), "HUGEINT");
    EXPECT_EQ(text("select typeof($1)", {Value(json::Number{"1e3"})}), "DOUBLE");
    EXPECT_EQ(text("select $2 || $1", {Value("a"), Value("b'")}), "b'a");
    EXPECT_EQ(text("select date '2026-01-02' = $1", {Value("2026-01-02")}), "true");
    EXPECT_EQ(text("select $1 is null", {Value()}), "true");
    EXPECT_EQ(code("select $1", {Value(json::Array{})}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("select $1"), ErrorCode::kInvalidArgument);
}

TEST_F(EngineTest, ErrorsSayWhatTheCallerMayDo) {
    EXPECT_EQ(code("selec 1"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code(""), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("select x"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("select * from nothing_here"), ErrorCode::kNotFound);
    EXPECT_EQ(code("create table t(a int not null); create table t(b int)"), ErrorCode::kAlreadyExists);
    EXPECT_NE(session->value("select * from tt").error().message.find("Did you mean \"t\""), std::string::npos);
    EXPECT_EQ(code("insert into t values (null)"), ErrorCode::kDataRejected);
    EXPECT_EQ(code("select 'abc'::int"), ErrorCode::kDataRejected);
    EXPECT_EQ(code("select * from read_parquet('lagoa://nowhere/x.parquet')"), ErrorCode::kNotFound);
    EXPECT_EQ(code("select error('boom')"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(session->value("select 1, 2").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(session->value("select * from range(3)").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(session->rows("select * from range(100)", {}, 99).error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(Engine::open({.time_zone = "Mars/Olympus"}).error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(Engine::open({.threads = 0}).error().code, ErrorCode::kInvalidConfig);
}

TEST_F(EngineTest, RunsEveryStatementAndCountsTheLastsRows) {
    EXPECT_EQ(
        session->execute("create table t as select range as a from range(10); insert into t select 1 from range(5)")
            .value(),
        5u);
    EXPECT_EQ(session->execute("delete from t where a >= 5").value(), 5u);
    EXPECT_EQ(session->execute("update t set a = a").value(), 10u);
    EXPECT_EQ(session->execute("select * from t").value(), 0u);
}

TEST_F(EngineTest, AFailureInAnEarlierStatementStopsTheRest) {
    EXPECT_EQ(code("create table t(a int); insert into t select 1; select if(range = 5000, 'x', '1')::int from "
                   "range(9000); drop table t"),
              ErrorCode::kDataRejected);
    EXPECT_EQ(text("select count(*) from t"), "1");
}

TEST_F(EngineTest, DescribeRunsNothing) {
    const auto columns = session->describe(
        "select 1::decimal(18,4) as price, now() as at, [1] as l, 1::ubigint as u, time '10:00' as t");
    ASSERT_TRUE(columns.has_value());
    std::vector<std::string> types;
    for (const auto& column : *columns) types.push_back(column.name + " " + to_sql(column.type));
    EXPECT_EQ(types, (std::vector<std::string>{"price DECIMAL(18,4)", "at TIMESTAMP WITH TIME ZONE", "l INTEGER[]",
                                               "u DECIMAL(20,0)", "t VARCHAR"}));
    EXPECT_EQ(session->describe("select error('x') from nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(EngineTest, AStreamMakesRowsOnDemandAndANewStatementEndsIt) {
    const auto stream = session->query("select range from range(1000000000000)").value();  // would not fit in memory
    const RowBatch* batch = stream->next().value();
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->text(0, 1), "1");
    EXPECT_EQ(text("select 1"), "1");
    const auto after = stream->next();
    EXPECT_TRUE(!after || *after == nullptr);
}

TEST_F(EngineTest, InterruptStopsARunningStatement) {
    const auto stream = session->query("select range from range(1000000000000)").value();
    ASSERT_TRUE(stream->next().has_value());
    std::jthread other([&] { session->interrupt(); });
    other.join();
    Result<const RowBatch*> batch = nullptr;
    for (int i = 0; i < 10'000 && (batch = stream->next()); ++i) {
    }
    EXPECT_EQ(batch.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(text("select 1"), "1");  // and only that one
}

TEST_F(EngineTest, InterruptOfAnAggregateArrivesFromAnotherThread) {
    std::stop_source stop;
    const InterruptOnStop guard(*session, stop.get_token());
    std::jthread other([&] { stop.request_stop(); });
    EXPECT_EQ(code("select count(*) from range(100000000000) a, range(100) b where a.range % 7 = b.range"),
              ErrorCode::kCancelled);
}

TEST_F(EngineTest, InterruptBetweenStatementsStopsTheNext) {
    session->interrupt();
    EXPECT_EQ(code("select 1"), ErrorCode::kCancelled);
    EXPECT_EQ(text("select 1"), "1");
}

TEST_F(EngineTest, MemoryLimitIsAnErrorWithoutSpillingAndFineWithIt) {
    constexpr auto kSql =
        "select count(*) from (select distinct range::varchar || 'padding to make it long' from range(1500000))";
    const auto tight = Engine::open({.memory_limit_bytes = 24 << 20, .threads = 1}).value();
    EXPECT_EQ(tight->connect().value()->value(kSql).error().code, ErrorCode::kResourceExhausted);

    const auto directory = std::filesystem::temp_directory_path() / ("lagoa-" + new_uuid());
    const auto spilling =
        Engine::open({.memory_limit_bytes = 24 << 20, .threads = 1, .temp_directory = directory}).value();
    EXPECT_EQ(spilling->connect().value()->value(kSql).value_or("failed"), "1500000");
    std::filesystem::remove_all(directory);
}

TEST_F(EngineTest, RowsOfReadsASourceExactly) {
    ASSERT_TRUE(session->add_source("counter", std::make_shared<Counter>(10'000)).has_value());
    ASSERT_TRUE(session->execute("create temp table t as select * from rows_of('counter')").has_value());
    EXPECT_EQ(text("select count(*) || ' ' || count(n) || ' ' || sum(amount) from t"), "10000 8571 42848575.2855");
    EXPECT_EQ(text("select wide || name || len(tags) || day || even || half || small from t where n = 9998"),
              "99980000000000000000000000.00"
              "row number 9998"
              "2"
              "1997-05-17"
              "true"
              "4999.0"
              "98");
    EXPECT_EQ(text("select tags[1] from t where n = 5"), "row number 5");
    EXPECT_EQ(text("select count(*) from t where n is null and tags is null and name is null"), "1429");
}

TEST_F(EngineTest, RowsOfReadsOnlyTheColumnsAskedFor) {
    ASSERT_TRUE(session->add_source("a", std::make_shared<Counter>(5000)).has_value());
    EXPECT_EQ(text("select max(name) from rows_of('a') where n < 10"), "row number 9");
    ASSERT_TRUE(session->add_source("b", std::make_shared<Counter>(5000)).has_value());
    EXPECT_EQ(text("select count(*) from rows_of('b')"), "5000");
}

TEST_F(EngineTest, ASourceIsReadOnceAndItsErrorKeepsItsCode) {
    const auto source = std::make_shared<Counter>(100'000);
    source->fail_at = 5000;
    ASSERT_TRUE(session->add_source("s", source).has_value());
    EXPECT_EQ(session->add_source("s", source).error().code, ErrorCode::kAlreadyExists);
    const auto failed = session->execute("select sum(n) from rows_of('s')");
    EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(failed.error().message, "the source is gone");
    EXPECT_EQ(code("select * from rows_of('s')"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("select * from rows_of('none')"), ErrorCode::kNotFound);
    session = engine->connect().value();
    EXPECT_EQ(code("select * from rows_of('s')"), ErrorCode::kNotFound);
}

TEST_F(EngineTest, UnknownExtensionNamesItsPath) {
    EXPECT_EQ(engine->load_extension("nothing").error().code, ErrorCode::kNotFound);
}

TEST_F(EngineTest, LoadsTheSignedPostgresExtension) {
    const std::filesystem::path directory = ".deps/duckdb-1.5.5/extensions";
    if (!std::filesystem::exists(directory / "postgres_scanner.duckdb_extension"))
        GTEST_SKIP() << "the extension is not set up";
    const auto with = Engine::open({.extension_directory = directory}).value();
    const auto loaded = with->load_extension("postgres_scanner");
    EXPECT_TRUE(loaded.has_value()) << loaded.error().message;
    EXPECT_EQ(with->connect()
                  .value()
                  ->value("select count(*) from duckdb_functions() where function_name = 'postgres_scan'")
                  .value(),
              "1");
}

}  // namespace
}  // namespace lagoa
