// Goal: views and dropped tables are of the lake version, for every session alike; what old versions need stays, and
// what has expired says so. Method: lakes over memory stores with a clock of the test's, in SQL.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"

namespace lagoa {
namespace {

const TableName kStocks{"silver", "stocks"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};
const Cut kPublished{.pins = {}};

struct LakeViews : testing::Test {
    test::FakeClock clock;
    std::unique_ptr<Engine> engine = Engine::open({}).value();
    std::unique_ptr<Lake> lake = Lake::open({.zones = {{"silver", make_memory_store()}, {"gold", make_memory_store()}},
                                             .log = make_memory_store(),
                                             .engine = engine.get(),
                                             .clock = &clock,
                                             .contracted = {{"silver", "promised"}}})
                                     .value();
    std::unique_ptr<Session> session = lake->connect(kHead).value();

    static Cut at(std::uint64_t version) { return {.base = Cut::Base::kVersion, .lake_version = version, .pins = {}}; }

    static std::string answer(Session& in, std::string_view sql) {
        const auto value = in.value(sql);
        return value ? value->value_or("NULL") : std::string(info(value.error().code).name);
    }
    std::string read(std::string_view sql, const Cut& cut) { return answer(*lake->connect(cut).value(), sql); }

    ErrorCode error(std::string_view sql) {
        const auto done = session->execute(sql);
        return done ? ErrorCode::kInternal : done.error().code;
    }
    void run(std::string_view sql) {
        const auto done = session->execute(sql);
        ASSERT_TRUE(done.has_value()) << sql << "\n" << done.error().message;
    }

    LakeVersion publish(const TableName& table = kStocks) {
        const auto newest = lake->snapshot(table, kHead).value();
        return lake->log()
            .publish({.tables = {{table, {table.zone + "/" + table.table, newest->version}}}},
                     lake->log().latest().value(), "run")
            .value();
    }
};

TEST_F(LakeViews, AnOldVersionSeesItsOwnViewOverItsOwnTables) {
    run("CREATE TABLE silver.stocks AS SELECT 1 AS k");
    publish();
    run("CREATE VIEW gold.v AS SELECT sum(k)::INT AS s FROM silver.stocks");
    const std::uint64_t first = lake->log().latest()->version;
    run("INSERT INTO silver.stocks VALUES (10)");
    EXPECT_EQ(read("SELECT * FROM gold.v", kHead), "11");
    EXPECT_EQ(read("SELECT * FROM gold.v", kPublished), "1");
    const std::uint64_t second = publish().version;
    run("CREATE OR REPLACE VIEW gold.v AS SELECT max(k) * 100 AS s FROM silver.stocks");
    EXPECT_EQ(read("SELECT s FROM gold.v", kPublished), "1000");
    EXPECT_EQ(read("SELECT s FROM gold.v", at(second)), "11");
    EXPECT_EQ(read("SELECT s FROM gold.v", at(first)), "1");
    EXPECT_EQ(read("SELECT s FROM gold.v", at(first - 1)), "not_found");
    run("DROP VIEW gold.v");
    EXPECT_EQ(read("SELECT s FROM gold.v", kHead), "not_found");
    EXPECT_EQ(read("SELECT s FROM gold.v", at(second)), "11");
}

TEST_F(LakeViews, APublishedSessionSeesItsOwnChangesAndAHeadSessionThoseOfOthers) {
    run("CREATE TABLE silver.stocks AS SELECT 1 AS k");
    publish();
    const auto published = lake->connect(kPublished).value();
    const auto other = lake->connect(kPublished).value();
    const auto head = lake->connect(kHead).value();
    ASSERT_TRUE(published->execute("CREATE VIEW gold.v AS SELECT 5 AS five"));
    EXPECT_EQ(answer(*published, "SELECT * FROM gold.v"), "5");
    EXPECT_EQ(answer(*head, "SELECT * FROM gold.v"), "5");
    EXPECT_EQ(answer(*other, "SELECT * FROM gold.v"), "not_found") << "its lake version is from before";
    EXPECT_EQ(other->execute("CREATE VIEW gold.v AS SELECT 6").error().code, ErrorCode::kConflict);
    ASSERT_TRUE(published->execute("DROP TABLE silver.stocks"));
    EXPECT_EQ(answer(*published, "SELECT * FROM silver.stocks"), "not_found");
    EXPECT_EQ(answer(*head, "SELECT * FROM silver.stocks"), "not_found");
    EXPECT_EQ(answer(*other, "SELECT * FROM silver.stocks"), "1");
    ASSERT_TRUE(published->execute("CREATE TABLE silver.stocks AS SELECT 'new' AS name"));
    EXPECT_EQ(answer(*published, "SELECT * FROM silver.stocks"), "new");
    EXPECT_EQ(answer(*other, "SELECT * FROM silver.stocks"), "1");
}

// Whatever a session has of its own, a view may not need it.
TEST_F(LakeViews, AViewIsTheSameForEverySession) {
    run("CREATE TABLE silver.stocks AS SELECT 1 AS k; CREATE TABLE gold.totals AS SELECT 2 AS k");
    run("USE lake.gold");
    run("CREATE VIEW silver.same_zone AS SELECT k FROM stocks");
    EXPECT_EQ(error("CREATE VIEW silver.other_zone AS SELECT k FROM totals"), ErrorCode::kInvalidArgument);
    run("CREATE VIEW named AS SELECT k FROM silver.stocks UNION ALL SELECT k FROM lake.gold.totals");
    EXPECT_EQ(read("SELECT sum(k)::INT FROM gold.named", kHead), "3");
    EXPECT_EQ(read("SELECT k FROM silver.same_zone", kHead), "1");
    run("CREATE TEMP TABLE mine AS SELECT 1 AS k; CREATE TEMP MACRO twice(x) AS x * 2; CREATE TEMP VIEW seen AS SELECT "
        "1");
    for (const char* select :
         {"SELECT * FROM mine", "SELECT twice(k) FROM silver.stocks", "SELECT * FROM seen", "SELECT * FROM temp.mine",
          "SELECT (SELECT max(k) FROM mine)", "WITH w AS (SELECT * FROM mine) SELECT * FROM w"})
        EXPECT_NE(error(std::string("CREATE VIEW gold.x AS ") + select), ErrorCode::kInternal) << select;
    for (const char* select :
         {"SELECT * FROM read_blob('/etc/hostname')", "SELECT * FROM read_text('/etc/hostname')",
          "SELECT * FROM glob('/etc/*')", "SELECT * FROM duckdb_tables()", "SELECT * FROM information_schema.tables",
          "SELECT * FROM silver.stocks WHERE k IN (SELECT length(content) FROM read_text('/etc/hostname'))",
          "WITH w AS (SELECT * FROM read_text('/etc/hostname')) SELECT * FROM w"})
        EXPECT_EQ(error(std::string("CREATE VIEW gold.x AS ") + select), ErrorCode::kUnsupported) << select;
    run("CREATE VIEW gold.x(a, \"B c\") AS SELECT i, i * i, unnest([1]) FROM range(3) AS r(i)");
    EXPECT_EQ(read("SELECT sum(\"B c\")::INT FROM gold.x", kHead), "5");
    EXPECT_EQ(read("SELECT count(*) FROM duckdb_columns() WHERE table_name = 'x'", kHead), "3");
}

TEST_F(LakeViews, NoViewReadsItself) {
    run("CREATE VIEW gold.a AS SELECT 1 AS k; CREATE VIEW gold.b AS SELECT k FROM gold.a");
    EXPECT_EQ(error("CREATE OR REPLACE VIEW gold.a AS SELECT k FROM gold.a"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("CREATE OR REPLACE VIEW gold.a AS SELECT k FROM gold.b"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("CREATE OR REPLACE VIEW gold.a AS SELECT 1 WHERE EXISTS (FROM gold.b)"),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(read("SELECT k FROM gold.b", kHead), "1");
    run("DROP VIEW gold.a");
    EXPECT_EQ(error("CREATE VIEW gold.a AS SELECT k FROM gold.b"), ErrorCode::kNotFound) << "b is broken until then";
    EXPECT_EQ(read("SELECT count(*) FROM duckdb_views() WHERE schema_name = 'gold'", kHead), "1") << "yet listed";
}

TEST_F(LakeViews, WhatIsRefusedChangesNothing) {
    run("CREATE TABLE silver.stocks AS SELECT 1 AS k; CREATE VIEW gold.v AS SELECT 1 AS one");
    const auto before = lake->log().latest().value();
    EXPECT_EQ(error("CREATE VIEW gold.v AS SELECT 2"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(error("CREATE VIEW silver.stocks AS SELECT 2"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(error("CREATE VIEW silver.promised AS SELECT 2"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(error("CREATE TABLE gold.v AS SELECT 2 AS two"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(error("CREATE VIEW gold.\"A b\" AS SELECT 2"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("CREATE VIEW gold.x AS SELECT $1"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("DROP TABLE gold.v"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("DROP VIEW silver.stocks"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error("DROP TABLE silver.nothing"), ErrorCode::kNotFound);
    EXPECT_EQ(error("INSERT INTO gold.v VALUES (1)"), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(lake->write(*session, {.table = {"silver", "promised"}, .select = "SELECT 1 AS k"}));
    EXPECT_EQ(error("DROP TABLE silver.promised"), ErrorCode::kUnsupported);
    for (const char* statement : {"CREATE VIEW gold.x AS SELECT 1", "DROP VIEW gold.v", "DROP TABLE silver.stocks"}) {
        run("BEGIN");
        EXPECT_EQ(error(statement), ErrorCode::kUnsupported) << statement;
        run("ROLLBACK");
    }
    const auto old = lake->connect(at(before.version)).value();
    EXPECT_EQ(old->execute("DROP VIEW gold.v").error().code, ErrorCode::kUnsupported);
    run("CREATE VIEW IF NOT EXISTS gold.v AS SELECT 2; DROP VIEW IF EXISTS gold.w; DROP TABLE IF EXISTS gold.w");
    EXPECT_EQ(lake->log().latest()->version, before.version);
    EXPECT_EQ(read("SELECT * FROM gold.v", kHead), "1");
}

TEST_F(LakeViews, OfRacingCreatorsOneWins) {
    constexpr int kThreads = 4;
    std::atomic<int> won = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                const auto own = lake->connect(kHead).value();
                const auto made = own->execute(fmt::format("CREATE VIEW gold.v AS SELECT {} AS n", t));
                if (made)
                    ++won;
                else
                    EXPECT_TRUE(made.error().code == ErrorCode::kConflict ||
                                made.error().code == ErrorCode::kAlreadyExists)
                        << made.error().message;
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lake->log().latest()->version, 1u);
}

TEST_F(LakeViews, ADroppedTableIsMadeAnewWithItsHistory) {
    run("CREATE TABLE silver.stocks AS SELECT 1 AS k");
    publish();
    run("DROP TABLE silver.stocks");
    EXPECT_EQ(lake->snapshot(kStocks, kHead).error().code, ErrorCode::kNotFound);
    const auto left = lake->tables(kHead).value();
    for (const auto& table : left) EXPECT_NE(table.name, kStocks);
    EXPECT_EQ(error("INSERT INTO silver.stocks VALUES (2)"), ErrorCode::kNotFound);
    const auto written = lake->write(*session, {.table = kStocks, .select = "SELECT 'x' AS name"});
    ASSERT_TRUE(written.has_value()) << written.error().message;
    EXPECT_EQ(written->version, 1);
    EXPECT_EQ(read("SELECT name FROM silver.stocks", kHead), "x");
    publish();
    EXPECT_EQ(read("SELECT name FROM silver.stocks", kPublished), "x");
    EXPECT_EQ(read("SELECT k FROM silver.stocks", at(1)), "1");
    EXPECT_TRUE(lake->log().latest()->dropped.empty());
}

// Method: a commit a day for half a year, with checkpoints and clean-up; one version tagged.
TEST_F(LakeViews, CleanUpKeepsWhatIsTaggedOrWithinRetention) {
    clock.advance(system_clock().now() - clock.now() - std::chrono::days(200));  // objects are dated by the machine
    run("CREATE TABLE silver.stocks AS SELECT 0 AS k");
    publish();
    const auto commit_days = [&](int days) {
        for (int day = 0; day < days; ++day) {
            clock.advance(std::chrono::days(1));
            run("INSERT INTO silver.stocks VALUES (1)");
            publish();
        }
    };
    commit_days(10);
    const LakeVersion tagged = lake->log().latest().value();
    ASSERT_TRUE(lake->log().publish({.tags = {{"kept", tagged.version}}}, tagged, "").has_value());
    commit_days(60);
    EXPECT_EQ(read("SELECT count(*) FROM silver.stocks", at(tagged.version)), "11");
    ASSERT_TRUE(lake->log().publish({.dropped_tags = {"kept"}}, lake->log().latest().value(), "").has_value());
    commit_days(60);
    clock.advance(std::chrono::days(100));  // the log's own retention is over too
    commit_days(10);
    const auto expired = lake->connect(at(tagged.version)).value()->value("SELECT count(*) FROM silver.stocks");
    ASSERT_FALSE(expired.has_value());
    EXPECT_EQ(expired.error().code, ErrorCode::kNotFound);
    EXPECT_NE(expired.error().message.find("expired"), std::string::npos) << expired.error().message;
    const std::uint64_t newest = lake->log().latest()->version;
    EXPECT_EQ(read("SELECT count(*) FROM silver.stocks", at(newest - 5)), "136");
    EXPECT_EQ(read("SELECT count(*) FROM silver.stocks", kPublished), "141");
}

}  // namespace
}  // namespace lagoa
