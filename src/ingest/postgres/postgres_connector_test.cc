// Goal: relations arrive exactly and out of one snapshot; a server that is down, refuses or lacks a relation
// is named without its password. Method: a private PostgreSQL, read back from the landed Parquet.
#include "ingest/postgres/postgres_connector.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/text.h"
#include "ingest/postgres/snapshot_reader.h"
#include "support/ingest_workbench.h"
#include "support/postgres_server.h"

namespace lagoa::ingest {
namespace {

const std::filesystem::path kExtensions = ".deps/duckdb-1.5.5/extensions";

constexpr std::string_view kYaml = R"(
kind: postgres
dsn: ${DSN:-}
streams:
  - name: prices
    relation: public.prices
    order_by: [id]
    tables: [{table: bronze.prices}]
  - name: labels
    relation: 'public.odd "name'
    tables: [{table: bronze.labels}]
)";

constexpr const char* kTables = R"(
create domain rate as numeric(20,8);
create table prices (id integer, price numeric, factor double precision, cash money, at timestamptz, local timestamp,
                     day date, volume bigint, small smallint, open boolean, symbol character(6), yield rate, real_value real);
insert into prices values
    (10, 282010155659.43243000001, 0.1, 12.34, '2026-11-25 10:00:00.000001-03', '2026-11-25 10:00:00.5', '2026-11-25', 9007199254740993, 7, true, 'PETR4', 1.10000000, 0.3),
    (9, null, 'NaN', null, 'infinity', null, null, null, null, null, null, null, null);
create table "odd ""name" ("Label ""x" text);
insert into "odd ""name" values ('a''b'), (E'tab\there');
create table secret (a text);
create role nobody_special login;
grant select on prices to nobody_special;
)";

class PostgresTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(kExtensions / "postgres_scanner.duckdb_extension"))
            GTEST_SKIP() << "no PostgreSQL reader";
        engine = Engine::open({.extension_directory = kExtensions}).value();
        ASSERT_TRUE(engine->mount("landing", bench.landing).has_value());
        bench.engine = engine.get();
    }

    std::vector<json::Object> rows(const LandedObject& object) {
        const auto session = engine->connect().value();
        return session
            ->rows(
                fmt::format("select * from read_parquet('lagoa://landing/{}', hive_partitioning = false)", object.key))
            .value();
    }

    test::IngestWorkbench bench;
    std::unique_ptr<Engine> engine;
};

class PostgresServerTest : public PostgresTest {
protected:
    static void SetUpTestSuite() {
        auto started = test::PostgresServer::start();
        if (!started) return;
        server = *std::move(started);
        const auto filled = server->execute(kTables);
        ASSERT_TRUE(filled.has_value()) << filled.error().message;
    }
    static void TearDownTestSuite() { server.reset(); }

    void SetUp() override {
        if (!server) GTEST_SKIP() << "no PostgreSQL installed";
        PostgresTest::SetUp();
        bench.environment["DSN"] = server->conninfo() + " password='pw-canary'";
    }

    static inline std::unique_ptr<test::PostgresServer> server;  // one for the suite: it takes seconds to start
};

TEST_F(PostgresServerTest, ValuesArriveExactly) {
    const auto result = bench.ingest(kYaml);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->records, 4u);
    const Manifest manifest = bench.manifests().at(0);
    ASSERT_EQ(manifest.objects.size(), 2u);
    EXPECT_EQ(json::dump(to_json(manifest)).find("pw-canary"), std::string::npos);
    EXPECT_EQ(manifest.objects[0].format, RecordFormat::kParquet);
    EXPECT_EQ(manifest.objects[0].size_bytes, bench.landed(manifest.objects[0]).size());

    const auto prices = rows(manifest.objects[0]);
    ASSERT_EQ(prices.size(), 2u);
    EXPECT_EQ(
        json::dump(prices[0]),
        R"({"id":9,"price":null,"factor":"NaN","cash":null,"at":"infinity","local":null,"day":null,"volume":null,)"
        R"("small":null,"open":null,"symbol":null,"yield":null,"real_value":null})");
    EXPECT_EQ(
        json::dump(prices[1]),
        R"({"id":10,"price":"282010155659.43243000001","factor":"0.1","cash":"12.34","at":"2026-11-25T13:00:00.000001Z",)"
        R"("local":"2026-11-25T10:00:00.500000","day":"2026-11-25","volume":9007199254740993,"small":7,"open":true,)"
        R"("symbol":"PETR4","yield":"1.10000000","real_value":"0.3"})");
    EXPECT_EQ(json::dump(rows(manifest.objects[1]).at(0)), R"({"Label \"x":"a'b"})");
}

TEST_F(PostgresServerTest, AnUnknownRelationOrColumnIsNamedAndTheOthersArrive) {
    const std::string unknown = replace_all(kYaml, "'public.odd \"name'", "public.nothing");
    const auto result = bench.ingest(unknown);
    ASSERT_TRUE(result.has_value()) << result.error().message;
    ASSERT_EQ(result->failures.size(), 1u);
    EXPECT_EQ(result->failures[0].code, info(ErrorCode::kNotFound).name);
    EXPECT_NE(result->failures[0].message.find("public.nothing"), std::string::npos);

    const std::string only_unknown = replace_all(unknown, "public.prices", "elsewhere.prices");
    EXPECT_EQ(bench.ingest(only_unknown).error().code, ErrorCode::kNotFound);
    const auto no_column = bench.ingest(replace_all(unknown, "order_by: [id]", "order_by: [identity]"));
    EXPECT_EQ(no_column.error().code, ErrorCode::kNotFound);
    EXPECT_NE(no_column.error().message.find("identity"), std::string::npos);
}

TEST_F(PostgresServerTest, ARelationThatMayNotBeReadIsPermissionDenied) {
    bench.environment["DSN"] = server->conninfo() + " user=nobody_special";
    const auto result = bench.ingest(replace_all(kYaml, "'public.odd \"name'", "secret"));
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->failures.at(0).code, info(ErrorCode::kPermissionDenied).name);
}

TEST_F(PostgresServerTest, AllRelationsAreOfOneSnapshot) {
    ASSERT_TRUE(
        server->execute("create table first as select 1 as a; create table second as select 1 as a").has_value());
    const Dsn dsn = Dsn::parse(server->conninfo()).value();
    auto reader = SnapshotReader::open(*engine, dsn, {});
    ASSERT_TRUE(reader.has_value()) << reader.error().message;
    const std::string first = (*reader)->select_of("first", {}).value();
    EXPECT_EQ((*reader)->copy(first, "lagoa://landing/first.parquet").value(), 1u);

    ASSERT_TRUE(server->execute("insert into first values (2); insert into second values (2)").has_value());

    EXPECT_EQ((*reader)->copy(first, "lagoa://landing/again.parquet").value(), 1u);
    EXPECT_EQ((*reader)->copy((*reader)->select_of("second", {}).value(), "lagoa://landing/second.parquet").value(),
              1u);
}

TEST_F(PostgresServerTest, NothingIsWrittenAndNothingStaysAttached) {
    const Dsn dsn = Dsn::parse(server->conninfo()).value();
    {
        auto reader = SnapshotReader::open(*engine, dsn, {});
        ASSERT_TRUE(reader.has_value());
        EXPECT_FALSE((*reader)
                         ->copy("insert into prices (id) values (77) returning id", "lagoa://landing/x.parquet")
                         .has_value());
    }
    const auto session = engine->connect().value();
    EXPECT_EQ(session->value("select count(*) from duckdb_databases() where type = 'postgres'").value(), "0");
}

TEST_F(PostgresTest, AServerThatIsDownIsNamedWithoutItsPassword) {
    for (const auto* dsn : {"host=127.0.0.1 port=1 dbname=legacy user=a password=pw-canary",
                            "postgresql://a:pw%2Dcanary@127.0.0.1:1/legacy"}) {
        bench.environment["DSN"] = dsn;
        const auto result = bench.ingest(kYaml);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
        EXPECT_NE(result.error().message.find("127.0.0.1:1/legacy"), std::string::npos) << result.error().message;
        EXPECT_EQ((result.error().message + result.error().hint).find("canary"), std::string::npos)
            << result.error().message;
        EXPECT_NE(result.error().hint.find("DSN"), std::string::npos) << result.error().hint;
    }
    EXPECT_TRUE(bench.manifests().empty());
}

TEST_F(PostgresTest, AnEmptyDsnIsAFaultOfTheConfiguration) {
    bench.environment.clear();
    const auto result = bench.ingest(kYaml);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidConfig);
    EXPECT_NE(result.error().hint.find("DSN"), std::string::npos);
}

TEST_F(PostgresTest, AMissingReaderIsNotFound) {
    const auto bare = Engine::open({.extension_directory = bench.directory.path()}).value();
    bench.engine = bare.get();
    bench.environment["DSN"] = "host=127.0.0.1 port=1";
    EXPECT_EQ(bench.ingest(kYaml).error().code, ErrorCode::kNotFound);
}

TEST(PostgresDsn, IsReadAsLibpqDoes) {
    const Dsn url = Dsn::parse("postgresql://user:p%40ss@db.example:6543/legacy?sslmode=require").value();
    EXPECT_EQ(url.place, "db.example:6543/legacy");
    EXPECT_NE(url.conninfo.find("password='p@ss'"), std::string::npos);
    EXPECT_NE(url.conninfo.find("sslmode='require'"), std::string::npos);
    EXPECT_NE(url.conninfo.find("connect_timeout='10'"), std::string::npos);
    EXPECT_EQ(url.redact("p@ss p%40ss"), "*** ***");
    EXPECT_NE(Dsn::parse("host=h password='it\\'s' connect_timeout=3").value().conninfo.find("password='it\\'s'"),
              std::string::npos);

    const auto bad = Dsn::parse("host=x pa ss-word");
    EXPECT_EQ(bad.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(bad.error().message.find("word"), std::string::npos);
}

}  // namespace
}  // namespace lagoa::ingest
