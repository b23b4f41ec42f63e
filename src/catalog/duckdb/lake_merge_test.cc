// Goal: MERGE does to each row what its first fitting clause says, once. Method: every clause on tables of every kind,
// sources with NULL keys and with two rows for one, sources that are views or the table itself, sessions that race.

#include <thread>

#include "catalog/duckdb/lake_change_fixture_test.h"

namespace lagoa {
namespace {

using test::LakeChangeFixture;
using test::table_kinds;
using test::TableKind;

class LakeMergeTest : public LakeChangeFixture {
protected:
    // Keys 1, 2, 3 and NULL against 2, 3, 4 and NULL.
    void make(Session& session, const TableKind& kind, const std::string& partitioned = "") {
        run(session, fmt::format("CREATE OR REPLACE TABLE bronze.t (k BIGINT, v VARCHAR, p VARCHAR) {} {}", partitioned,
                                 kind.properties));
        run(session, "INSERT INTO bronze.t VALUES (1, 'a', 'x'), (2, 'b', 'x')");
        run(session, "INSERT INTO bronze.t VALUES (3, 'c', 'y'), (NULL, 'n', NULL)");
        run(session,
            "CREATE OR REPLACE TABLE silver.s AS SELECT * FROM (VALUES (2::BIGINT, 'B', 'x'), (3, 'C', 'z'), (4, 'D', "
            "'y'), (NULL, 'N', NULL)) v(k, v, p)");
    }
    static std::string all(Session& session) {
        return rows(session, "SELECT coalesce(k || '', '-') || v || coalesce(p, '') FROM bronze.t");
    }
};

TEST_F(LakeMergeTest, UpsertsByKey) {
    for (const TableKind& kind : table_kinds()) {
        for (const char* partitioned : {"", "PARTITIONED BY (p)"}) {
            SCOPED_TRACE(std::string(kind.name) + partitioned);
            const auto session = connect();
            make(*session, kind, partitioned);
            EXPECT_EQ(changed(*session,
                              "MERGE INTO bronze.t AS t USING silver.s AS s ON t.k = s.k WHEN MATCHED THEN "
                              "UPDATE SET v = s.v, p = s.p WHEN NOT MATCHED THEN INSERT VALUES (s.k, s.v, s.p)"),
                      4U);
            EXPECT_EQ(all(*connect()), "-N -n 1ax 2Bx 3Cz 4Dy") << "NULL matches nothing";
        }
    }
}

TEST_F(LakeMergeTest, StarsAndColumnLists) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session, "MERGE INTO bronze.t USING silver.s USING (k) WHEN MATCHED THEN UPDATE WHEN NOT MATCHED THEN INSERT");
    EXPECT_EQ(all(*session), "-N -n 1ax 2Bx 3Cz 4Dy");
    make(*session, table_kinds()[0]);
    run(*session,
        "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED "
        "THEN INSERT *");
    EXPECT_EQ(all(*session), "-N -n 1ax 2Bx 3Cz 4Dy");
    make(*session, table_kinds()[0]);
    run(*session,
        "MERGE INTO bronze.t t USING (SELECT p, k, v || '!' AS v FROM silver.s) s ON t.k = s.k WHEN MATCHED "
        "THEN UPDATE BY NAME WHEN NOT MATCHED THEN INSERT BY NAME");
    EXPECT_EQ(all(*session), "-N! -n 1ax 2B!x 3C!z 4D!y");
    make(*session, table_kinds()[0]);
    run(*session,
        "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k WHEN NOT MATCHED THEN INSERT (v, k) VALUES "
        "(s.v, s.k)");
    EXPECT_EQ(all(*session), "-N -n 1ax 2bx 3cy 4D");
}

TEST_F(LakeMergeTest, TheFirstClauseThatFitsDecides) {
    for (const TableKind& kind : table_kinds()) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        make(*session, kind);
        EXPECT_EQ(changed(*session,
                          "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k "
                          "WHEN MATCHED AND s.v = 'B' THEN DELETE "
                          "WHEN MATCHED AND t.v = 'c' THEN UPDATE SET v = t.v || s.v "
                          "WHEN MATCHED THEN UPDATE SET v = 'never' "
                          "WHEN NOT MATCHED AND s.k IS NULL THEN DO NOTHING "
                          "WHEN NOT MATCHED THEN INSERT VALUES (s.k, 'new', NULL) "
                          "WHEN NOT MATCHED BY SOURCE AND t.k = 1 THEN UPDATE SET v = 'gone', p = NULL "
                          "WHEN NOT MATCHED BY SOURCE THEN DELETE"),
                  5U);
        EXPECT_EQ(all(*connect()), "1gone 3cCy 4new");
    }
}

TEST_F(LakeMergeTest, DeletesWhatTheSourceDoesNotHave) {
    const auto session = connect();
    make(*session, table_kinds()[1]);
    EXPECT_EQ(changed(*session,
                      "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k WHEN NOT MATCHED BY SOURCE THEN "
                      "DELETE"),
              2U);
    EXPECT_EQ(all(*connect()), "2bx 3cy");
}

TEST_F(LakeMergeTest, TwoRowsOfTheSourceForOneRowAreRejected) {
    for (const TableKind& kind : {table_kinds()[0], table_kinds()[1]}) {
        const auto session = connect();
        make(*session, kind);
        run(*session, "INSERT INTO silver.s VALUES (2, 'BB', 'x'), (9, 'I', 'x'), (9, 'J', 'x')");
        const auto before = keys("bronze");
        const std::string merge = "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k ";
        EXPECT_EQ(error_of(*session, merge + "WHEN MATCHED THEN UPDATE SET v = s.v"), ErrorCode::kDataRejected);
        EXPECT_EQ(error_of(*session, merge + "WHEN MATCHED AND s.v = 'B' THEN DELETE WHEN MATCHED THEN UPDATE SET v = "
                                             "s.v WHEN NOT MATCHED THEN INSERT *"),
                  ErrorCode::kDataRejected)
            << "by two clauses";
        EXPECT_EQ(keys("bronze"), before);
        EXPECT_EQ(all(*connect()), "-n 1ax 2bx 3cy");
        run(*session, merge + "WHEN MATCHED AND s.v = 'BB' THEN UPDATE SET v = s.v");
        EXPECT_EQ(all(*connect()), "-n 1ax 2BBx 3cy") << "one of them changes it";
        run(*session, merge + "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT *");
        EXPECT_EQ(all(*connect()), "-N -n 1ax 4Dy 9Ix 9Jx") << "to delete twice is to delete";
    }
}

TEST_F(LakeMergeTest, SourcesThatAreViewsValuesOrTheTableItself) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    run(*session, "CREATE VIEW silver.doubled AS SELECT k, v || v AS v, p FROM silver.s WHERE k > 2");
    run(*session,
        "MERGE INTO bronze.t t USING silver.doubled s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT "
        "MATCHED THEN INSERT *");
    EXPECT_EQ(all(*session), "-n 1ax 2bx 3CCy 4DDy");
    run(*session,
        "MERGE INTO bronze.t t USING bronze.t s ON t.k = s.k + 1 WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT "
        "MATCHED AND s.k IS NOT NULL THEN INSERT VALUES (s.k + 1, s.v, s.p)");
    EXPECT_EQ(all(*connect()), "-n 1ax 2ax 3by 4CCy 5DDy");
    run(*session,
        "MERGE INTO bronze.t t USING (VALUES (5, 'five')) s(k, v) ON t.k = s.k AND t.p = 'y' WHEN MATCHED THEN "
        "UPDATE SET v = s.v");
    EXPECT_EQ(value(*connect(), "SELECT v FROM bronze.t WHERE k = 5"), "five");
}

TEST_F(LakeMergeTest, ErrorsAndReturningAreReported) {
    const auto session = connect();
    make(*session, table_kinds()[0]);
    const auto before = keys("bronze");
    const std::string merge = "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k ";
    EXPECT_NE(error_of(*session, merge + "WHEN MATCHED AND s.k = 3 THEN ERROR WHEN MATCHED THEN DELETE"),
              ErrorCode::kInternal);
    EXPECT_EQ(error_of(*session, merge + "WHEN MATCHED THEN DELETE RETURNING k"), ErrorCode::kUnsupported);
    EXPECT_EQ(keys("bronze"), before);
}

TEST_F(LakeMergeTest, BuildsOnTheNewestVersionAndSaysWhatItDid) {
    const auto writer = connect();
    make(*writer, table_kinds()[0]);
    const auto session = connect({{TableName{"bronze", "t"}, 1}});
    run(*session,
        "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT "
        "MATCHED AND s.k = 4 THEN INSERT *");
    EXPECT_EQ(all(*session), "-n 1ax 2Bx 3Cy 4Dy");
    const json::Value commit(last_commit("t"));
    EXPECT_EQ(commit.string_at("operation"), "MERGE");
    const std::string parameters = json::dump(*commit.find("operationParameters"));
    EXPECT_NE(parameters.find("matchedPredicates"), std::string::npos) << parameters;
    EXPECT_NE(parameters.find("s.k = 4"), std::string::npos) << parameters;
}

TEST_F(LakeMergeTest, ABlockMergesAndMergesAgain) {
    for (const TableKind& kind : {table_kinds()[0], table_kinds()[1]}) {
        SCOPED_TRACE(kind.name);
        const auto session = connect();
        make(*session, kind);
        const std::string merge =
            "MERGE INTO bronze.t t USING silver.s s ON t.k = s.k WHEN MATCHED THEN UPDATE SET v = "
            "t.v || s.v WHEN NOT MATCHED AND s.k IS NOT NULL THEN INSERT *";
        run(*session, "BEGIN; " + merge + "; " + merge);
        EXPECT_EQ(all(*session), "-n 1ax 2bBBx 3cCCy 4DDy");
        EXPECT_EQ(all(*connect()), "-n 1ax 2bx 3cy");
        run(*session, "ROLLBACK");
        EXPECT_EQ(all(*session), "-n 1ax 2bx 3cy");
        run(*session, "BEGIN; " + merge + "; " + merge + "; COMMIT");
        EXPECT_EQ(all(*connect()), "-n 1ax 2bBBx 3cCCy 4DDy");
    }
}

TEST_F(LakeMergeTest, MergesOfDisjointFilesDoNotConflict) {
    const auto one = connect();
    const auto two = connect();
    make(*one, table_kinds()[0], "PARTITIONED BY (p)");
    const std::string merge =
        "MERGE INTO bronze.t t USING (SELECT {} AS k, '{}' AS p) s ON t.k = s.k AND t.p = s.p WHEN "
        "MATCHED THEN UPDATE SET v = 'm'";
    run(*one, "BEGIN; " + fmt::format(fmt::runtime(merge), 1, "x"));
    run(*two, fmt::format(fmt::runtime(merge), 3, "y"));
    run(*one, "COMMIT");
    EXPECT_EQ(all(*connect()), "-n 1mx 2bx 3my");
}

TEST_F(LakeMergeTest, AKeyThatTwoMergesAddAtOnceIsThereOnce) {
    constexpr int kSessions = 4;
    run(*connect(), "CREATE TABLE bronze.t (k BIGINT, n BIGINT)");
    std::vector<std::jthread> threads;
    for (int i = 0; i < kSessions; ++i)
        threads.emplace_back([this] {
            const auto own = connect();
            for (int round = 0; round < 3; ++round)
                EXPECT_EQ(changed(*own,
                                  "MERGE INTO bronze.t t USING (VALUES (7), (8)) s(k) ON t.k = s.k WHEN MATCHED THEN "
                                  "UPDATE SET n = n + 1 WHEN NOT MATCHED THEN INSERT VALUES (s.k, 1)"),
                          2U);
        });
    threads.clear();
    EXPECT_EQ(rows(*connect(), "SELECT k || ':' || n FROM bronze.t"), "7:12 8:12");
}

TEST_F(LakeMergeTest, MemoryIsBoundedByTheLimit) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS k, 'value number ' || i AS v FROM range(400000) r(i)");
    run(*session, "SET memory_limit = '300MB'");
    EXPECT_EQ(changed(*session,
                      "MERGE INTO bronze.t t USING (SELECT 4 * i AS k FROM range(200000) r(i)) s ON t.k = s.k "
                      "WHEN MATCHED THEN UPDATE SET v = 'm' WHEN NOT MATCHED THEN INSERT VALUES (s.k, 'n')"),
              200000U);
    EXPECT_EQ(value(*session, "SELECT count(*) || ' ' || count(*) FILTER (v = 'm') FROM bronze.t"), "500000 100000");
}

}  // namespace
}  // namespace lagoa
