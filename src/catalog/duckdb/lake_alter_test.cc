// Goal: SQL changes tables in one commit each, keeps their history, and refuses what would break rows that are there.
// Method: statements through sessions, rows read back by another; the log looked into.
#include "catalog/duckdb/lake_fixture_test.h"
#include "delta/column_mapping.h"
#include "delta/table_features.h"

namespace lagoa {
namespace {

class LakeAlterTest : public test::LakeFixture {
protected:
    std::shared_ptr<const delta::Snapshot> snapshot(const std::string& table = "t") {
        return delta::read_snapshot({stores_.at("bronze").get(), parquet_.get(), table}).value();
    }
    std::string operation() {
        return delta::read_history({stores_.at("bronze").get(), parquet_.get(), "t"}, 1)->at(0).operation;
    }
    std::string rows(const std::string& sql) { return value(*connect(), sql); }
};

TEST_F(LakeAlterTest, ColumnsAreAddedAlsoInsideStructs) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x, {'a': 1} AS s");
    run(*session, "ALTER TABLE bronze.t ADD COLUMN y DECIMAL(18,4)");
    EXPECT_EQ(operation(), "ADD COLUMNS");
    run(*session, "ALTER TABLE bronze.t ADD COLUMN s.b VARCHAR");
    run(*session, "INSERT INTO bronze.t VALUES (2, {'a': 2, 'b': 'two'}, 1.5)");
    EXPECT_EQ(rows("SELECT string_agg(concat(x, s.a, s.b, y), ' ' ORDER BY x) FROM bronze.t"), "11 22two1.5000");
    EXPECT_EQ(rows("SELECT count(*) FROM bronze.t AT (VERSION => 0)"), "1");

    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ADD COLUMN X INT"), ErrorCode::kAlreadyExists);
    run(*session, "ALTER TABLE bronze.t ADD COLUMN IF NOT EXISTS x INT");
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ADD COLUMN z INT DEFAULT 1"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ADD COLUMN filename VARCHAR"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(snapshot()->version, 3);
}

TEST_F(LakeAlterTest, ColumnsAreRenamedAndDroppedUnderColumnMapping) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x, 'a' AS p, {'a': 7, 'b': 8} AS s");
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t RENAME COLUMN x TO z"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t DROP COLUMN x"), ErrorCode::kUnsupported);
    run(*session, "ALTER TABLE bronze.t SET ('delta.columnMapping.mode' = 'name')");
    EXPECT_EQ(operation(), "SET TBLPROPERTIES");
    run(*session, "ALTER TABLE bronze.t RENAME COLUMN x TO z");
    EXPECT_EQ(operation(), "RENAME COLUMN");
    run(*session, "ALTER TABLE bronze.t RENAME COLUMN s.a TO c");
    run(*session, "ALTER TABLE bronze.t DROP COLUMN s.b");
    run(*session, "INSERT INTO bronze.t VALUES (2, 'b', {'c': 9})");
    EXPECT_EQ(rows("SELECT string_agg(z || p || s, ' ' ORDER BY z) FROM bronze.t"), "1a{'c': 7} 2b{'c': 9}");
    run(*session, "ALTER TABLE bronze.t DROP COLUMN p");
    EXPECT_EQ(operation(), "DROP COLUMNS");
    run(*session,
        "ALTER TABLE bronze.t ADD COLUMN p BIGINT");  // another column of that name: its rows do not come back
    EXPECT_EQ(rows("SELECT count(p) || ' ' || count(*) FROM bronze.t"), "0 2");
    run(*session, "ALTER TABLE bronze.t DROP COLUMN IF EXISTS nothing");
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t DROP COLUMN nothing"), ErrorCode::kNotFound);
}

TEST_F(LakeAlterTest, TypesAreWidenedOnly) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t (x INTEGER NOT NULL, y INTEGER) WITH ('delta.enableTypeWidening' = true)");
    run(*session, "INSERT INTO bronze.t VALUES (1, 2)");
    run(*session, "ALTER TABLE bronze.t ALTER COLUMN x SET DATA TYPE BIGINT");
    run(*session, "INSERT INTO bronze.t VALUES (5000000000, 3)");
    EXPECT_EQ(rows("SELECT sum(x) FROM bronze.t WHERE x > 0"), "5000000001");
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ALTER COLUMN x SET DATA TYPE SMALLINT"),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ALTER COLUMN y SET DATA TYPE BIGINT USING y * 2"),
              ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "INSERT INTO bronze.t VALUES (NULL, 3)"), ErrorCode::kDataRejected);
    run(*session, "ALTER TABLE bronze.t ALTER COLUMN x DROP NOT NULL");
    run(*session, "INSERT INTO bronze.t VALUES (NULL, 3)");
    EXPECT_EQ(rows("SELECT count(*) FROM bronze.t WHERE x IS NULL"), "1");
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t ALTER COLUMN y SET NOT NULL"), ErrorCode::kUnsupported);
}

TEST_F(LakeAlterTest, CommentsAreTheTablesOwn) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*session, "COMMENT ON TABLE bronze.t IS 'Quotes'");
    run(*session, "COMMENT ON COLUMN bronze.t.x IS 'Price'");
    EXPECT_EQ(snapshot()->metadata.description, "Quotes");
    EXPECT_EQ(rows("SELECT comment FROM duckdb_tables() WHERE table_name = 't'"), "Quotes");
    EXPECT_EQ(rows("SELECT comment FROM duckdb_columns() WHERE table_name = 't' AND column_name = 'x'"), "Price");
    EXPECT_EQ(error_of(*session, "COMMENT ON COLUMN bronze.t.y IS 'none'"), ErrorCode::kNotFound);
}

TEST_F(LakeAlterTest, PropertiesHaveTheProtocolsNames) {
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.t (x INT, p VARCHAR) PARTITIONED BY (p) WITH ('DELTA.enablechangedatafeed' = true, "
        "'delta.checkpointinterval' = 5, 'delta.targetfilesize' = '16mb', 'delta.feature.deletionvectors' = "
        "'supported', "
        "'delta.columnmapping.mode' = 'id')");
    const auto created = snapshot();
    const auto& properties = created->metadata.configuration;
    EXPECT_EQ(properties.at("delta.enableChangeDataFeed"), "true");
    EXPECT_EQ(properties.at("delta.checkpointInterval"), "5");
    EXPECT_EQ(properties.at("delta.targetFileSize"), "16mb");
    EXPECT_TRUE(delta::has_feature(created->protocol, "deletionVectors"));
    EXPECT_TRUE(delta::has_feature(created->protocol, "columnMapping"));
    EXPECT_FALSE(properties.contains("delta.feature.deletionVectors"));
    run(*session, "INSERT INTO bronze.t VALUES (1, 'a b')");
    EXPECT_EQ(rows("SELECT x || p FROM bronze.t"), "1a b");

    run(*session, "ALTER TABLE bronze.t RESET ('delta.checkpointInterval')");
    EXPECT_FALSE(snapshot()->metadata.configuration.contains("delta.checkpointInterval"));
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t SET ('delta.speed' = 9)"), ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.t SET ('delta.feature.flying' = 'supported')"),
              ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "CREATE TABLE bronze.u (x INT) WITH ('delta.feature.icebergCompatV2' = 'supported')"),
              ErrorCode::kUnsupported);
    EXPECT_EQ(error_of(*session, "CREATE TABLE bronze.u (x INT) WITH ('delta.columnMapping.mode' = 'maybe')"),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session, "ALTER TABLE bronze.contracted ADD COLUMN y INT"), ErrorCode::kNotFound);
}

TEST_F(LakeAlterTest, AReplacedTableKeepsItsHistory) {
    const auto session = connect();
    run(*session, "CREATE OR REPLACE TABLE bronze.t AS SELECT 1 AS x, 'old' AS y");
    EXPECT_EQ(snapshot()->version, 0);
    run(*session, "INSERT INTO bronze.t VALUES (2, 'old')");
    run(*session, "CREATE OR REPLACE TABLE bronze.t PARTITIONED BY (p) AS SELECT DATE '2026-01-02' AS d, 'n' AS p");
    EXPECT_EQ(snapshot()->version, 2);
    EXPECT_EQ(operation(), "CREATE OR REPLACE TABLE AS SELECT");
    EXPECT_EQ(rows("SELECT d || p FROM bronze.t"), "2026-01-02n");
    EXPECT_EQ(rows("SELECT string_agg(x || y, ' ' ORDER BY x) FROM bronze.t AT (VERSION => 1)"), "1old 2old");
    run(*session, "CREATE OR REPLACE TABLE bronze.t (z BIGINT)");
    EXPECT_EQ(rows("SELECT count(*) FROM bronze.t"), "0");
    EXPECT_EQ(snapshot()->metadata.id,
              delta::read_snapshot({stores_.at("bronze").get(), parquet_.get(), "t"}, 0).value()->metadata.id);
}

TEST_F(LakeAlterTest, AMappedTableIsReplacedByAMappedOne) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t WITH ('delta.columnMapping.mode' = 'name') AS SELECT 1 AS x, 2 AS y");
    run(*session, "CREATE OR REPLACE TABLE bronze.t AS SELECT 'a' AS x");
    EXPECT_EQ(rows("SELECT x FROM bronze.t"), "a");
    EXPECT_EQ(rows("SELECT x + y FROM bronze.t AT (VERSION => 0)"), "3");
    EXPECT_EQ(delta::field_id(snapshot()->metadata.schema.fields[0]), 3) << "ids are given once";
}

TEST_F(LakeAlterTest, ABlockOfChangesIsOneCommit) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*session,
        "BEGIN; INSERT INTO bronze.t VALUES (2); ALTER TABLE bronze.t ADD COLUMN y VARCHAR; "
        "INSERT INTO bronze.t VALUES (3, 'three')");
    EXPECT_EQ(value(*session, "SELECT string_agg(concat(x, y), ' ' ORDER BY x) FROM bronze.t"), "1 2 3three");
    EXPECT_EQ(rows("SELECT string_agg(x, ' ') FROM bronze.t"), "1");
    EXPECT_EQ(error_of(*session, "CREATE OR REPLACE TABLE bronze.t AS SELECT 1 AS x"), ErrorCode::kUnsupported);
    run(*session, "ROLLBACK");
    EXPECT_EQ(snapshot()->version, 0);
    run(*session, "BEGIN; ALTER TABLE bronze.t ADD COLUMN y VARCHAR; INSERT INTO bronze.t VALUES (3, 'three'); COMMIT");
    EXPECT_EQ(snapshot()->version, 1);
    EXPECT_EQ(rows("SELECT string_agg(concat(x, y), ' ' ORDER BY x) FROM bronze.t"), "1 3three");
}

}  // namespace
}  // namespace lagoa
