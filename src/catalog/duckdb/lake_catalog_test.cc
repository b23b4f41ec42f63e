// Goal: the lake looks like a DuckDB database: names resolve per session, listings work, and what is not
// supported is refused by name. Method: SQL through sessions with views of their own.

#include "catalog/duckdb/delta_function.h"
#include "catalog/duckdb/lake_fixture_test.h"

namespace lagoa {
namespace {

using test::LakeFixture;

class LakeCatalogTest : public LakeFixture {};

TEST_F(LakeCatalogTest, CreatesATableThatAnotherSessionReads) {
    const auto writer = connect();
    run(*writer,
        "CREATE TABLE silver.stocks AS SELECT i::BIGINT AS id, 'T' || i AS ticker, i::DECIMAL(18,4) / 4 AS price FROM "
        "range(5) r(i)");
    const auto reader = connect();
    EXPECT_EQ(value(*reader, "SELECT count(*) FROM silver.stocks"), "5");
    EXPECT_EQ(value(*reader, "SELECT string_agg(ticker, ',' ORDER BY id) FROM lake.silver.stocks WHERE id >= 3"),
              "T3,T4");
    EXPECT_EQ(
        value(*reader,
              "SELECT filename LIKE 'lagoa://silver/stocks/part-%.parquet' AND file_row_number = 2 AND file_index = 0 "
              "FROM silver.stocks WHERE id = 2"),
        "true");
}

TEST_F(LakeCatalogTest, ListsTablesAndColumns) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.a AS SELECT 1 AS x; CREATE TABLE silver.b AS SELECT DATE '2026-01-02' AS day");
    EXPECT_EQ(value(*session, "SELECT string_agg(schema || '.' || name, ' ' ORDER BY schema) FROM (SHOW ALL TABLES)"),
              "bronze.a silver.b");
    EXPECT_EQ(value(*session,
                    "SELECT count(*) FROM information_schema.tables WHERE table_catalog = 'lake' AND table_type = "
                    "'BASE TABLE'"),
              "2");
    EXPECT_EQ(value(*session, "SELECT data_type FROM information_schema.columns WHERE table_name = 'b'"), "DATE");
    EXPECT_EQ(value(*session, "SELECT estimated_size FROM duckdb_tables() WHERE table_name = 'a'"), "1");
    EXPECT_EQ(value(*session, "SELECT column_type FROM (DESCRIBE bronze.a)"), "INTEGER");
    EXPECT_EQ(value(*session,
                    "SELECT string_agg(schema_name, ' ' ORDER BY schema_name) FROM duckdb_schemas() WHERE "
                    "database_name = 'lake'"),
              "bronze silver");
}

TEST_F(LakeCatalogTest, SessionsWithOtherCutsSeeOtherVersions) {
    const auto writer = connect();
    run(*writer, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    const auto old = connect({{{"bronze", "t"}, 0}});
    const auto head = connect();
    run(*writer, "INSERT INTO bronze.t VALUES (2)");
    EXPECT_EQ(value(*old, "SELECT count(*) FROM bronze.t"), "1");
    EXPECT_EQ(value(*head, "SELECT count(*) FROM bronze.t"), "2");
    EXPECT_EQ(value(*writer, "SELECT count(*) FROM bronze.t"), "2");
    // A session that writes sees what it wrote; the pin is its own.
    run(*old, "INSERT INTO bronze.t VALUES (3)");
    EXPECT_EQ(value(*old, "SELECT count(*) FROM bronze.t"), "3");
    EXPECT_EQ(value(*writer, "SELECT count(*) FROM bronze.t"), "2") << "the writer's pin is its own last write";
}

TEST_F(LakeCatalogTest, ATransactionSeesOneVersion) {
    const auto writer = connect();
    const auto reader = connect();
    run(*writer, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    run(*reader, "BEGIN");
    EXPECT_EQ(value(*reader, "SELECT count(*) FROM bronze.t"), "1");
    run(*writer, "INSERT INTO bronze.t VALUES (2)");
    EXPECT_EQ(value(*reader, "SELECT count(*) FROM bronze.t"), "1");
    run(*reader, "COMMIT");
    EXPECT_EQ(value(*reader, "SELECT count(*) FROM bronze.t"), "2");
}

TEST_F(LakeCatalogTest, CurrentViewKeepsTheNewestRowOfEachKey) {
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.quotes (ticker VARCHAR, price INTEGER, _known_from TIMESTAMPTZ, _run VARCHAR, _object "
        "VARCHAR, _pointer VARCHAR) "
        "WITH ('lagoa.businessKey' = '[\"ticker\"]')");
    run(*session,
        "INSERT INTO bronze.quotes VALUES ('A', 1, '2026-01-01', 'r1', 'o', '/0'), ('A', 2, '2026-01-02', 'r2', 'o', "
        "'/0'), "
        "('A', 3, '2026-01-02', 'r3', 'o', '/0'), ('B', 9, NULL, 'r1', 'o', '/1'), ('B', 8, '2026-01-01', 'r0', 'o', "
        "'/1')");
    EXPECT_EQ(value(*session, "SELECT string_agg(ticker || price, ' ' ORDER BY ticker) FROM bronze.quotes_current"),
              "A3 B8");
    run(*session,
        "INSERT INTO bronze.quotes VALUES ('C', 1, '2026-01-01', 'r', 'o', '/0/rows/100'), ('C', 2, '2026-01-01', 'r', "
        "'o', '/0/rows/99'), ('D', 1, '2026-01-01', 'r', 'o', '/10/9'), ('D', 2, '2026-01-01', 'r', 'o', '/9/10'), "
        "('E', 1, '2026-01-01', 'r', 'o', '/b'), ('E', 2, '2026-01-01', 'r', 'o', '/a'), "
        "('F', 1, '2026-01-01', 'r', 'o', '/99999999999999999999'), ('F', 2, '2026-01-01', 'r', 'o', NULL)");
    EXPECT_EQ(value(*session, "SELECT string_agg(ticker || price, ' ' ORDER BY ticker) FROM bronze.quotes_current"),
              "A3 B8 C1 D1 E1 F1");
    EXPECT_EQ(value(*session, "SELECT table_type FROM information_schema.tables WHERE table_name = 'quotes_current'"),
              "VIEW");
    run(*session, "CREATE TABLE bronze.plain AS SELECT 1 AS x");
    EXPECT_EQ(error_of(*session, "FROM bronze.plain_current"), ErrorCode::kNotFound);
}

TEST_F(LakeCatalogTest, ReadsATableAtItsVersions) {
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.t AS SELECT 1 AS x; INSERT INTO bronze.t VALUES (2); INSERT INTO bronze.t VALUES (3)");
    EXPECT_EQ(value(*session,
                    "SELECT (SELECT sum(x) FROM bronze.t AT (VERSION => 0)) || ' ' || (SELECT sum(x) FROM bronze.t "
                    "AT (VERSION => 1)) || ' ' || (SELECT sum(x) FROM bronze.t)"),
              "1 3 6");
    EXPECT_EQ(error_of(*session, "FROM bronze.t AT (VERSION => 7)"), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(*session, "FROM bronze.t AT (VERSION => 'new')"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session, "FROM bronze.t AT (HASH => 1)"), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(register_delta_function(*engine_));
    EXPECT_EQ(value(*session, "SELECT sum(x) FROM delta('lagoa://bronze/t', version => 1)"), "3");
    EXPECT_EQ(error_of(*session, "FROM delta('/no/such/folder')"), ErrorCode::kNotFound);
    run(*session, "SET allowed_directories = ['lagoa://']; SET enable_external_access = false");
    EXPECT_EQ(error_of(*session, "FROM delta('/tmp')"), ErrorCode::kPermissionDenied);
    EXPECT_EQ(value(*session, "SELECT sum(x) FROM bronze.t"), "6");
}

TEST_F(LakeCatalogTest, TwoScansOfEqualShapeAreTwoScans) {
    // The optimiser runs equal subplans once, and takes for equal what serialises to the same bytes.
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.a AS SELECT 1 AS x; CREATE TABLE bronze.b AS SELECT 2 AS x");
    EXPECT_EQ(value(*session, "SELECT (SELECT sum(x) FROM bronze.a) || ' ' || (SELECT sum(x) FROM bronze.b)"), "1 2");
    EXPECT_EQ(value(*session, "SELECT string_agg(x, ' ' ORDER BY x) FROM (FROM bronze.a UNION ALL FROM bronze.b)"),
              "1 2");
    run(*session, "BEGIN; INSERT INTO bronze.a VALUES (5)");
    EXPECT_EQ(value(*session,
                    "SELECT (SELECT sum(x) FROM bronze.a) || ' ' || (SELECT sum(x) FROM bronze.a AT (VERSION => 0))"),
              "6 1");
    run(*session, "ROLLBACK");
}

TEST_F(LakeCatalogTest, PlansOverTablesAreCopied) {
    // Inlined CTEs and windows that become self-joins are copies of a subplan, scans included.
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x, i % 2 AS y FROM range(6) r(i)");
    ASSERT_TRUE(register_delta_function(*engine_));
    for (const char* table : {"bronze.t", "delta('lagoa://bronze/t')"}) {
        const std::string cte = fmt::format("WITH c AS NOT MATERIALIZED (SELECT x, y FROM {} WHERE x > 1) ", table);
        EXPECT_EQ(value(*session, cte + "SELECT count(*) FROM c a JOIN c b USING (y) WHERE a.x < b.x"), "2");
        EXPECT_EQ(value(*session,
                        fmt::format("SELECT string_agg(s, ' ' ORDER BY x) FROM (SELECT x, sum(x) OVER (PARTITION BY y) "
                                    "AS s FROM {} WHERE x > 1)",
                                    table)),
                  "6 8 6 8");
    }
    EXPECT_EQ(error_of(*session, "FROM lagoa_scan('/tmp')"), ErrorCode::kUnsupported);
}

TEST_F(LakeCatalogTest, RefusesByName) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x");
    for (const char* sql :
         {"ALTER TABLE bronze.t RENAME TO u", "CREATE SCHEMA gold", "INSERT INTO bronze.t VALUES (1) RETURNING x",
          "CREATE TABLE bronze.u (x INT PRIMARY KEY)"}) {
        EXPECT_EQ(error_of(*session, sql), ErrorCode::kUnsupported) << sql;
    }
    EXPECT_EQ(error_of(*session, "CREATE TABLE bronze.t AS SELECT 1 AS x"), ErrorCode::kAlreadyExists);
    EXPECT_EQ(error_of(*session, "FROM bronze.nothing"), ErrorCode::kNotFound);
    // Names that DuckDB suggests are the lake's, not its own.
    EXPECT_EQ(session->value("SELECT * FROM silver.nothing").error().message.find("pg_catalog"), std::string::npos);
    EXPECT_EQ(error_of(*session, "FROM gold.t"), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(*session, "CREATE TABLE gold.t AS SELECT 1 AS x"), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(*session, "CREATE TABLE bronze.u (x INT) WITH (speed = 9)"), ErrorCode::kUnsupported);
    EXPECT_EQ(value(*session, "SELECT count(*) FROM (SHOW ALL TABLES)"), "1");
}

TEST_F(LakeCatalogTest, TemporaryTablesStayOutsideTheLake) {
    const auto session = connect();
    run(*session, "CREATE TEMP TABLE scratch AS SELECT 42 AS x; CREATE TABLE bronze.t AS FROM scratch");
    EXPECT_EQ(value(*session, "SELECT x FROM bronze.t"), "42");
}

TEST_F(LakeCatalogTest, PreparedParametersAreBoundToTheSessionsVersion) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t AS SELECT i AS x FROM range(10) r(i)");
    const std::vector<json::Value> parameters{json::Value(7)};
    const auto found = session->value("SELECT count(*) FROM bronze.t WHERE x >= $1", parameters);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(**found, "3");
}

TEST_F(LakeCatalogTest, ATopNReadsTheRowsItFound) {
    // The optimiser scans twice here: once for the keys, once for the rows by (file_index, file_row_number).
    const auto session = connect();
    run(*session,
        "CREATE TABLE bronze.t AS SELECT i AS x, repeat('a', 20) || i AS wide, i % 7 AS other FROM range(3000) r(i)");
    for (int file = 1; file < 4; ++file)
        run(*session,
            fmt::format("INSERT INTO bronze.t SELECT i + {}, repeat('a', 20) || i + {}, i % 7 FROM range(3000) r(i)",
                        file * 3000, file * 3000));
    EXPECT_EQ(value(*session,
                    "SELECT string_agg(x || wide, ' ') FROM (SELECT * FROM bronze.t WHERE x BETWEEN 4000 AND 8000 "
                    "ORDER BY x DESC LIMIT 2)"),
              "8000" + std::string(20, 'a') + "8000 7999" + std::string(20, 'a') + "7999");
}

}  // namespace
}  // namespace lagoa
