// Goal: DELETE takes out the rows it says and no others, whatever keeps them, and loses to no other writer. Method:
// statements on tables of every kind, in blocks, in sessions that race, and over a store that fails at each operation.

#include <thread>

#include "catalog/duckdb/lake_change_fixture_test.h"
#include "engine/row_source.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::FaultyStore;
using test::LakeChangeFixture;
using test::table_kinds;
using test::TableKind;

class LakeDeleteTest : public LakeChangeFixture {
protected:
    // Ten rows in three files, one of them alone in its partition.
    void make(Session& session, const TableKind& kind, const std::string& partitioned = "") {
        run(session, fmt::format("CREATE OR REPLACE TABLE bronze.t (x BIGINT, s VARCHAR, day DATE) {} {}", partitioned,
                                 kind.properties));
        run(session, "INSERT INTO bronze.t SELECT i, 'a' || i, DATE '2026-01-01' FROM range(0, 4) r(i)");
        run(session, "INSERT INTO bronze.t SELECT i, NULL, DATE '2026-01-02' FROM range(4, 8) r(i)");
        run(session, "INSERT INTO bronze.t VALUES (8, 'z', NULL), (NULL, 'n', NULL)");
    }
};

TEST_F(LakeDeleteTest, TakesOutWhatTheConditionSays) {
    for (const TableKind& kind : table_kinds()) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        for (const char* partitioned : {"", "PARTITIONED BY (day)"}) {
            make(*session, kind, partitioned);
            EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x IN (1, 2, 5)"), 3U);
            EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "0 3 4 6 7 8");
            EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "7");
            EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x IS NULL"), 1U);
            EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE day = DATE '2026-01-02'"), 3U);
            EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x = 99"), 0U);
            EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t"), "0 3 8");
            EXPECT_EQ(changed(*session, "DELETE FROM bronze.t"), 3U);
            EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "0");
            EXPECT_TRUE(snapshot("t")->files.empty());
        }
    }
}

TEST_F(LakeDeleteTest, TruncateTakesOutAll) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session, "TRUNCATE bronze.t");
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "0");
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t AT (VERSION => 3)"), "10") << "history stays";
}

TEST_F(LakeDeleteTest, UsingAndSubqueriesFindRowsAndCountEachOnce) {
    const auto session = connect();
    make(*session, table_kinds()[1]);
    run(*session, "CREATE TABLE silver.keys AS SELECT * FROM (VALUES (1), (1), (4), (77), (NULL)) v(k)");
    EXPECT_EQ(changed(*session, "DELETE FROM bronze.t USING silver.keys WHERE x = k"), 2U);
    EXPECT_EQ(changed(*session, "DELETE FROM bronze.t AS t USING (SELECT 2 AS a) u, (SELECT 1 AS b) w WHERE t.x = a"),
              1U);
    EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x = (SELECT max(x) FROM bronze.t)"), 1U);
    EXPECT_EQ(changed(*session, "WITH k AS (SELECT 3 AS k) DELETE FROM bronze.t WHERE x IN (SELECT k FROM k)"), 1U);
    EXPECT_EQ(changed(*session, "DELETE FROM bronze.t AS t WHERE EXISTS (FROM silver.keys WHERE k + 3 = t.x)"), 1U)
        << "77 and NULL match nothing, 1 + 3 is gone, 4 + 3 is 7";
    EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "0 5 6");
}

TEST_F(LakeDeleteTest, WritesDeletionVectorsOnlyWhereTheyAreEnabled) {
    const auto session = connect();
    for (const TableKind& kind : table_kinds()) {
        SCOPED_TRACE(kind.name);
        make(*session, kind);
        const auto before = snapshot("t");
        run(*session, "DELETE FROM bronze.t WHERE x = 1");
        const auto after = snapshot("t");
        const auto with_vector =
            std::ranges::count_if(std::vector<delta::AddFile>(after->files.begin(), after->files.end()),
                                  [](const delta::AddFile& file) { return file.deletion_vector.has_value(); });
        EXPECT_EQ(with_vector, kind.deletion_vectors ? 1 : 0);
        EXPECT_EQ(after->version, before->version + 1);
        run(*session, "DELETE FROM bronze.t WHERE x = 2");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t"), "0 3 4 5 6 7 8");
    }
}

TEST_F(LakeDeleteTest, SaysWhatItDidInTheLog) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session, "DELETE FROM bronze.t WHERE x = 1");
    const json::Object commit = last_commit("t");
    EXPECT_EQ(json::Value(commit).string_at("operation"), "DELETE");
    const json::Value& parameters = *commit.find("operationParameters");
    EXPECT_NE(json::dump(parameters).find("x = 1"), std::string::npos) << json::dump(parameters);
}

TEST_F(LakeDeleteTest, BuildsOnTheNewestVersionWhateverTheSessionReads) {
    const auto writer = connect();
    make(*writer, table_kinds()[0]);
    const auto session = connect({{TableName{"bronze", "t"}, 1}});
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "4");
    EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x >= 3"), 6U) << "rows that the session has not seen";
    EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "0 1 2") << "and now sees what it wrote";
    EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t"), "0 1 2");
    EXPECT_EQ(error_of(*session, "DELETE FROM bronze.t AT (VERSION => 1) WHERE x = 1") == ErrorCode::kInternal, false)
        << "an old version cannot be changed";
    EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t"), "0 1 2");
}

TEST_F(LakeDeleteTest, ABlockSeesItsDeletionsAndCommitsThemTogetherOrNotAtAll) {
    for (const TableKind& kind : table_kinds()) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        const auto other = connect();
        make(*session, kind);
        const auto version = snapshot("t")->version;
        run(*session, "BEGIN; DELETE FROM bronze.t WHERE x < 2");
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t WHERE x < 6"), "2 3 4 5");
        run(*session, "DELETE FROM bronze.t WHERE x IN (2, 3, 4)");
        EXPECT_EQ(changed(*session, "DELETE FROM bronze.t WHERE x = 2"), 0U) << "it is gone already";
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "5 6 7 8");
        EXPECT_EQ(rows(*other, "SELECT x FROM bronze.t"), "0 1 2 3 4 5 6 7 8");
        run(*session, "ROLLBACK");
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t"), "0 1 2 3 4 5 6 7 8");
        EXPECT_EQ(snapshot("t")->version, version);

        run(*session, "BEGIN; DELETE FROM bronze.t WHERE x < 2; DELETE FROM bronze.t WHERE x = 2; COMMIT");
        EXPECT_EQ(rows(*other, "SELECT x FROM bronze.t"), "3 4 5 6 7 8");
        EXPECT_EQ(snapshot("t")->version, version + 1);
    }
}

TEST_F(LakeDeleteTest, ABlockDeletesWhatItHasInserted) {
    for (const TableKind& kind : {table_kinds()[0], table_kinds()[1]}) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        make(*session, kind);
        run(*session, "BEGIN; INSERT INTO bronze.t VALUES (20, 'x', NULL), (21, 'y', NULL)");
        run(*session, "DELETE FROM bronze.t WHERE x IN (20, 0)");
        EXPECT_EQ(rows(*session, "SELECT x FROM bronze.t WHERE x NOT BETWEEN 1 AND 8"), "21");
        run(*session, "COMMIT");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE x NOT BETWEEN 1 AND 8"), "21");

        run(*session, "BEGIN; CREATE OR REPLACE TABLE bronze.u AS SELECT i AS x FROM range(5) r(i)");
        run(*session, "DELETE FROM bronze.u WHERE x > 2; COMMIT");
        EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.u"), "0 1 2");
    }
}

TEST_F(LakeDeleteTest, AConflictInABlockIsReported) {
    const auto one = connect();
    const auto two = connect();
    make(*one, table_kinds()[0]);
    run(*one, "BEGIN; DELETE FROM bronze.t WHERE x = 1");
    run(*two, "DELETE FROM bronze.t WHERE x = 2");  // of the same file
    EXPECT_EQ(error_of(*one, "COMMIT"), ErrorCode::kConflict);
    EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE x < 4"), "0 1 3");

    run(*one, "BEGIN; DELETE FROM bronze.t WHERE x = 1");
    run(*two, "DELETE FROM bronze.t WHERE x = 5");  // of another
    run(*one, "COMMIT");
    EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t WHERE x < 8"), "0 3 4 6 7");
}

TEST_F(LakeDeleteTest, AppendsThatTheFilterRulesOutAreNoConflict) {
    const auto one = connect();
    const auto two = connect();
    run(*one, "CREATE TABLE bronze.t (x BIGINT) WITH (\"delta.isolationLevel\" = 'Serializable')");
    run(*one, "INSERT INTO bronze.t SELECT i FROM range(10) r(i)");
    run(*one, "BEGIN; DELETE FROM bronze.t WHERE x = 5");
    run(*two, "INSERT INTO bronze.t VALUES (100), (200)");
    run(*one, "COMMIT");
    run(*one, "BEGIN; DELETE FROM bronze.t WHERE x = 6");
    run(*two, "INSERT INTO bronze.t VALUES (6)");
    EXPECT_EQ(error_of(*one, "COMMIT"), ErrorCode::kConflict);
    EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t"), "12");
}

TEST_F(LakeDeleteTest, SessionsThatRaceAllSucceed) {
    constexpr int kSessions = 4;
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(40) r(i)");
    std::vector<std::jthread> threads;
    for (int i = 0; i < kSessions; ++i)
        threads.emplace_back([this, i] {
            const auto own = connect();
            for (int k = 0; k < 3; ++k)
                EXPECT_EQ(changed(*own, fmt::format("DELETE FROM bronze.t WHERE x = {}", 10 * i + k)), 1U);
        });
    threads.clear();
    EXPECT_EQ(value(*connect(), "SELECT count(*) || ' ' || min(x % 10) FROM bronze.t"), "28 3");
}

TEST_F(LakeDeleteTest, DeletesFromATableWithAContract) {
    const auto location = delta::TableLocation{stores_.at("bronze").get(), parquet_.get(), "contracted"};
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(4) r(i)");
    // The files of a table that SQL may write, under the name of one that it may not.
    for (const std::string& key : keys("bronze"))
        ASSERT_TRUE(stores_.at("bronze")->put("contracted" + key.substr(1), *stores_.at("bronze")->get(key)));
    const auto other = connect();
    EXPECT_EQ(error_of(*other, "UPDATE bronze.contracted SET x = 1"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*other,
                       "MERGE INTO bronze.contracted t USING (SELECT 1 AS x) s ON t.x = s.x WHEN MATCHED THEN "
                       "DELETE"),
              ErrorCode::kUnsupported);
    EXPECT_EQ(changed(*other, "DELETE FROM bronze.contracted WHERE x = 1"), 1U);
    EXPECT_EQ(rows(*other, "SELECT x FROM bronze.contracted"), "0 2 3");
}

TEST_F(LakeDeleteTest, RefusesByName) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    EXPECT_EQ(error_of(*session, "DELETE FROM bronze.t WHERE x = 1 RETURNING x"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "DELETE FROM bronze.nothing"), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(*session, "DELETE FROM bronze.t WHERE y = 1"), ErrorCode::kInvalidArgument);
    run(*session, "CREATE TABLE bronze.u WITH (\"delta.appendOnly\" = 'true') AS SELECT 1 AS x");
    EXPECT_NE(error_of(*session, "DELETE FROM bronze.u"), ErrorCode::kInternal);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.u"), "1");
}

TEST_F(LakeDeleteTest, PreparedStatementsSeeEachVersion) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session,
        "PREPARE count_rows AS SELECT count(*) FROM bronze.t; PREPARE take AS DELETE FROM bronze.t WHERE x = $1");
    EXPECT_EQ(value(*session, "EXECUTE count_rows"), "10");
    run(*session, "EXECUTE take(1)");
    EXPECT_EQ(value(*session, "EXECUTE count_rows"), "9");
    run(*session, "BEGIN; EXECUTE take(2); EXECUTE take(3)");
    EXPECT_EQ(value(*session, "EXECUTE count_rows"), "7");
    run(*session, "COMMIT");
    EXPECT_EQ(rows(*connect(), "SELECT x FROM bronze.t"), "0 4 5 6 7 8");
}

TEST_F(LakeDeleteTest, EveryFailureOfTheStoreLeavesTheTableWhole) {
    for (const TableKind& kind : {table_kinds()[0], table_kinds()[1]}) {
        for (const auto fault : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash}) {
            for (int at = 1;; ++at) {
                const std::shared_ptr<ObjectStore> disk = make_memory_store();
                open(disk);
                run(*connect(), fmt::format("CREATE TABLE bronze.t (x BIGINT) {}", kind.properties));
                run(*connect(), "INSERT INTO bronze.t SELECT i FROM range(9) r(i)");
                auto faulty = std::make_shared<FaultyStore>(
                    *disk, FaultyStore::Fault{.kind = fault, .at = at, .code = ErrorCode::kResourceExhausted});
                open(faulty);
                const auto deleted = connect()->execute("DELETE FROM bronze.t WHERE x % 3 = 0");
                const bool tripped = faulty->tripped();
                open(disk);  // the process starts again
                const std::string left = value(*connect(), "SELECT count(*) FROM bronze.t");
                EXPECT_EQ(left, deleted ? "6" : "9") << kind.name << ": after a fault at operation " << at;
                run(*connect(), "DELETE FROM bronze.t WHERE x = 1");
                EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t WHERE x = 1"), "0");
                if (!tripped) break;
                ASSERT_LT(at, 80);
            }
        }
    }
}

}  // namespace
}  // namespace lagoa
