// Goal: UPDATE gives the rows it says their new values and changes nothing else of them. Method: statements on tables
// of every kind, with rows that move between partitions, in blocks and in sessions that race.

#include <thread>

#include "catalog/duckdb/lake_change_fixture_test.h"
#include "engine/row_source.h"

namespace lagoa {
namespace {

using test::LakeChangeFixture;
using test::table_kinds;
using test::TableKind;

class LakeUpdateTest : public LakeChangeFixture {
protected:
    void make(Session& session, const TableKind& kind, const std::string& partitioned = "") {
        run(session,
            fmt::format("CREATE OR REPLACE TABLE bronze.t (x BIGINT, s VARCHAR, n STRUCT(a BIGINT, b VARCHAR), "
                        "l BIGINT[], day DATE) {} {}",
                        partitioned, kind.properties));
        run(session,
            "INSERT INTO bronze.t SELECT i, 'a' || i, {'a': i, 'b': 'q'}, [i, i], DATE '2026-01-01' FROM range(0, 4) "
            "r(i)");
        run(session, "INSERT INTO bronze.t SELECT i, NULL, NULL, NULL, NULL FROM range(4, 8) r(i)");
    }
};

TEST_F(LakeUpdateTest, SetsColumnsAndKeepsTheOthers) {
    for (const TableKind& kind : table_kinds()) {
        for (const char* partitioned : {"", "PARTITIONED BY (day)"}) {
            SCOPED_TRACE(std::string(kind.name) + partitioned);
            const auto session = connect();
            make(*session, kind, partitioned);
            EXPECT_EQ(changed(*session, "UPDATE bronze.t SET s = 'new' || x WHERE x % 2 = 1"), 4U);
            EXPECT_EQ(rows(*session, "SELECT s FROM bronze.t WHERE s IS NOT NULL"), "a0 a2 new1 new3 new5 new7");
            EXPECT_EQ(value(*session, "SELECT n.a + l[2] FROM bronze.t WHERE x = 3"), "6");
            EXPECT_EQ(changed(*session, "UPDATE bronze.t SET x = x + 100, n = {'a': x, 'b': NULL}"), 8U);
            EXPECT_EQ(value(*connect(), "SELECT sum(x) || ' ' || sum(n.a) FROM bronze.t"), "828 28");
            EXPECT_EQ(changed(*session, "UPDATE bronze.t SET s = NULL WHERE s IS NULL"), 2U);
            EXPECT_EQ(changed(*session, "UPDATE bronze.t SET s = 'no' WHERE x = 1"), 0U);
            EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t"), "8");
        }
    }
}

TEST_F(LakeUpdateTest, MovesRowsBetweenPartitions) {
    for (const TableKind& kind : table_kinds()) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        make(*session, kind, "PARTITIONED BY (day)");
        EXPECT_EQ(changed(*session, "UPDATE bronze.t SET day = DATE '2026-02-01' WHERE x IN (3, 4)"), 2U);
        EXPECT_EQ(changed(*session, "UPDATE bronze.t SET day = NULL WHERE x = 0"), 1U);
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE day = DATE '2026-02-01'"), "3 4");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE day IS NULL"), "0 5 6 7");
    }
}

TEST_F(LakeUpdateTest, FromJoinsOnceForEachRow) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session, "CREATE TABLE silver.s AS SELECT * FROM (VALUES (1, 'one'), (5, 'five'), (NULL, 'none')) v(k, t)");
    EXPECT_EQ(changed(*session, "UPDATE bronze.t SET s = u.t FROM silver.s u WHERE x = u.k"), 2U);
    EXPECT_EQ(rows(*session, "SELECT s FROM bronze.t WHERE x IN (1, 5)"), "five one");
    run(*session, "INSERT INTO silver.s VALUES (5, 'FIVE')");
    const auto before = keys("bronze");
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET s = u.t FROM silver.s u WHERE x = u.k"),
              ErrorCode::kDataRejected);
    EXPECT_EQ(keys("bronze"), before) << "what was staged is gone";
    EXPECT_EQ(value(*session, "SELECT s FROM bronze.t WHERE x = 5"), "five");
}

TEST_F(LakeUpdateTest, ChecksNewValues) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (x BIGINT NOT NULL, y TINYINT); INSERT INTO bronze.t VALUES (1, 1), (2, 2)");
    const auto before = keys("bronze");
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET x = NULL WHERE y = 2"), ErrorCode::kDataRejected);
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET y = 1000"), ErrorCode::kDataRejected);
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET z = 1"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET x = 1 RETURNING x"), ErrorCode::kUnsupported);
    EXPECT_EQ(keys("bronze"), before);
    EXPECT_EQ(value(*session, "SELECT sum(x) || ' ' || sum(y) FROM bronze.t"), "3 3");
}

TEST_F(LakeUpdateTest, ATableOfOneColumn) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(4) r(i)");
    EXPECT_EQ(changed(*session, "UPDATE bronze.t SET x = -x WHERE x > 1"), 2U);
    EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "-2 -3 0 1");
}

TEST_F(LakeUpdateTest, RowsThatAreTrackedKeepTheirIds) {
    for (const char* vectors : {"false", "true"}) {
        const auto session = connect();
        run(*session, fmt::format("CREATE OR REPLACE TABLE bronze.t (x BIGINT, s VARCHAR) WITH "
                                  "(\"delta.enableRowTracking\" = 'true', \"delta.enableDeletionVectors\" = '{}')",
                                  vectors));
        run(*session, "INSERT INTO bronze.t SELECT i, 'a' FROM range(6) r(i)");
        const std::string before = rows(*session, "SELECT x || ':' || _row_id FROM bronze.t");
        run(*session, "UPDATE bronze.t SET s = 'b' WHERE x IN (2, 4)");
        run(*session, "UPDATE bronze.t SET s = 'c' WHERE x IN (4, 5)");
        EXPECT_EQ(rows(*session, "SELECT x || ':' || _row_id FROM bronze.t"), before) << vectors;
        const auto version = std::to_string(snapshot("t")->version);
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t WHERE _row_commit_version = " + version), "4 5");
    }
}

TEST_F(LakeUpdateTest, AfterColumnsWereRenamedAndAdded) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (x BIGINT, s STRUCT(a BIGINT)) WITH (\"delta.columnMapping.mode\" = 'name')");
    run(*session, "INSERT INTO bronze.t VALUES (1, {'a': 1}), (2, {'a': 2})");
    run(*session, "ALTER TABLE bronze.t RENAME COLUMN x TO y; ALTER TABLE bronze.t ADD COLUMN z VARCHAR");
    EXPECT_EQ(changed(*session, "UPDATE bronze.t SET z = 'z' || y WHERE y = 2"), 1U);
    EXPECT_EQ(rows(*connect(), "SELECT y || coalesce(z, '-') || s.a FROM bronze.t"), "1-1 2z22");
}

TEST_F(LakeUpdateTest, ABlockSeesWhatItHasUpdated) {
    for (const TableKind& kind : {table_kinds()[0], table_kinds()[1]}) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        make(*session, kind);
        const auto version = snapshot("t")->version;
        run(*session, "BEGIN; UPDATE bronze.t SET x = x + 10 WHERE x < 2; UPDATE bronze.t SET x = x + 10 WHERE x = 11");
        run(*session, "DELETE FROM bronze.t WHERE x = 10; INSERT INTO bronze.t (x) VALUES (0)");
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t WHERE x NOT BETWEEN 2 AND 7"), "0 21");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE x NOT BETWEEN 2 AND 7"), "0 1");
        run(*session, "COMMIT");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE x NOT BETWEEN 2 AND 7"), "0 21");
        EXPECT_EQ(snapshot("t")->version, version + 1);
        run(*session, "BEGIN; UPDATE bronze.t SET x = 99; ROLLBACK");
        EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t WHERE x = 99"), "0");
    }
}

TEST_F(LakeUpdateTest, CountersThatRaceLoseNothing) {
    constexpr int kSessions = 4;
    constexpr int kTurns = 5;
    run(*connect(), "CREATE TABLE bronze.t AS SELECT 0 AS x");
    std::vector<std::jthread> threads;
    for (int i = 0; i < kSessions; ++i)
        threads.emplace_back([this] {
            const auto own = connect();
            for (int k = 0; k < kTurns; ++k) EXPECT_EQ(changed(*own, "UPDATE bronze.t SET x = x + 1"), 1U);
        });
    threads.clear();
    EXPECT_EQ(value(*connect(), "SELECT x FROM bronze.t"), std::to_string(kSessions * kTurns));
}

TEST_F(LakeUpdateTest, AnInterruptedUpdateLeavesNothing) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x, 0::BIGINT AS y FROM range(1000) r(i)");
    const auto before = keys("bronze");
    ASSERT_TRUE(session->add_source("endless", std::make_shared<test::InterruptingSource>(*session)));
    EXPECT_EQ(error_of(*session, "UPDATE bronze.t SET y = k FROM rows_of('endless') WHERE x = k"),
              ErrorCode::kCancelled);
    EXPECT_EQ(keys("bronze"), before);
    EXPECT_EQ(value(*session, "SELECT sum(y) FROM bronze.t"), "0");
}

}  // namespace
}  // namespace lagoa
