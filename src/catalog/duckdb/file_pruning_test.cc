// Goal: filters drop the files that cannot match and never one that can. Method: a table of several files and
// a plain copy of its rows answer the same predicates; EXPLAIN ANALYZE tells how many files were read. A second
// table's log is written by hand, with the statistics that other writers leave: none, cut, rounded, without NaN.

#include "catalog/duckdb/lake_fixture_test.h"
#include "delta/commit.h"

namespace lagoa {
namespace {

using test::LakeFixture;

class FilePruningTest : public LakeFixture {
protected:
    void SetUp() override {
        LakeFixture::SetUp();
        session_ = connect();
    }

    // `Files Scanned` of the only Delta scan in the statement's plan.
    int files_scanned(const std::string& sql) {
        const auto plan = session_->rows("EXPLAIN ANALYZE " + sql);
        EXPECT_TRUE(plan) << sql << "\n" << plan.error().message;
        const std::string text = plan ? *plan->at(0).find("explain_value")->string() : "";
        constexpr std::string_view kLabel = "Files Scanned: ";
        if (const auto at = text.find(kLabel); at != std::string::npos)
            return std::stoi(text.substr(at + kLabel.size()));
        return text.find("EMPTY_RESULT") != std::string::npos ? 0 : -1;
    }

    std::unique_ptr<Session> session_;
};

TEST_F(FilePruningTest, AnswersAsAPlainTableWould) {
    run(*session_,
        "CREATE TABLE bronze.t (x BIGINT, s VARCHAR, d DECIMAL(18,4), f DOUBLE, day DATE, ts TIMESTAMPTZ, n STRUCT(a "
        "INTEGER)) "
        "PARTITIONED BY (day)");
    for (const char* rows : {"SELECT i, 'k' || i, i / 8, i, DATE '2026-01-01', TIMESTAMPTZ '2026-01-01 "
                             "00:00:00.0005+00', {'a': i} FROM range(10) r(i)",
                             "SELECT i, 'k' || i, i / 8, 'nan'::DOUBLE, DATE '2026-01-02', TIMESTAMPTZ '2026-01-02 "
                             "00:00:00+00', {'a': i} FROM range(10, 20) r(i)",
                             "SELECT NULL, NULL, NULL, NULL, DATE '2026-01-03', NULL, NULL FROM range(3)",
                             "SELECT i, repeat('é', 40) || i, -i, -i, NULL, TIMESTAMPTZ '2026-01-03 10:00:00+00', "
                             "{'a': NULL} FROM range(20, 25) r(i)"})
        run(*session_, std::string("INSERT INTO bronze.t (x, s, d, f, day, ts, n) SELECT r.c0, r.c1, r.c2, r.c3, r.c4, "
                                   "r.c5, r.c6 FROM (") +
                           rows + ") r(c0, c1, c2, c3, c4, c5, c6)");
    run(*session_, "CREATE TEMP TABLE plain AS FROM bronze.t");

    const std::vector<std::pair<std::string, int>> predicates = {{"x = 3", 1},
                                                                 {"x >= 20", 1},
                                                                 {"x < 0", 0},
                                                                 {"x IN (3, 12)", 2},
                                                                 {"x BETWEEN 8 AND 11", 2},
                                                                 {"x IS NULL", 1},
                                                                 {"x IS NOT NULL", 3},
                                                                 {"x <> 3", 3},
                                                                 {"x % 10 = 3", 3},
                                                                 {"x = 3 OR x = 15", 2},
                                                                 {"x = 3 AND s = 'k3'", 1},
                                                                 {"x IS NULL OR x = 22", 2},
                                                                 {"s = 'k15'", 2},
                                                                 {"s LIKE 'k1%'", 2},
                                                                 {"s >= 'z'", 1},
                                                                 {"s = repeat('é', 40) || '22'", 1},
                                                                 {"d = 1.25", 1},
                                                                 {"d < 0", 1},
                                                                 {"f > 100", 3},
                                                                 {"f = 'nan'", 3},
                                                                 {"f < 0", 2},
                                                                 {"f >= 9", 3},
                                                                 {"day = DATE '2026-01-02'", 1},
                                                                 {"day IS NULL", 1},
                                                                 {"day > DATE '2026-01-01'", 2},
                                                                 {"month(day) = 1", 3},
                                                                 {"ts = TIMESTAMPTZ '2026-01-01 00:00:00.0005+00'", 1},
                                                                 {"ts >= TIMESTAMPTZ '2026-01-02 12:00:00+00'", 1},
                                                                 {"n.a = 12", 1},
                                                                 {"x = 3 AND day = DATE '2026-01-02'", 0},
                                                                 {"file_index = 2", 1}};
    for (const auto& [predicate, files] : predicates) {
        if (predicate.find("file_index") == std::string::npos) {
            EXPECT_EQ(value(*session_, "SELECT count(*) FROM (FROM bronze.t WHERE " + predicate +
                                           " EXCEPT ALL FROM plain WHERE " + predicate + ")"),
                      "0")
                << predicate;
            EXPECT_EQ(value(*session_, "SELECT count(*) FROM (FROM plain WHERE " + predicate +
                                           " EXCEPT ALL FROM bronze.t WHERE " + predicate + ")"),
                      "0")
                << predicate;
        }
        EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE " + predicate), files) << predicate;
    }
}

TEST_F(FilePruningTest, AJoinPrunesTheSideThatIsProbed) {
    run(*session_, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(10) r(i)");
    for (int i = 1; i < 8; ++i)
        run(*session_, fmt::format("INSERT INTO bronze.t SELECT i FROM range({}, {}) r(i)", i * 10, i * 10 + 10));
    run(*session_, "CREATE TEMP TABLE wanted AS SELECT 42::BIGINT AS x");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t JOIN wanted USING (x)"), 1);
}

TEST_F(FilePruningTest, CountsRowsFromTheLog) {
    run(*session_, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(10) r(i)");
    run(*session_, "INSERT INTO bronze.t VALUES (1)");
    const auto plan = session_->rows("EXPLAIN SELECT count(*) FROM bronze.t");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->at(0).find("explain_value")->string()->find("LAGOA_SCAN"), std::string::npos);
    EXPECT_EQ(value(*session_, "SELECT count(*) FROM bronze.t"), "11");
}

// A table of one file whose statistics are ours to write.
class ForeignStatisticsTest : public FilePruningTest {
protected:
    void make_table(const std::string& rows, std::optional<std::string> statistics) {
        run(*session_, fmt::format("CREATE TABLE bronze.t AS {}", rows));
        const delta::TableLocation location{stores_.at("bronze").get(), parquet_.get(), "t"};
        const auto base = delta::read_snapshot(location);
        ASSERT_TRUE(base);
        delta::CommitRequest request{
            .adds = {(*base)->files[0]}, .removes = {{.path = (*base)->files[0].path}}, .operation = "REWRITE"};
        request.adds[0].stats = statistics.value_or("");
        request.adds[0].path = "copy.parquet";
        ASSERT_TRUE(location.store->put("t/copy.parquet", location.store->get("t/" + (*base)->files[0].path).value()));
        const auto committed = delta::commit(location, *base, std::move(request));
        ASSERT_TRUE(committed) << committed.error().message;
        session_ = connect();
    }

    std::string count(const std::string& predicate) {
        return value(*session_, "SELECT count(x) FROM bronze.t WHERE " + predicate);
    }
};

TEST_F(ForeignStatisticsTest, NoneOrDamagedOnesDropNothing) {
    make_table("SELECT 5 AS x", std::nullopt);
    EXPECT_EQ(count("x = 5"), "1");
    EXPECT_EQ(value(*session_, "SELECT count(*) FROM bronze.t"), "1");
    run(*session_, "CREATE TABLE bronze.u AS SELECT 1 AS x");
}

TEST_F(ForeignStatisticsTest, DamagedOnesDropNothing) {
    make_table("SELECT 5 AS x", R"({"numRecords":"one","minValues":{"x":"high"},"maxValues":[],"nullCount":{"x":-1}})");
    EXPECT_EQ(count("x = 5"), "1");
    EXPECT_EQ(count("x IS NOT NULL"), "1");
}

TEST_F(ForeignStatisticsTest, NanIsAboveAMaximumThatLeavesItOut) {
    make_table("SELECT unnest([1.0::DOUBLE, 'nan'::DOUBLE]) AS x",
               R"({"numRecords":2,"minValues":{"x":1.0},"maxValues":{"x":1.0},"nullCount":{"x":0}})");
    EXPECT_EQ(count("x > 2"), "1");
    EXPECT_EQ(count("x >= 2"), "1");
    EXPECT_EQ(count("x = 'nan'"), "1");
    EXPECT_EQ(count("x <> 1"), "1");
    EXPECT_EQ(count("x IN (7, 'nan')"), "1");
}

TEST_F(ForeignStatisticsTest, AMaximumCutToMillisecondsStillHoldsItsMicroseconds) {
    make_table(
        "SELECT TIMESTAMPTZ '2026-01-01 00:00:00.123456+00' AS x",
        R"({"numRecords":1,"minValues":{"x":"2026-01-01T00:00:00.123Z"},"maxValues":{"x":"2026-01-01T00:00:00.123Z"},"nullCount":{"x":0}})");
    EXPECT_EQ(count("x = TIMESTAMPTZ '2026-01-01 00:00:00.123456+00'"), "1");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE x > TIMESTAMPTZ '2026-01-01 00:00:00.124+00'"), 0);
}

TEST_F(ForeignStatisticsTest, ADecimalRoundedToADoubleStillBoundsItsValue) {
    make_table(
        "SELECT 12345678901234567.89::DECIMAL(20,2) AS x",
        R"({"numRecords":1,"minValues":{"x":12345678901234568.0},"maxValues":{"x":12345678901234568.0},"nullCount":{"x":0}})");
    EXPECT_EQ(count("x = 12345678901234567.89"), "1");
    EXPECT_EQ(count("x < 12345678901234567.90"), "1");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE x < 5"), 0);
}

}  // namespace
}  // namespace lagoa
