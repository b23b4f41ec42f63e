// Goal: rows written by SQL are all there or not at all, with statistics that do not lie, whatever fails.
// Method: statements through sessions; a store that fails at the k-th operation for every k.

#include <thread>

#include "catalog/duckdb/lake_fixture_test.h"
#include "codec/json.h"
#include "delta/commit.h"
#include "engine/row_source.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::FaultyStore;
using test::LakeFixture;

class LakeInsertTest : public LakeFixture {
protected:
    std::shared_ptr<const delta::Snapshot> snapshot(const std::string& table) {
        auto read = delta::read_snapshot({stores_.at("bronze").get(), parquet_.get(), table});
        EXPECT_TRUE(read) << read.error().message;
        return read ? *read : nullptr;
    }
};

TEST_F(LakeInsertTest, WritesStatisticsAndReportsRows) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (x BIGINT, s VARCHAR, price DECIMAL(18,4))");
    const auto inserted = session->execute("INSERT INTO bronze.t VALUES (1, 'a', 1.5), (3, NULL, 0.25)");
    ASSERT_TRUE(inserted) << inserted.error().message;
    EXPECT_EQ(*inserted, 2U);
    const auto table = snapshot("t");
    ASSERT_EQ(table->files.size(), 1U);
    EXPECT_EQ(table->version, 1);
    const auto expected = json::parse(
        R"({"numRecords":2,"minValues":{"x":1,"s":"a","price":0.25},"maxValues":{"x":3,"s":"a","price":1.5},)"
        R"("nullCount":{"x":0,"s":1,"price":0}})");
    EXPECT_EQ(json::parse(table->files[0].stats).value(), expected.value());
}

TEST_F(LakeInsertTest, PartitionsByColumns) {
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.t PARTITIONED BY (day, kind) AS SELECT * FROM (VALUES (1, DATE '2026-01-02', 'a b/c%'), "
        "(2, NULL, 'x'), "
        "(3, DATE '2026-01-02', NULL)) v(x, day, kind)");
    EXPECT_EQ(snapshot("t")->files.size(), 3U);
    EXPECT_EQ(snapshot("t")->metadata.partition_columns, (std::vector<std::string>{"day", "kind"}));
    EXPECT_EQ(value(*session, "SELECT x FROM bronze.t WHERE kind = 'a b/c%' AND day = DATE '2026-01-02'"), "1");
    EXPECT_EQ(value(*session, "SELECT x FROM bronze.t WHERE day IS NULL"), "2");
    run(*session, "INSERT INTO bronze.t (kind, x) VALUES ('x', 4)");
    EXPECT_EQ(value(*session, "SELECT string_agg(x, ',' ORDER BY x) FROM bronze.t WHERE day IS NULL"), "2,4");
}

TEST_F(LakeInsertTest, KeepsTypesThatDeltaHasNoEqualOf) {
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.t AS SELECT TIME '10:11:12' AS t, 12::HUGEINT AS h, 7::UBIGINT AS u, INTERVAL 1 DAY AS i");
    EXPECT_EQ(value(*session, "SELECT t || ' ' || h || ' ' || u || ' ' || i FROM bronze.t"), "10:11:12 12 7 1 day");
    EXPECT_EQ(value(*session, "SELECT typeof(h) FROM bronze.t"), "DECIMAL(38,0)");
}

TEST_F(LakeInsertTest, RefusesNullInAColumnThatMayNotBe) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (x BIGINT NOT NULL, y BIGINT)");
    const auto before = keys("bronze");
    EXPECT_EQ(error_of(*session, "INSERT INTO bronze.t VALUES (1, 1), (NULL, 2)"), ErrorCode::kDataRejected);
    EXPECT_EQ(error_of(*session, "INSERT INTO bronze.t (y) VALUES (2)"), ErrorCode::kDataRejected);
    EXPECT_EQ(keys("bronze"), before);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "0");
    run(*session, "INSERT INTO bronze.t (x) VALUES (2)");
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t WHERE y IS NULL"), "1");
}

TEST_F(LakeInsertTest, RefusesNullInsideWhatIsThere) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (l BIGINT[] NOT NULL, s STRUCT(a BIGINT, b BIGINT[]))");
    // Members and elements that may not be NULL come from other writers: SQL cannot declare them.
    const delta::TableLocation location{stores_.at("bronze").get(), parquet_.get(), "t"};
    const auto created = snapshot("t");
    delta::CommitRequest stricter{.metadata = created->metadata};
    Type& s = stricter.metadata->schema.fields[1].type;
    s.children[0].nullable = false;
    s.children[1].type.children[0].nullable = false;
    const auto committed = delta::commit(location, created, stricter);
    ASSERT_TRUE(committed) << committed.error().message;
    const auto other = connect();
    const auto before = keys("bronze");
    for (const char* values : {"(NULL, NULL)", "([1], {'a': NULL, 'b': [2]})", "([1], {'a': 1, 'b': [2, NULL]})"})
        EXPECT_EQ(error_of(*other, fmt::format("INSERT INTO bronze.t VALUES {}", values)), ErrorCode::kDataRejected)
            << values;
    EXPECT_EQ(keys("bronze"), before);
    run(*other, "INSERT INTO bronze.t VALUES ([NULL], NULL), ([2], {'a': 1, 'b': NULL}), ([], {'a': 1, 'b': [2]})");
    EXPECT_EQ(value(*other, "SELECT count(*) FROM bronze.t"), "3");
}

TEST_F(LakeInsertTest, AFailingSelectLeavesNothing) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    const auto before = keys("bronze");
    EXPECT_EQ(
        error_of(
            *session,
            "INSERT INTO bronze.t SELECT CASE WHEN i < 300000 THEN i ELSE error('no') END FROM range(400000) r(i)"),
        ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session, "CREATE TABLE bronze.u AS SELECT CAST('a' || i AS INTEGER) AS x FROM range(10) r(i)"),
              ErrorCode::kDataRejected);
    EXPECT_EQ(keys("bronze"), before);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "1");
    EXPECT_EQ(error_of(*session, "FROM bronze.u"), ErrorCode::kNotFound);
}

TEST_F(LakeInsertTest, AnInterruptedInsertLeavesNothing) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1::BIGINT AS x");
    const auto before = keys("bronze");
    const auto source = std::make_shared<test::InterruptingSource>(*session);
    ASSERT_TRUE(session->add_source("endless", source));
    EXPECT_EQ(error_of(*session, "INSERT INTO bronze.t SELECT k FROM rows_of('endless')"), ErrorCode::kCancelled);
    EXPECT_GE(source->calls, 200);
    EXPECT_EQ(keys("bronze"), before);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "1");
}

TEST_F(LakeInsertTest, AnInsertOfNoRowsMakesNoVersion) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x WHERE false");
    run(*session, "INSERT INTO bronze.t SELECT 1 WHERE false");
    EXPECT_EQ(snapshot("t")->version, 0);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM bronze.t"), "0");
}

TEST_F(LakeInsertTest, ABlockCommitsTogetherOrNotAtAll) {
    const auto session = connect();
    const auto other = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*session, "BEGIN; INSERT INTO bronze.t VALUES (2); INSERT INTO bronze.t VALUES (3)");
    EXPECT_EQ(value(*session, "SELECT sum(x) FROM bronze.t"), "6");
    EXPECT_EQ(value(*other, "SELECT sum(x) FROM bronze.t"), "1");
    run(*session, "ROLLBACK");
    EXPECT_EQ(value(*session, "SELECT sum(x) FROM bronze.t"), "1");
    EXPECT_EQ(snapshot("t")->version, 0);
    EXPECT_EQ(keys("bronze").size(), 3U) << "one file, one log entry and its checksum";

    run(*session, "BEGIN; CREATE TABLE bronze.u AS SELECT 1 AS x; INSERT INTO bronze.u VALUES (2)");
    EXPECT_EQ(value(*session, "SELECT sum(x) FROM bronze.u"), "3");
    EXPECT_EQ(error_of(*other, "FROM bronze.u"), ErrorCode::kNotFound);
    run(*session, "COMMIT");
    EXPECT_EQ(value(*other, "SELECT sum(x) FROM bronze.u"), "3");
    EXPECT_EQ(snapshot("u")->version, 0);
}

TEST_F(LakeInsertTest, ABlockWritesOneTable) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x; CREATE TABLE bronze.u AS SELECT 1 AS x");
    run(*session, "BEGIN; INSERT INTO bronze.t VALUES (2)");
    EXPECT_EQ(error_of(*session, "INSERT INTO bronze.u VALUES (2)"), ErrorCode::kUnsupported);
    run(*session, "ROLLBACK");
}

TEST_F(LakeInsertTest, CommitKeepsTheCodeOfItsError) {
    const auto one = connect();
    const auto two = connect();
    run(*one, "BEGIN; CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*two, "CREATE TABLE bronze.t AS SELECT 2 AS x");
    EXPECT_EQ(error_of(*one, "COMMIT"), ErrorCode::kConflict);
    EXPECT_EQ(value(*one, "SELECT x FROM bronze.t"), "2");  // the session goes on
    EXPECT_EQ(keys("bronze").size(), 3U) << "one file, one log entry and its checksum";
}

TEST_F(LakeInsertTest, TwoSessionsAppendAtOnce) {
    const auto one = connect();
    const auto two = connect();
    run(*one, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*one, "BEGIN; INSERT INTO bronze.t VALUES (2)");
    run(*two, "INSERT INTO bronze.t VALUES (3)");
    run(*one, "COMMIT");
    EXPECT_EQ(value(*connect(), "SELECT sum(x) FROM bronze.t"), "6");
}

TEST_F(LakeInsertTest, WhatAnInsertReadOfItsOwnTableMustStillBeThere) {
    const auto one = connect();
    const auto two = connect();
    run(*one, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*one, "BEGIN; INSERT INTO bronze.t SELECT x + 1 FROM bronze.t");
    run(*two, "DELETE FROM bronze.t WHERE x = 1");
    EXPECT_EQ(error_of(*one, "COMMIT"), ErrorCode::kConflict);
    EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t"), "0");
    run(*one, "INSERT INTO bronze.t VALUES (1)");
    run(*one, "INSERT INTO bronze.t SELECT x + 1 FROM bronze.t");
    EXPECT_EQ(value(*connect(), "SELECT sum(x) FROM bronze.t"), "3");
}

TEST_F(LakeInsertTest, ManySessionsAttachAppendAndReadAtOnce) {
    constexpr int kSessions = 6;
    run(*connect(), "CREATE TABLE bronze.t AS SELECT 0 AS x");
    std::vector<std::jthread> threads;
    for (int i = 1; i <= kSessions; ++i) {
        threads.emplace_back([this, i] {
            const auto session = connect();
            run(*session, fmt::format("INSERT INTO bronze.t VALUES ({})", i));
            EXPECT_EQ(value(*session, fmt::format("SELECT count(*) FROM bronze.t WHERE x = {}", i)), "1");
        });
    }
    threads.clear();
    EXPECT_EQ(value(*connect(), "SELECT count(*) || ' ' || sum(x) FROM bronze.t"), "7 21");
}

TEST_F(LakeInsertTest, EveryFailureOfTheStoreLeavesTheTableWhole) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash}) {
        for (int at = 1;; ++at) {
            const std::shared_ptr<ObjectStore> disk = make_memory_store();
            open(disk);
            run(*connect(), "CREATE TABLE bronze.t AS SELECT 1 AS x");
            auto faulty = std::make_shared<FaultyStore>(
                *disk, FaultyStore::Fault{.kind = kind, .at = at, .code = ErrorCode::kResourceExhausted});
            open(faulty);
            const auto inserted = connect()->execute("INSERT INTO bronze.t SELECT i FROM range(2, 5) r(i)");
            const bool tripped = faulty->tripped();
            open(disk);  // the process starts again
            const std::string rows = value(*connect(), "SELECT count(*) FROM bronze.t");
            EXPECT_TRUE(rows == (inserted ? "4" : "1")) << rows << " rows after a fault at operation " << at;
            run(*connect(), "INSERT INTO bronze.t VALUES (9)");
            EXPECT_EQ(value(*connect(), "SELECT count(*) FROM bronze.t WHERE x = 9"), "1");
            if (!tripped) break;
            ASSERT_LT(at, 50);
        }
    }
}

}  // namespace
}  // namespace lagoa
