// Goal: Delta's statements do what they say, with Spark's columns, and no other text is touched.
// Method: texts and what becomes of them; statements through a session whose operations are a fake that remembers what
// it was asked, and answers numbers of its own.
#include "catalog/duckdb/lake_statements.h"

#include <condition_variable>
#include <mutex>
#include <semaphore>
#include <thread>

#include "catalog/duckdb/lake_fixture_test.h"

namespace lagoa {
namespace {

std::string rewritten(const std::string& sql) {
    const auto edits = rewrite_lake_statements(sql);
    return edits ? edits->apply(sql) : sql;
}

/// Remembers the last request.
class FakeOperations final : public TableOperations {
public:
    Result<OptimizeResult> optimize(const TableName& table, const OptimizeRequest& request) override {
        asked = table.text();
        optimized = request;
        if (failure) return pass_on(*failure);
        if (waits) {
            std::mutex mutex;
            std::unique_lock lock(mutex);
            begun.release();
            std::condition_variable_any().wait(lock, request.stop, [] { return false; });
            return fail(ErrorCode::kCancelled, "stopped");
        }
        return OptimizeResult{.version = {},
                              .files_added = 1,
                              .files_removed = 4,
                              .bytes_added = 100,
                              .bytes_removed = 200,
                              .files_considered = 5,
                              .partitions_optimized = 1};
    }
    Result<VacuumResult> vacuum(const TableName& table, const VacuumRequest& request) override {
        asked = table.text();
        vacuumed = request;
        return VacuumResult{.files = {"a.parquet", "p=1/b.parquet"}, .bytes = 3, .folders_considered = 1};
    }
    Result<RestoreResult> restore(const TableName& table, const VersionChoice& to) override {
        asked = table.text();
        choice = to;
        return RestoreResult{.version = 0,
                             .restored = 0,
                             .files_restored = 2,
                             .files_removed = 1,
                             .bytes_restored = 20,
                             .bytes_removed = 10};
    }
    Result<ConvertResult> convert(const TableName& table, const ConvertRequest& request) override {
        asked = table.text();
        converted = request;
        return ConvertResult{.version = 0, .files = 1};
    }
    Result<CloneResult> clone(const TableName& table, const CloneRequest& request) override {
        asked = table.text();
        cloned = request;
        return CloneResult{.version = 0, .files = 2, .bytes = 30};
    }
    Result<delta::Version> change_rule(const TableName& table, const RuleChange& change) override {
        asked = table.text();
        changed = change;
        return 0;
    }

    std::string asked;
    std::optional<Error> failure;
    bool waits = false;  // until it is stopped
    std::binary_semaphore begun{0};
    OptimizeRequest optimized;
    VacuumRequest vacuumed;
    VersionChoice choice;
    ConvertRequest converted;
    CloneRequest cloned;
    RuleChange changed;
};

class LakeStatementsTest : public test::LakeFixture {
protected:
    void SetUp() override {
        test::LakeFixture::SetUp();
        session_ = engine_->connect().value();
        ASSERT_TRUE(
            attach_lake(*session_, std::make_shared<test::PinnedView>(stores_, *parquet_, *engine_), &operations_));
        run(*session_, "CREATE TABLE bronze.t AS SELECT 1 AS a, 'x' AS b");
    }
    std::string value(std::string_view sql) { return LakeFixture::value(*session_, sql); }
    void run(std::string_view sql) { LakeFixture::run(*session_, sql); }
    using LakeFixture::run;

    FakeOperations operations_;
    std::unique_ptr<Session> session_;
};

TEST(LakeStatements, OtherTextIsNotTouched) {
    for (const char* sql : {
             "SELECT version AS of FROM t",
             "SELECT timestamp AS of, x AS optimize FROM vacuum JOIN restore USING (history)",
             "SELECT 'OPTIMIZE t', $$ VACUUM t $$, \"VERSION AS OF\" /* RESTORE t */ -- t@v12",
             "SELECT * FROM t WHERE mail = 'a@v12'",
             "SELECT a @v12 FROM t",
             "SELECT x, -1 @ v12",
             "SELECT * FROM s ORDER BY@v1",
             "DESCRIBE history",
             "DESCRIBE t; SHOW TABLES; SUMMARIZE detail",
             "VACUUM",
             "VACUUM ANALYZE",
             "VACUUM ANALYZE t",
             "VACUUM t (a)",
             "ALTER TABLE t ADD COLUMN comment VARCHAR",
             "ALTER TABLE t ADD COLUMN feature INT",
             "ALTER TABLE t ADD feature INT",
             "ALTER TABLE t ADD columns INT",
             "ALTER TABLE t DROP feature",
             "ALTER TABLE t DROP columns",
             "ALTER TABLE t DROP COLUMN a CASCADE",
             "ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
             "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
             "ALTER TABLE t SET ('delta.appendOnly' = true)",
             "ALTER TABLE t RENAME COLUMN a TO comment",
             "CREATE TABLE t (comment VARCHAR, location INT) PARTITIONED BY (location) WITH ('a' = 'b')",
             "CREATE OR REPLACE TABLE t AS SELECT * FROM a JOIN b USING (comment)",
             "CREATE TEMP TABLE t AS SELECT 1 AS optimize",
             "COMMENT ON TABLE t IS 'OPTIMIZE t'",
             "INSERT INTO t (a) SELECT replace(a, 'x', 'y') FROM s",
             "INSERT OR REPLACE INTO t SELECT 1",
             "OPTIMIZE 'unfinished",
         })
        EXPECT_EQ(rewritten(sql), sql);
}

TEST(LakeStatements, VersionsStandBehindTheTable) {
    EXPECT_EQ(rewritten("SELECT * FROM t VERSION AS OF 3"), "SELECT * FROM t AT (VERSION => 3)");
    EXPECT_EQ(rewritten("FROM z.t FOR VERSION AS OF '3' WHERE a > 1"), "FROM z.t AT (VERSION => '3') WHERE a > 1");
    EXPECT_EQ(rewritten("SELECT x.a FROM t VERSION AS OF 3 AS x JOIN t TIMESTAMP AS OF '2026-01-02' y ON x.a = y.a"),
              "SELECT x.a FROM t AS x AT (VERSION => 3) JOIN t y AT (TIMESTAMP => '2026-01-02') ON x.a = y.a");
    EXPECT_EQ(rewritten("FROM t TIMESTAMP AS OF TIMESTAMP '2026-01-02' x(a, b)"),
              "FROM t x(a, b) AT (TIMESTAMP => TIMESTAMP '2026-01-02')");
    EXPECT_EQ(rewritten("FROM t TIMESTAMP AS OF (now() - INTERVAL 1 DAY)"),
              "FROM t AT (TIMESTAMP => (now() - INTERVAL 1 DAY))");
    EXPECT_EQ(rewritten("FROM z.\"t\"@v12, (SELECT * FROM u@V3) x"),
              "FROM z.\"t\" AT (VERSION => 12), (SELECT * FROM u AT (VERSION => 3)) x");
    EXPECT_EQ(rewritten("FROM t@20260102030405006"), "FROM t AT (TIMESTAMP => '2026-01-02 03:04:05.006')");
    EXPECT_EQ(rewritten("MERGE INTO t USING s@v1 AS x ON t.a = x.a WHEN MATCHED THEN DELETE"),
              "MERGE INTO t USING s AS x AT (VERSION => 1) ON t.a = x.a WHEN MATCHED THEN DELETE");
    EXPECT_EQ(rewritten("FROM t VERSION AS OF 1 EXCEPT FROM t VERSION AS OF 0"),
              "FROM t AT (VERSION => 1) EXCEPT FROM t AT (VERSION => 0)");
    EXPECT_EQ(rewritten("FROM t /* VERSION AS OF 1 */ VERSION AS OF 2 -- now"), "FROM t AT (VERSION => 2) -- now");
}

TEST(LakeStatements, WhatIsMadeIsLeftAlone) {
    for (const std::string sql :
         {"OPTIMIZE t WHERE a = 'OPTIMIZE t' ZORDER BY (a, b)", "VACUUM t RETAIN 3 HOURS DRY RUN",
          "RESTORE t TO VERSION AS OF 3", "FROM (DESCRIBE HISTORY t LIMIT 3)", "SHOW TBLPROPERTIES t ('k')",
          "ALTER TABLE t ADD COLUMNS (a INT COMMENT 'VERSION AS OF 3', b INT)",
          "CREATE TABLE t (a INT COMMENT 'x') USING DELTA TBLPROPERTIES ('k' = 'v') AS SELECT * FROM s@v1",
          "CONVERT TO DELTA t PARTITIONED BY (d DATE)"}) {
        const std::string once = rewritten(sql);
        EXPECT_NE(once, sql);
        EXPECT_EQ(rewritten(once), once);
    }
}

TEST(LakeStatements, ClausesOfCreateTableBecomeDuckDbs) {
    EXPECT_EQ(rewritten("CREATE TABLE t (a INT, b STRING) USING delta PARTITIONED BY (b) TBLPROPERTIES ('k' = 'v')"),
              "CREATE TABLE t (a INT, b STRING) PARTITIONED BY (b) WITH ('k' = 'v')");
    EXPECT_EQ(rewritten("CREATE OR REPLACE TABLE t USING DELTA AS SELECT 1 AS a"),
              "CREATE OR REPLACE TABLE t AS SELECT 1 AS a");
    EXPECT_EQ(rewritten("CREATE TABLE t TBLPROPERTIES ('k' = 'v') PARTITIONED BY (b) AS SELECT * FROM s@v1"),
              "CREATE TABLE t PARTITIONED BY (b) WITH ('k' = 'v') AS SELECT * FROM s AT (VERSION => 1)");
    EXPECT_EQ(
        rewritten("CREATE TABLE t (a INT NOT NULL COMMENT 'it''s', \"b c\" BIGINT GENERATED BY DEFAULT AS IDENTITY "
                  "(START WITH -5 INCREMENT BY 2)) COMMENT 'table' CLUSTER BY (a)"),
        "CREATE TABLE t (a INT NOT NULL, \"b c\" BIGINT) WITH ('lagoa.creation' = "
        "'{\"comment\":\"table\",\"clusterBy\":[\"a\"],\"columns\":[{\"column\":\"a\",\"comment\":\"it''s\"},"
        "{\"column\":\"b c\",\"identity\":{\"start\":-5,\"step\":2,\"explicit\":true}}]}')");
}

TEST(LakeStatements, AlterTableBecomesDuckDbs) {
    EXPECT_EQ(rewritten("ALTER TABLE z.t SET TBLPROPERTIES ('delta.appendOnly' = 'true', a.b = 1)"),
              "ALTER TABLE z.t SET ('delta.appendOnly' = 'true', a.b = 1)");
    EXPECT_EQ(rewritten("ALTER TABLE t UNSET TBLPROPERTIES IF EXISTS ('k')"), "ALTER TABLE t RESET ('k')");
    EXPECT_EQ(rewritten("ALTER TABLE t ADD COLUMNS (a DECIMAL(18, 4))"), "ALTER TABLE t ADD COLUMN a DECIMAL(18, 4)");
    EXPECT_EQ(rewritten("ALTER TABLE t ADD COLUMNS (a INT, b STRING COMMENT 'it''s')"),
              "PRAGMA lagoa_alter('t', 'ALTER TABLE t ADD COLUMN a INT; ALTER TABLE t ADD COLUMN b STRING; COMMENT ON "
              "COLUMN t.b IS ''it''''s''')");
    EXPECT_EQ(rewritten("ALTER TABLE t DROP COLUMNS (a, b)"),
              "PRAGMA lagoa_alter('t', 'ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN b')");
    EXPECT_EQ(rewritten("ALTER TABLE t DROP COLUMN a"), "ALTER TABLE t DROP COLUMN a");
    EXPECT_EQ(rewritten("ALTER TABLE t CHANGE COLUMN a a BIGINT"), "ALTER TABLE t ALTER COLUMN a TYPE BIGINT");
    EXPECT_EQ(rewritten("ALTER TABLE t CHANGE a TYPE BIGINT"), "ALTER TABLE t ALTER COLUMN a TYPE BIGINT");
    EXPECT_EQ(rewritten("ALTER TABLE t ALTER COLUMN a COMMENT 'x'"), "COMMENT ON COLUMN t.a IS 'x'");
}

TEST_F(LakeStatementsTest, OptimizeAsksForWhatItSays) {
    run("OPTIMIZE bronze.t");
    EXPECT_EQ(operations_.asked, "bronze.t");
    EXPECT_TRUE(operations_.optimized.where.empty() && operations_.optimized.z_order.empty());
    run("optimize table LAKE.bronze.\"t\" full where d >= '2026-01-01' and b = 'x' /* y */ zorder by (a, \"b\")");
    EXPECT_EQ(operations_.optimized.where, "d >= '2026-01-01' and b = 'x'");
    EXPECT_EQ(operations_.optimized.z_order, (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(operations_.optimized.full);
    run("USE lake.bronze; REORG TABLE t APPLY (PURGE)");
    EXPECT_EQ(operations_.asked, "bronze.t");
    EXPECT_TRUE(operations_.optimized.purge);
    run("USE lake");
    EXPECT_EQ(value("SELECT path || ' ' || metrics.numFilesRemoved || ' ' || metrics.filesAdded.totalSize FROM "
                    "lagoa_optimize('bronze.t')"),
              "lagoa://bronze/t 4 100");
    EXPECT_EQ(session_->describe("OPTIMIZE bronze.t")->at(1).name, "metrics");
}

TEST_F(LakeStatementsTest, VacuumListsWhatItWouldRemove) {
    EXPECT_EQ(value("SELECT string_agg(path, ' ') FROM lagoa_vacuum('bronze.t', dry_run => true)"),
              "lagoa://bronze/t/a.parquet lagoa://bronze/t/p=1/b.parquet");
    run("VACUUM bronze.t LITE RETAIN 200 HOURS DRY RUN");
    EXPECT_TRUE(operations_.vacuumed.lite && operations_.vacuumed.dry_run);
    EXPECT_EQ(operations_.vacuumed.retain, std::chrono::hours(200));
    EXPECT_EQ(value("VACUUM TABLE bronze.t FULL"), "lagoa://bronze/t");
    EXPECT_FALSE(operations_.vacuumed.lite || operations_.vacuumed.dry_run || operations_.vacuumed.retain);
    EXPECT_EQ(value("VACUUM bronze.t"), "lagoa://bronze/t");

    operations_.asked.clear();
    run("CREATE TEMP TABLE mine AS SELECT 1 AS x; VACUUM mine; VACUUM; VACUUM ANALYZE");
    EXPECT_EQ(operations_.asked, "");
    EXPECT_EQ(error_of(*session_, "VACUUM mine RETAIN 3 HOURS"), ErrorCode::kInvalidArgument);
}

TEST_F(LakeStatementsTest, RestoreAndCloneNameVersions) {
    run("RESTORE TABLE bronze.t TO VERSION AS OF 7");
    EXPECT_EQ(operations_.choice.version, 7);
    run("SET TimeZone = 'America/Sao_Paulo'; RESTORE bronze.t TO TIMESTAMP AS OF '2026-01-02 00:00:00'");
    EXPECT_EQ(operations_.choice.time, parse_instant("2026-01-02T03:00:00Z").value());
    EXPECT_EQ(value("SELECT num_restored_files - num_removed_files FROM lagoa_restore('bronze.t', version => 1)"), "1");
    run("CREATE OR REPLACE TABLE silver.copy SHALLOW CLONE bronze.t VERSION AS OF 3");
    EXPECT_EQ(operations_.asked, "silver.copy");
    EXPECT_EQ(operations_.cloned.source, "bronze.t");
    EXPECT_EQ(operations_.cloned.at.version, 3);
    EXPECT_TRUE(operations_.cloned.replace);
    run("CREATE TABLE IF NOT EXISTS silver.copy SHALLOW CLONE '/data/t'");
    EXPECT_EQ(operations_.cloned.source, "/data/t");
    EXPECT_TRUE(operations_.cloned.if_not_exists);
    EXPECT_EQ(error_of(*session_, "CREATE TABLE silver.copy DEEP CLONE bronze.t"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session_, "RESTORE bronze.t TO VERSION AS OF -1"), ErrorCode::kInvalidArgument);
}

TEST_F(LakeStatementsTest, RulesAreChanged) {
    using Kind = RuleChange::Kind;
    run("ALTER TABLE bronze.t ADD CONSTRAINT positive CHECK (a > 0 AND b <> ')')");
    EXPECT_EQ(operations_.changed.kind, Kind::kAddConstraint);
    EXPECT_EQ(operations_.changed.name, "positive");
    EXPECT_EQ(operations_.changed.text, "a > 0 AND b <> ')'");
    run("ALTER TABLE bronze.t DROP CONSTRAINT IF EXISTS positive");
    EXPECT_EQ(operations_.changed.kind, Kind::kDropConstraint);
    EXPECT_TRUE(operations_.changed.if_exists);
    run("ALTER TABLE bronze.t CLUSTER BY (a, b)");
    EXPECT_EQ(operations_.changed.columns, (std::vector<std::string>{"a", "b"}));
    run("ALTER TABLE bronze.t CLUSTER BY NONE");
    EXPECT_EQ(operations_.changed.kind, Kind::kClusterBy);
    EXPECT_TRUE(operations_.changed.columns.empty());
    run("ALTER TABLE bronze.t ADD FEATURE deletionVectors");
    EXPECT_EQ(operations_.changed.kind, Kind::kAddFeature);
    run("ALTER TABLE bronze.t DROP FEATURE deletionVectors");
    EXPECT_EQ(operations_.changed.kind, Kind::kDropFeature);
    EXPECT_EQ(operations_.changed.name, "deletionVectors");
    run("CONVERT TO DELTA bronze.u PARTITIONED BY (d DATE, n INT) NO STATISTICS");
    EXPECT_EQ(operations_.asked, "bronze.u");
    EXPECT_EQ(operations_.converted.partition_types.at("d"), "DATE");
    EXPECT_EQ(operations_.converted.partition_types.at("n"), "INTEGER");
    EXPECT_TRUE(operations_.converted.no_statistics);
}

TEST_F(LakeStatementsTest, HistoryAndDetailAreSparks) {
    run("INSERT INTO bronze.t VALUES (2, 'y')");
    EXPECT_EQ(value("SELECT string_agg(version || operation, ' ') FROM (DESCRIBE HISTORY bronze.t)"),
              "1WRITE 0CREATE TABLE AS SELECT");
    EXPECT_EQ(value("SELECT count(*) FROM (DESC HISTORY bronze.t LIMIT 1)"), "1");
    EXPECT_EQ(value("SELECT typeof(operationMetrics) || typeof(timestamp) FROM (DESCRIBE HISTORY bronze.t LIMIT 1)"),
              "MAP(VARCHAR, VARCHAR)TIMESTAMP WITH TIME ZONE");
    EXPECT_EQ(value("SELECT format || numFiles || location FROM (DESCRIBE DETAIL bronze.t)"), "delta2lagoa://bronze/t");
    run("ALTER TABLE bronze.t SET TBLPROPERTIES ('delta.appendOnly' = 'true')");
    EXPECT_EQ(value("SELECT value FROM (SHOW TBLPROPERTIES bronze.t ('delta.appendOnly'))"), "true");
    EXPECT_EQ(value("SELECT count(*) FROM (SHOW TBLPROPERTIES bronze.t (delta.nothing))"), "0");
    EXPECT_EQ(error_of(*session_, "DESCRIBE HISTORY bronze.nothing"), ErrorCode::kNotFound);
    EXPECT_EQ(session_->rows("DESCRIBE HISTORY bronze.t")->size(), 3u);
}

TEST_F(LakeStatementsTest, TablesAreReadAsTheyWere) {
    run("INSERT INTO bronze.t VALUES (2, 'y')");
    EXPECT_EQ(value("SELECT count(*) FROM bronze.t VERSION AS OF 0"), "1");
    EXPECT_EQ(value("SELECT n.a FROM bronze.t@v1 AS n LEFT JOIN bronze.t@v0 o USING (a) WHERE o.a IS NULL"), "2");
    run("CREATE VIEW silver.was AS SELECT * FROM bronze.t VERSION AS OF 0");
    EXPECT_EQ(value("SELECT count(*) FROM silver.was"), "1");
}

TEST_F(LakeStatementsTest, SeveralColumnsAreOneCommit) {
    run("ALTER TABLE bronze.t ADD COLUMNS (c INT COMMENT 'it''s', d DECIMAL(18, 4))");
    EXPECT_EQ(value("SELECT operation || operationParameters['columns'] FROM (DESCRIBE HISTORY bronze.t LIMIT 1)"),
              R"(ADD COLUMNS[{"column":{"name":"c","type":"integer","nullable":true,"metadata":{}},"path":"c"},)"
              R"x({"column":{"name":"d","type":"decimal(18,4)","nullable":true,"metadata":{}},"path":"d"}])x");
    EXPECT_EQ(value("SELECT comment FROM duckdb_columns() WHERE table_name = 't' AND column_name = 'c'"), "it's");
    EXPECT_EQ(value("SELECT count(*) FROM (DESCRIBE HISTORY bronze.t)"), "2");
    run("BEGIN; ALTER TABLE bronze.t ADD COLUMNS (e INT, f INT); INSERT INTO bronze.t VALUES (2, 'y', 3, 4, 5, 6); "
        "COMMIT");
    EXPECT_EQ(value("SELECT count(*) || ' ' || sum(e + f) FROM bronze.t"), "2 11");
    EXPECT_EQ(value("SELECT count(*) FROM (DESCRIBE HISTORY bronze.t)"), "3");

    EXPECT_EQ(error_of(*session_, "ALTER TABLE bronze.t ADD COLUMNS (g INT, a INT)"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(value("SELECT count(*) FROM (DESCRIBE HISTORY bronze.t)"), "3") << "all of them or none";
    run("ALTER TABLE bronze.t ADD COLUMNS (IF NOT EXISTS a INT, IF NOT EXISTS c INT)");
    EXPECT_EQ(error_of(*session_, "ALTER TABLE bronze.u ADD COLUMNS (a INT, b INT)"), ErrorCode::kNotFound);
    run("ALTER TABLE IF EXISTS bronze.u ADD COLUMNS (a INT, b INT)");
    EXPECT_EQ(value("SELECT count(*) FROM (DESCRIBE HISTORY bronze.t)"), "3");
    EXPECT_EQ(error_of(*session_, "ALTER TABLE bronze.t DROP COLUMNS (c, d)"), ErrorCode::kUnsupported);
}

TEST_F(LakeStatementsTest, CreateTableHasDeltasClauses) {
    run("CREATE TABLE bronze.u (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), day DATE "
        "COMMENT 'Trading day.', v INT) USING DELTA CLUSTER BY (day) COMMENT 'Trades.' TBLPROPERTIES "
        "('delta.checkpointInterval' = 7)");
    EXPECT_EQ(value("SELECT description || clusteringColumns[1] || properties['delta.checkpointInterval'] FROM "
                    "(DESCRIBE DETAIL bronze.u)"),
              "Trades.day7");
    EXPECT_EQ(value("SELECT comment FROM duckdb_columns() WHERE table_name = 'u' AND column_name = 'day'"),
              "Trading day.");
    run("INSERT INTO bronze.u (day, v) VALUES ('2026-01-02', 1), ('2026-01-03', 2)");
    EXPECT_EQ(value("SELECT string_agg(id, ' ' ORDER BY id) FROM bronze.u"), "10 15");
    run("CREATE TABLE bronze.p PARTITIONED BY (b) TBLPROPERTIES ('delta.appendOnly' = 'true') AS FROM bronze.t@v0");
    EXPECT_EQ(value("SELECT partitionColumns[1] FROM (DESCRIBE DETAIL bronze.p)"), "b");
    EXPECT_EQ(error_of(*session_, "CREATE TABLE bronze.w (a INT) CLUSTER BY (b)"), ErrorCode::kNotFound);
}

TEST_F(LakeStatementsTest, NotNullIsARuleThatIsCheckedFirst) {
    run("ALTER TABLE bronze.t ALTER COLUMN a SET NOT NULL");
    EXPECT_EQ(operations_.changed.kind, RuleChange::Kind::kSetNotNull);
    EXPECT_EQ(operations_.changed.name, "a");
}

TEST_F(LakeStatementsTest, ABlockTakesNoOperation) {
    for (const char* sql :
         {"OPTIMIZE bronze.t", "VACUUM bronze.t", "RESTORE bronze.t TO VERSION AS OF 0", "CONVERT TO DELTA bronze.u",
          "CREATE TABLE bronze.u SHALLOW CLONE bronze.t", "ALTER TABLE bronze.t DROP CONSTRAINT c"}) {
        operations_.asked.clear();
        run("BEGIN");
        EXPECT_EQ(error_of(*session_, sql), ErrorCode::kUnsupported) << sql;
        run("ROLLBACK");
        EXPECT_EQ(operations_.asked, "") << sql;
    }
    EXPECT_EQ(error_of(*connect(), "OPTIMIZE bronze.t"), ErrorCode::kUnsupported) << "a session without operations";
}

TEST_F(LakeStatementsTest, AnInterruptStopsTheOperation) {
    operations_.waits = true;
    const std::jthread stops([this] {
        operations_.begun.acquire();
        session_->interrupt();
    });
    EXPECT_EQ(error_of(*session_, "OPTIMIZE bronze.t"), ErrorCode::kCancelled);
}

TEST_F(LakeStatementsTest, PreparingDoesNothing) {
    ASSERT_TRUE(session_->describe("VACUUM bronze.t"));
    run("PREPARE p AS OPTIMIZE bronze.t");
    EXPECT_EQ(operations_.asked, "");
}

TEST_F(LakeStatementsTest, ErrorsSayWhatWhereAndWhy) {
    for (const char* sql :
         {"OPTIMIZE", "OPTIMIZE bronze.t WHERE", "OPTIMIZE bronze.t ZORDER BY", "OPTIMIZE t", "OPTIMIZE bronze.t now",
          "REORG TABLE bronze.t", "VACUUM bronze.t RETAIN HOURS", "RESTORE bronze.t",
          "DESCRIBE HISTORY bronze.t LIMIT x", "CONVERT TO DELTA bronze.t PARTS",
          "ALTER TABLE bronze.t ADD CONSTRAINT c", "ALTER TABLE bronze.t CLUSTER BY a b", "OPTIMIZE memory.t",
          "OPTIMIZE memory.main.t", "SHOW TBLPROPERTIES bronze.t (", "OPTIMIZE bronze.t ZORDER BY (a, 1)"})
        EXPECT_EQ(error_of(*session_, sql), ErrorCode::kInvalidArgument) << sql;
    for (const char* sql :
         {"INSERT OVERWRITE bronze.t SELECT 1", "INSERT INTO bronze.t REPLACE WHERE a = 1 SELECT 1, 'x'",
          "CREATE TABLE bronze.u (a INT) USING parquet", "CREATE TABLE bronze.u (a INT) USING delta LOCATION '/x'",
          "ALTER TABLE bronze.t REPLACE COLUMNS (a INT)", "ALTER TABLE bronze.t CHANGE COLUMN a c INT",
          "ALTER TABLE bronze.t ADD COLUMNS (c INT FIRST)"})
        EXPECT_EQ(error_of(*session_, sql), ErrorCode::kUnsupported) << sql;
    operations_.failure = Error{ErrorCode::kConflict, "another writer", "again"};
    const auto failed = session_->execute("OPTIMIZE bronze.t");
    EXPECT_EQ(failed.error().code, ErrorCode::kConflict);
    EXPECT_EQ(failed.error().hint, "again");
    const auto misspelt = session_->execute("SELECT 1;\nOPTIMIZE bronze.t\n  ZORDER (a)");
    EXPECT_NE(misspelt.error().message.find("LINE 3:   ZORDER (a)\n          ^"), std::string::npos)
        << misspelt.error().message;
}

TEST_F(LakeStatementsTest, SeveralStatementsRunInOrder) {
    EXPECT_EQ(value("INSERT INTO bronze.t VALUES (2, ';'); OPTIMIZE bronze.t; SELECT count(*) FROM bronze.t@v1;"), "2");
    EXPECT_EQ(operations_.asked, "bronze.t");
}

}  // namespace
}  // namespace lagoa
