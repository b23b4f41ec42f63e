// Goal: a rule gets into a table only if its rows meet it, and a feature leaves it only if nothing of it is left, while
// every version stays readable. Method: changes through Lake::operations and SQL on tables with rows, the log looked
// into, rows of all versions compared; a store that fails at every operation.
#include "catalog/impl/rule_change.h"

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "delta/clustering.h"
#include "delta/column_rules.h"
#include "delta/table_features.h"
#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using enum RuleChange::Kind;
using test::FaultyStore;

const TableName kTable{"silver", "t"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

struct OpenLake {
    explicit OpenLake(std::shared_ptr<ObjectStore> silver = make_memory_store()) : store(std::move(silver)) {
        engine = Engine::open({}).value();
        lake = Lake::open({.zones = {{"silver", store}}, .log = make_memory_store(), .engine = engine.get()}).value();
        session = lake->connect(kHead).value();
    }
    Result<std::uint64_t> execute(std::string_view sql) { return session->execute(sql); }
    void run(std::string_view sql) {
        const auto done = execute(sql);
        EXPECT_TRUE(done) << sql << "\n" << done.error().message;
    }
    ErrorCode code_of(std::string_view sql) {
        const auto done = execute(sql);
        return done ? ErrorCode::kInternal : done.error().code;
    }
    std::string value(const std::string& sql) {
        const auto read = lake->connect(kHead).value()->value(sql);
        return read ? read->value_or("NULL") : "error: " + read.error().message;
    }
    Result<delta::Version> change(const RuleChange& change) { return lake->operations().change_rule(kTable, change); }
    void changes(const RuleChange& change) {
        const auto done = this->change(change);
        EXPECT_TRUE(done) << done.error().message;
    }
    ErrorCode refusal(const RuleChange& change) {
        const auto done = this->change(change);
        return done ? ErrorCode::kInternal : done.error().code;
    }
    std::shared_ptr<const delta::Snapshot> snapshot() { return lake->snapshot(kTable, kHead).value(); }
    std::string operation() { return delta::read_history({store.get(), nullptr, "t"}, 1)->at(0).operation; }

    std::shared_ptr<ObjectStore> store;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
    std::unique_ptr<Session> session;
};

TEST(RuleChange, ConstraintsAreAddedIfAllRowsMeetThem) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t AS SELECT i AS k, 'n' || i AS s FROM range(100) r(i)");
    const auto broken = lake.change({.kind = kAddConstraint, .name = "Big", .text = "k > 0 AND s IS NOT NULL"});
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(broken.error().message.find(R"("k":0)"), std::string::npos) << broken.error().message;
    EXPECT_EQ(lake.snapshot()->version, 0);
    lake.changes({.kind = kAddConstraint, .name = "Big", .text = "k >= 0 AND s IS NOT NULL"});
    EXPECT_EQ(lake.operation(), "ADD CONSTRAINT");
    EXPECT_EQ(lake.snapshot()->metadata.configuration.at("delta.constraints.big"), "k >= 0 AND s IS NOT NULL");
    EXPECT_TRUE(delta::has_feature(lake.snapshot()->protocol, "checkConstraints"));
    EXPECT_EQ(lake.code_of("INSERT INTO silver.t VALUES (1, NULL)"), ErrorCode::kDataRejected);

    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "big", .text = "k > 0"}), ErrorCode::kAlreadyExists);
    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "c", .text = "k"}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "c", .text = "nothing > 0"}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "c", .text = "rand() > 0"}), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "c", .text = "concat(s, s) = ''"}), ErrorCode::kUnsupported)
        << "our SQL means something else";
    EXPECT_EQ(lake.refusal({.kind = kAddConstraint, .name = "c", .text = "10 / (k - 5) > 0"}),
              ErrorCode::kDataRejected);
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "checkConstraints"}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kDropConstraint, .name = "other"}), ErrorCode::kNotFound);
    lake.changes({.kind = kDropConstraint, .name = "other", .if_exists = true});
    lake.changes({.kind = kDropConstraint, .name = "BIG"});
    EXPECT_EQ(lake.operation(), "DROP CONSTRAINT");
    lake.run("INSERT INTO silver.t VALUES (-1, NULL)");
    lake.changes({.kind = kDropFeature, .name = "checkConstraints"});
    EXPECT_FALSE(delta::has_feature(lake.snapshot()->protocol, "checkConstraints"));
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "checkConstraints"}), ErrorCode::kNotFound);
}

TEST(RuleChange, NullsAreForbiddenIfThereAreNone) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t AS SELECT 1 AS k, NULL::INT AS n");
    EXPECT_EQ(lake.code_of("ALTER TABLE silver.t ALTER COLUMN n SET NOT NULL"), ErrorCode::kDataRejected);
    lake.run("ALTER TABLE silver.t ALTER COLUMN k SET NOT NULL");
    EXPECT_FALSE(lake.snapshot()->metadata.schema.fields[0].nullable);
    EXPECT_EQ(lake.code_of("INSERT INTO silver.t VALUES (NULL, 1)"), ErrorCode::kDataRejected);
    EXPECT_EQ(lake.code_of("BEGIN; ALTER TABLE silver.t ALTER COLUMN k SET NOT NULL"), ErrorCode::kUnsupported);
    lake.run("ROLLBACK");
    EXPECT_EQ(lake.refusal({.kind = kSetNotNull, .name = "nothing"}), ErrorCode::kNotFound);
}

TEST(RuleChange, DefaultsAreForNewRows) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t AS SELECT 1 AS k, NULL::VARCHAR AS s");
    lake.run("ALTER TABLE silver.t ALTER COLUMN s SET DEFAULT 'it''s'");
    EXPECT_EQ(delta::default_expression(lake.snapshot()->metadata.schema.fields[1]), R"('it\'s')");
    EXPECT_TRUE(delta::has_feature(lake.snapshot()->protocol, "allowColumnDefaults"));
    lake.run("INSERT INTO silver.t (k) VALUES (2)");
    EXPECT_EQ(lake.value("SELECT string_agg(k || coalesce(s, '-'), ' ' ORDER BY k) FROM silver.t"), "1- 2it's");
    EXPECT_EQ(lake.code_of("ALTER TABLE silver.t ALTER COLUMN k SET DEFAULT 'x'"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.code_of("ALTER TABLE silver.t ALTER COLUMN k SET DEFAULT random()"), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "allowColumnDefaults"}), ErrorCode::kInvalidArgument);
    lake.run("ALTER TABLE silver.t ALTER COLUMN s DROP DEFAULT");
    lake.run("INSERT INTO silver.t (k) VALUES (3)");
    EXPECT_EQ(lake.value("SELECT count(*) FROM silver.t WHERE s IS NULL"), "2");
    lake.changes({.kind = kSetDefault, .name = "k", .text = "7"});
    lake.changes({.kind = kDropDefault, .name = "k"});
    lake.changes({.kind = kDropFeature, .name = "allowColumnDefaults"});
}

TEST(RuleChange, ColumnsThatRulesUseStay) {
    OpenLake lake;
    lake.run(
        "CREATE TABLE silver.t (k INT, g INT GENERATED ALWAYS AS (k + 1)) WITH ('delta.columnMapping.mode' = 'name')");
    EXPECT_EQ(lake.code_of("ALTER TABLE silver.t RENAME COLUMN k TO x"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.code_of("ALTER TABLE silver.t DROP COLUMN k"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kSetDefault, .name = "g", .text = "1"}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "generatedColumns"}), ErrorCode::kInvalidArgument);
    lake.run("ALTER TABLE silver.t DROP COLUMN g");
    lake.changes({.kind = kDropFeature, .name = "generatedColumns"});
}

TEST(RuleChange, CreateTableKeepsItsRules) {
    OpenLake lake;
    lake.run(
        "CREATE TABLE silver.t (k INT CHECK (k > 0), d DATE, s VARCHAR DEFAULT 'x', b BOOLEAN DEFAULT true, "
        "y BIGINT GENERATED ALWAYS AS (year(d)), CHECK (k < 100 OR s IN ('a', 'b')))");
    const auto table = lake.snapshot();
    EXPECT_EQ(table->metadata.configuration.at("delta.constraints.check_1"), "(`k` > 0)");
    EXPECT_EQ(table->metadata.configuration.at("delta.constraints.check_2"), "((`k` < 100) OR (`s` IN ('a', 'b')))");
    EXPECT_EQ(delta::generation_expression(table->metadata.schema.fields[4]), "CAST(year(`d`) AS BIGINT)");
    EXPECT_EQ(delta::default_expression(table->metadata.schema.fields[2]), "'x'");
    for (const char* const feature : {"checkConstraints", "generatedColumns", "allowColumnDefaults"})
        EXPECT_TRUE(delta::has_feature(table->protocol, feature)) << feature;
    lake.run("INSERT INTO silver.t (k, d) VALUES (1, DATE '2026-01-02')");
    EXPECT_EQ(lake.value("SELECT s || b || y FROM silver.t"), "xtrue2026");
    EXPECT_EQ(lake.code_of("INSERT INTO silver.t (k) VALUES (0)"), ErrorCode::kDataRejected);
    EXPECT_EQ(lake.code_of("INSERT INTO silver.t (k) VALUES (100)"), ErrorCode::kDataRejected);

    EXPECT_EQ(lake.code_of("CREATE TABLE silver.u (k INT PRIMARY KEY)"), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.code_of("CREATE TABLE silver.u (k DOUBLE CHECK (CAST(k AS INT) = 1))"), ErrorCode::kUnsupported)
        << "Spark cuts off what DuckDB rounds";
    EXPECT_EQ(lake.code_of("CREATE TABLE silver.u (k INT DEFAULT (random()))"), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.code_of("CREATE TABLE silver.u (k VARCHAR, g INT GENERATED ALWAYS AS (length(k) || ''))"),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(
        lake.code_of("CREATE TABLE silver.u (k INT, g INT GENERATED ALWAYS AS (k), h INT GENERATED ALWAYS AS (g))"),
        ErrorCode::kInvalidArgument);
}

TEST(RuleChange, ADayOfAnInstantIsThatOfUtc) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t (seen TIMESTAMPTZ, day DATE GENERATED ALWAYS AS (CAST(seen AS DATE)))");
    EXPECT_EQ(delta::generation_expression(lake.snapshot()->metadata.schema.fields[1]), "CAST(`seen` AS DATE)");
    lake.run("INSERT INTO silver.t (seen) VALUES ('2026-01-02 23:30:00-03')");
    EXPECT_EQ(lake.value("SELECT day FROM silver.t"), "2026-01-03");
}

TEST(RuleChange, ClusteringIsSetChangedAndTakenAway) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t AS SELECT 1 AS k, 2 AS n, 'x' AS s, {'a': 1} AS st, [1] AS l, 3 AS m");
    lake.changes({.kind = kClusterBy, .columns = {"K", "st.a"}});
    EXPECT_EQ(lake.operation(), "CLUSTER BY");
    EXPECT_EQ(delta::clustering_columns(*lake.snapshot()).value(), (std::vector<delta::NamePath>{{"k"}, {"st", "a"}}));
    EXPECT_TRUE(delta::has_feature(lake.snapshot()->protocol, "clustering"));
    EXPECT_TRUE(delta::has_feature(lake.snapshot()->protocol, "domainMetadata"));
    const delta::Version version = lake.snapshot()->version;
    lake.changes({.kind = kClusterBy, .columns = {"k", "st.a"}});
    EXPECT_EQ(lake.snapshot()->version, version) << "nothing changes";
    EXPECT_EQ(lake.refusal({.kind = kClusterBy, .columns = {"k", "n", "s", "m", "st.a"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kClusterBy, .columns = {"l"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.refusal({.kind = kClusterBy, .columns = {"x"}}), ErrorCode::kNotFound);
    lake.changes({.kind = kClusterBy, .columns = {}});
    EXPECT_TRUE(delta::clustering_columns(*lake.snapshot())->empty());
    lake.changes({.kind = kDropFeature, .name = "clustering"});
    EXPECT_FALSE(delta::has_feature(lake.snapshot()->protocol, "clustering"));

    lake.run("CREATE OR REPLACE TABLE silver.t PARTITIONED BY (p) AS SELECT 1 AS k, 2 AS p");
    EXPECT_EQ(lake.refusal({.kind = kClusterBy, .columns = {"k"}}), ErrorCode::kInvalidArgument);
}

TEST(RuleChange, FeaturesAreAddedByName) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t AS SELECT 1 AS k");
    lake.changes({.kind = kAddFeature, .name = "deletionVectors"});
    EXPECT_TRUE(delta::has_feature(lake.snapshot()->protocol, "deletionVectors"));
    const delta::Version version = lake.snapshot()->version;
    lake.changes({.kind = kAddFeature, .name = "deletionvectors"});
    EXPECT_EQ(lake.snapshot()->version, version);
    EXPECT_EQ(lake.refusal({.kind = kAddFeature, .name = "flying"}), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.refusal({.kind = kAddFeature, .name = "icebergCompatV2"}), ErrorCode::kUnsupported);
}

// The rows of every version, by its number.
std::map<delta::Version, std::string> all_versions(OpenLake& lake) {
    std::map<delta::Version, std::string> rows;
    for (delta::Version version = 0; version <= lake.snapshot()->version; ++version)
        rows[version] =
            lake.value(fmt::format("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t AT (VERSION => {})", version));
    return rows;
}

TEST(FeatureDrop, DeletionVectorsArePurgedFirst) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t WITH ('delta.enableDeletionVectors' = true) AS SELECT i AS k FROM range(10) r(i)");
    lake.run("DELETE FROM silver.t WHERE k % 3 = 0");
    const auto before = all_versions(lake);
    lake.changes({.kind = kDropFeature, .name = "deletionvectors"});
    EXPECT_EQ(lake.operation(), "DROP FEATURE");
    const auto table = lake.snapshot();
    EXPECT_FALSE(delta::has_feature(table->protocol, "deletionVectors"));
    EXPECT_EQ(table->protocol.min_reader_version, 1);
    EXPECT_TRUE(delta::has_feature(table->protocol, "checkpointProtection"));
    EXPECT_EQ(table->metadata.configuration.at("delta.requireCheckpointProtectionBeforeVersion"),
              std::to_string(table->version));
    for (const delta::AddFile& file : table->files) EXPECT_FALSE(file.deletion_vector);
    EXPECT_TRUE(lake.store->head(fmt::format("t/_delta_log/{:020}.checkpoint.parquet", table->version)));
    for (const auto& [version, rows] : before) EXPECT_EQ(all_versions(lake).at(version), rows);
    EXPECT_EQ(lake.value("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t"), before.rbegin()->second);
    lake.run("DELETE FROM silver.t WHERE k = 1");
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "checkpointProtection"}), ErrorCode::kUnsupported);
}

TEST(FeatureDrop, PropertiesGoWithTheirFeature) {
    for (const auto& [feature, properties] : std::map<std::string, std::string>{
             {"appendOnly", "'delta.appendOnly' = true"},
             {"changeDataFeed", "'delta.enableChangeDataFeed' = true"},
             {"inCommitTimestamp", "'delta.enableInCommitTimestamps' = true"},
             {"rowTracking", "'delta.enableRowTracking' = true"},
             {"typeWidening", "'delta.enableTypeWidening' = true"},
             {"v2Checkpoint", "'delta.checkpointPolicy' = 'v2'"},
             {"vacuumProtocolCheck", "'delta.feature.vacuumProtocolCheck' = 'supported'"},
             {"columnMapping", "'delta.columnMapping.mode' = 'name'"}}) {
        OpenLake lake;
        lake.run("CREATE TABLE silver.t AS SELECT i AS k FROM range(5) r(i)");
        lake.run(fmt::format("ALTER TABLE silver.t SET ({})", properties));
        lake.run("INSERT INTO silver.t VALUES (7)");
        const auto dropped = lake.change({.kind = kDropFeature, .name = feature});
        ASSERT_TRUE(dropped) << feature << ": " << dropped.error().message;
        EXPECT_FALSE(delta::has_feature(lake.snapshot()->protocol, feature)) << feature;
        lake.run("INSERT INTO silver.t VALUES (8)");
        EXPECT_EQ(lake.value("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t"), "0 1 2 3 4 7 8") << feature;
    }
}

TEST(FeatureDrop, WhatFilesHoldIsRefusedByName) {
    OpenLake lake;
    lake.run("CREATE TABLE silver.t WITH ('delta.columnMapping.mode' = 'name') AS SELECT 1 AS k, 2 AS n");
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "columnMapping"}), ErrorCode::kUnsupported)
        << "its columns have names of their own in files";
    lake.run("CREATE OR REPLACE TABLE silver.t (k INT) WITH ('delta.enableTypeWidening' = true)");
    lake.run("ALTER TABLE silver.t ALTER COLUMN k SET DATA TYPE BIGINT");
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "typeWidening"}), ErrorCode::kUnsupported);
    EXPECT_EQ(lake.refusal({.kind = kDropFeature, .name = "domainMetadata"}), ErrorCode::kNotFound);
}

TEST(RuleChange, EveryFailureOfTheStoreLeavesTheTableWhole) {
    for (const RuleChange& change : {RuleChange{.kind = kAddConstraint, .name = "c", .text = "k >= 0"},
                                     RuleChange{.kind = kDropFeature, .name = "deletionVectors"}}) {
        for (int at = 1;; ++at) {
            const std::shared_ptr<ObjectStore> disk = make_memory_store();
            std::string rows;
            {
                OpenLake lake(disk);
                lake.run(
                    "CREATE TABLE silver.t WITH ('delta.enableDeletionVectors' = true) AS "
                    "SELECT i AS k FROM range(6) r(i)");
                lake.run("DELETE FROM silver.t WHERE k = 3");
                rows = lake.value("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t");
            }
            const auto faulty = std::make_shared<FaultyStore>(
                *disk,
                FaultyStore::Fault{.kind = FaultyStore::Kind::kCrash, .at = at, .code = ErrorCode::kResourceExhausted});
            const auto changed = OpenLake(faulty).change(change);
            const bool tripped = faulty->tripped();
            OpenLake again(disk);  // the process starts again
            EXPECT_EQ(again.value("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t"), rows) << at;
            if (!changed) {
                const auto repeated = again.change(change);
                const bool was_done = !repeated && (repeated.error().code == ErrorCode::kAlreadyExists ||
                                                    repeated.error().code == ErrorCode::kNotFound);
                EXPECT_TRUE(repeated || was_done) << at << ": " << repeated.error().message;
            }
            again.run("INSERT INTO silver.t VALUES (9)");
            if (!tripped) break;
            ASSERT_LT(at, 200);
        }
    }
}

}  // namespace
}  // namespace lagoa
