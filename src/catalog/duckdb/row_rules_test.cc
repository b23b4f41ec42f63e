// Goal: no row that breaks a rule of its table gets into it, by whatever way it comes, and what a table computes is
// right; also where another writer made the rules. Method: tables whose metadata is written as Spark writes it, rows by
// SQL and by Lake::write, read back by another session, the log looked into; many threads, writers that race.
#include "catalog/duckdb/row_rules.h"

#include <thread>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "delta/column_rules.h"
#include "delta/table_features.h"
#include "store/memory_store.h"

namespace lagoa {
namespace {

const TableName kTable{"silver", "t"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

class RowRulesTest : public testing::Test {
protected:
    void SetUp() override {
        engine_ = Engine::open({.threads = 4}).value();
        lake_ =
            Lake::open({.zones = {{"silver", silver_}}, .log = make_memory_store(), .engine = engine_.get()}).value();
        session_ = lake_->connect(kHead).value();
    }

    void run(std::string_view sql) { run(*session_, sql); }
    static void run(Session& session, std::string_view sql) {
        const auto done = session.execute(sql);
        EXPECT_TRUE(done) << sql << "\n" << done.error().message;
    }
    Error error_of(std::string_view sql) {
        const auto done = session_->execute(sql);
        EXPECT_FALSE(done) << sql;
        return done ? Error{} : done.error();
    }
    ErrorCode code_of(std::string_view sql) { return error_of(sql).code; }
    std::string value(const std::string& sql) {
        const auto read = lake_->connect(kHead).value()->value(sql);
        return read ? read->value_or("NULL") : "error: " + read.error().message;
    }
    std::shared_ptr<const delta::Snapshot> snapshot() {
        const delta::TableLocation location{silver_.get(), nullptr, "t"};
        return delta::read_snapshot(location).value();
    }
    std::size_t objects() { return silver_->list("")->size(); }

    /// As Spark would have made the table: `change` of its metadata, in a commit of its own.
    template <class Change>
    void change(const Change& change) {
        const delta::TableLocation location{silver_.get(), nullptr, "t"};
        const auto base = snapshot();
        delta::CommitRequest request{.metadata = base->metadata};
        change(*request.metadata);
        const auto done = delta::commit(location, base, request);
        ASSERT_TRUE(done) << done.error().message;
    }
    void set(const std::string& column, std::string_view member, json::Value value) {
        change([&](delta::Metadata& metadata) {
            for (Field& field : metadata.schema.fields)
                if (field.name == column) field.metadata.set(member, value);
        });
    }
    void make_identity(const delta::IdentityColumn& identity) {
        change([&](delta::Metadata& metadata) { delta::set_identity(metadata.schema.fields[0], identity); });
    }
    Result<WriteResult> write(const std::string& select, WriteMode mode = WriteMode::kAppend) {
        WriteRequest request{.table = kTable, .select = select, .mode = mode};
        request.key = {"k"};
        return lake_->write(*session_, request);
    }

    std::shared_ptr<ObjectStore> silver_ = make_memory_store();
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Lake> lake_;
    std::unique_ptr<Session> session_;
};

TEST_F(RowRulesTest, ConstraintsAndInvariantsAreMetByEachRow) {
    run("CREATE TABLE silver.t (k BIGINT, s STRUCT(a BIGINT))");
    change([](delta::Metadata& metadata) { metadata.configuration["delta.constraints.positive"] = "k > 0"; });
    change([](delta::Metadata& metadata) {
        metadata.schema.fields[1].type.children[0].metadata.set("delta.invariants",
                                                                R"({"expression":{"expression":"s.a < 10"}})");
    });
    const std::size_t before = objects();
    const Error broken = error_of("INSERT INTO silver.t SELECT i, {'a': 1} FROM range(5000, -1, -1) r(i)");
    EXPECT_EQ(broken.code, ErrorCode::kDataRejected);
    EXPECT_NE(broken.message.find("positive (k > 0): k = 0"), std::string::npos) << broken.message;
    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (NULL, {'a': 1})"), ErrorCode::kDataRejected) << "NULL breaks it";
    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (1, {'a': 10})"), ErrorCode::kDataRejected);
    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (1, NULL)"), ErrorCode::kDataRejected);
    EXPECT_EQ(write("SELECT -1::BIGINT AS k, {'a': 1::BIGINT} AS s").error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(objects(), before) << "nothing is left of them";

    run("INSERT INTO silver.t SELECT i, {'a': i % 10} FROM range(1, 10001) r(i)");
    EXPECT_TRUE(write("SELECT 20000::BIGINT AS k, {'a': 1::BIGINT} AS s"));
    EXPECT_EQ(value("SELECT count(*) FROM silver.t"), "10001");
    EXPECT_EQ(code_of("UPDATE silver.t SET k = -k WHERE k = 7"), ErrorCode::kDataRejected);
    EXPECT_EQ(code_of("MERGE INTO silver.t AS t USING (SELECT 7::BIGINT AS k) AS n ON t.k = n.k "
                      "WHEN MATCHED THEN UPDATE SET k = 0"),
              ErrorCode::kDataRejected);
    run("UPDATE silver.t SET k = k + 30000 WHERE k = 7");
    run("DELETE FROM silver.t WHERE k = 8");
    EXPECT_EQ(value("SELECT count(*) || ' ' || max(k) FROM silver.t"), "10000 30007");
}

TEST_F(RowRulesTest, ARuleThatCannotBeEvaluatedIsRefusedByName) {
    run("CREATE TABLE silver.t (k BIGINT, s VARCHAR)");
    change([](delta::Metadata& metadata) { metadata.configuration["delta.constraints.odd"] = "s RLIKE '^a'"; });
    const std::size_t before = objects();
    const Error refused = error_of("INSERT INTO silver.t VALUES (1, 'a')");
    EXPECT_EQ(refused.code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.message.find("odd"), std::string::npos) << refused.message;
    EXPECT_EQ(write("SELECT 1::BIGINT AS k, 'a' AS s").error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(objects(), before);
    run("ALTER TABLE silver.t ADD COLUMN x INT");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t"), "0");
}

TEST_F(RowRulesTest, AnErrorOfAnExpressionIsTheRowsFault) {
    run("CREATE TABLE silver.t (k INTEGER)");
    change([](delta::Metadata& metadata) { metadata.configuration["delta.constraints.c"] = "100 / k > 0"; });
    const Error failed = error_of("INSERT INTO silver.t VALUES (5), (0)");
    EXPECT_EQ(failed.code, ErrorCode::kDataRejected);
    EXPECT_NE(failed.message.find("division by zero"), std::string::npos) << failed.message;
}

TEST_F(RowRulesTest, GeneratedColumnsAreComputedOrChecked) {
    run("CREATE TABLE silver.t (k INTEGER, at_time TIMESTAMPTZ, day DATE, bucket INTEGER)");
    set("day", delta::kGenerationExpression, "CAST(at_time AS DATE)");
    set("bucket", delta::kGenerationExpression, "k % 3");
    run("INSERT INTO silver.t (k, at_time) SELECT i, '2026-01-01 22:00:00+00'::TIMESTAMPTZ + to_hours(i::INT) "
        "FROM range(4000) r(i)");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE day = (at_time AT TIME ZONE 'UTC')::DATE AND bucket = k % 3"),
              "4000");
    run("SET TimeZone = 'America/Sao_Paulo'");
    run("INSERT INTO silver.t VALUES (5000, '2026-01-02 01:00:00+00', DATE '2026-01-02', 2)");
    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (5001, '2026-01-02 01:00:00+00', DATE '2026-01-01', 0)"),
              ErrorCode::kDataRejected)
        << "days are those of UTC, whatever the session's time zone";
    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (5001, NULL, DATE '2026-01-01', 0)"), ErrorCode::kDataRejected);
    run("INSERT INTO silver.t VALUES (5001, NULL, NULL, 0)");
    EXPECT_TRUE(write("SELECT 6000 AS k, '2026-02-03 00:00:00+00'::TIMESTAMPTZ AS at_time"));
    EXPECT_EQ(value("SELECT day || ' ' || bucket FROM silver.t WHERE k = 6000"), "2026-02-03 0");

    run("UPDATE silver.t SET k = 7001 WHERE k = 5000");
    EXPECT_EQ(value("SELECT bucket FROM silver.t WHERE k = 7001"), "2");
    run("UPDATE silver.t SET k = 7002, day = DATE '2026-01-02' WHERE k = 7001");
    EXPECT_EQ(value("SELECT bucket || ' ' || day FROM silver.t WHERE k = 7002"), "0 2026-01-02");
    EXPECT_EQ(code_of("UPDATE silver.t SET bucket = 9 WHERE k = 7002"), ErrorCode::kDataRejected);
    run("MERGE INTO silver.t AS t USING (SELECT 7002 AS k UNION ALL SELECT 8000) AS n ON t.k = n.k "
        "WHEN MATCHED THEN UPDATE SET k = 7003 WHEN NOT MATCHED THEN INSERT (k) VALUES (n.k)");
    EXPECT_EQ(value("SELECT string_agg(k || ':' || bucket, ' ' ORDER BY k) FROM silver.t WHERE k > 7000"),
              "7003:1 8000:2");
}

TEST_F(RowRulesTest, GeneratedPartitionsAreThoseOfTheirRows) {
    run("CREATE TABLE silver.t PARTITIONED BY (y) AS SELECT 0 AS k, DATE '2026-01-01' AS d, 2026 AS y WHERE false");
    set("y", delta::kGenerationExpression, "year(d)");
    run("INSERT INTO silver.t (k, d) VALUES (1, DATE '2024-05-06'), (2, DATE '2025-05-06'), (3, NULL)");
    EXPECT_EQ(value("SELECT string_agg(k || coalesce(y, 0), ' ' ORDER BY k) FROM silver.t"), "12024 22025 30");
    EXPECT_EQ(snapshot()->files.size(), 3U);
}

TEST_F(RowRulesTest, DefaultsStandWhereAColumnIsLeftOut) {
    run("CREATE TABLE silver.t (k BIGINT, s VARCHAR NOT NULL, n DECIMAL(9,2), odd INTEGER)");
    set("s", delta::kDefaultExpression, "'none'");
    set("n", delta::kDefaultExpression, "0");
    run("INSERT INTO silver.t (k) VALUES (1)");
    run("INSERT INTO silver.t (k, s, n) VALUES (2, DEFAULT, 5)");
    EXPECT_TRUE(write("SELECT 3::BIGINT AS k"));
    run("INSERT INTO silver.t VALUES (4, 'x', NULL, NULL)");
    EXPECT_EQ(value("SELECT string_agg(k || s || coalesce(n::VARCHAR, '-'), ' ' ORDER BY k) FROM silver.t"),
              "1none0.00 2none5.00 3none0.00 4x-");
    set("odd", delta::kDefaultExpression, "hash(1)");
    EXPECT_EQ(code_of("INSERT INTO silver.t (k) VALUES (5)"), ErrorCode::kUnsupported);
    EXPECT_EQ(write("SELECT 5::BIGINT AS k").error().code, ErrorCode::kUnsupported);
    run("INSERT INTO silver.t VALUES (5, 'x', 0, 1)");
}

TEST_F(RowRulesTest, IdentitiesAreGivenOnceAndGoOn) {
    run("CREATE TABLE silver.t (id BIGINT, k BIGINT)");
    make_identity({.start = 10, .step = 5});
    run("INSERT INTO silver.t (k) SELECT i FROM range(50000) r(i)");
    EXPECT_EQ(value("SELECT count(DISTINCT id) || ' ' || min(id) || ' ' || max(id) FROM silver.t"), "50000 10 250005");
    EXPECT_EQ(delta::identity_of(snapshot()->metadata.schema.fields[0]).value()->high_water_mark, 250005);
    run("INSERT INTO silver.t (k) VALUES (-1)");
    EXPECT_TRUE(write("SELECT -2::BIGINT AS k"));
    EXPECT_EQ(value("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.t WHERE k < 0"), "250010 250015");
    run("BEGIN; INSERT INTO silver.t (k) VALUES (-3); INSERT INTO silver.t (k) VALUES (-4); COMMIT");
    EXPECT_EQ(value("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.t WHERE k < -2"), "250020 250025");

    EXPECT_EQ(code_of("INSERT INTO silver.t VALUES (1, 1)"), ErrorCode::kInvalidArgument) << "ALWAYS";
    EXPECT_EQ(write("SELECT 1::BIGINT AS id, 1::BIGINT AS k").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(write("SELECT 1::BIGINT AS k", WriteMode::kMerge).error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(code_of("UPDATE silver.t SET id = 1"), ErrorCode::kInvalidArgument);
    run("UPDATE silver.t SET k = -30 WHERE k = -3");
    EXPECT_EQ(value("SELECT id FROM silver.t WHERE k = -30"), "250020") << "a row keeps its identity";
    run("DELETE FROM silver.t WHERE k >= 0 AND k % 2 = 0");
    EXPECT_EQ(value("SELECT count(DISTINCT id) FROM silver.t"), "25004");
}

TEST_F(RowRulesTest, IdentitiesMayBeGivenWhereTheTableAllows) {
    run("CREATE TABLE silver.t (id BIGINT, k BIGINT)");
    make_identity({.start = 0, .step = -3, .allow_explicit = true});
    run("INSERT INTO silver.t (k) VALUES (1), (2)");
    run("INSERT INTO silver.t VALUES (100, 3)");
    run("INSERT INTO silver.t (k) VALUES (4)");
    EXPECT_EQ(value("SELECT string_agg(id, ' ' ORDER BY id) FROM silver.t"), "-6 -3 0 100");
}

TEST_F(RowRulesTest, IdentitiesRunOut) {
    run("CREATE TABLE silver.t (id BIGINT, k BIGINT)");
    make_identity({.start = 1, .step = 1, .high_water_mark = INT64_MAX - 2});
    run("INSERT INTO silver.t (k) VALUES (1), (2)");
    EXPECT_EQ(value("SELECT max(id) FROM silver.t"), std::to_string(INT64_MAX));
    EXPECT_EQ(code_of("INSERT INTO silver.t (k) VALUES (3)"), ErrorCode::kDataRejected);
}

TEST_F(RowRulesTest, WritersOfIdentitiesWaitForOneAnother) {
    run("CREATE TABLE silver.t (id BIGINT, k BIGINT)");
    make_identity({});
    constexpr int kWriters = 4;
    constexpr int kWrites = 5;
    std::atomic<int> written = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i)
        threads.emplace_back([this, i, &written] {
            const auto session = lake_->connect(kHead).value();
            for (int n = 0; n < kWrites;) {
                const auto done = session->execute(fmt::format("INSERT INTO silver.t (k) SELECT {} FROM range(10)", i));
                if (!done && done.error().code == ErrorCode::kConflict) continue;  // more races than a statement runs
                ASSERT_TRUE(done) << done.error().message;
                ++n;
                written += 10;
            }
        });
    threads.clear();
    EXPECT_EQ(written, kWriters * kWrites * 10);
    EXPECT_EQ(value("SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(id) FROM silver.t"), "200 200 200");
}

TEST_F(RowRulesTest, AConstraintAddedMeanwhileIsSeen) {
    run("CREATE TABLE silver.t (k BIGINT)");
    run("BEGIN; INSERT INTO silver.t VALUES (-1)");
    change([](delta::Metadata& metadata) { metadata.configuration["delta.constraints.positive"] = "k > 0"; });
    EXPECT_EQ(code_of("COMMIT"), ErrorCode::kConflict);
    EXPECT_EQ(value("SELECT count(*) FROM silver.t"), "0");
}

}  // namespace
}  // namespace lagoa
