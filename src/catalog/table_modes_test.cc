// Goal: every way to write keeps every kind of table right: exactly the rows it says, in files that other readers
// understand, or nothing at all. Method: each mode on each kind of table, rows compared by a second lake; the log and
// the Parquet files looked into; a store that fails at every operation; threads that merge at once.
#include <array>
#include <functional>
#include <ostream>
#include <thread>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "delta/column_mapping.h"
#include "delta/deletion_vector.h"
#include "delta/table_features.h"
#include "engine/row_source.h"
#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::FaultyStore;

const TableName kTable{"silver", "t"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

/// One process: an engine and a lake over stores that outlive it.
struct OpenLake {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
    std::unique_ptr<Session> session;

    OpenLake(std::shared_ptr<ObjectStore> silver, std::shared_ptr<ObjectStore> log) {
        engine = Engine::open({}).value();
        lake = Lake::open({.zones = {{"silver", std::move(silver)}}, .log = std::move(log), .engine = engine.get()})
                   .value();
        session = lake->connect(kHead).value();
    }
    Result<WriteResult> write(WriteRequest request) {
        request.table = kTable;
        return lake->write(*session, request);
    }
    std::string value(const std::string& sql) {
        const auto read = lake->connect(kHead).value()->value(sql);
        return read ? read->value_or("NULL") : "error: " + read.error().message;
    }
    std::string rows() {
        return value(
            "SELECT string_agg(k || p || v || ':' || coalesce(s.x::VARCHAR, '-'), ' ' ORDER BY k) FROM silver.t");
    }
    std::shared_ptr<const delta::Snapshot> snapshot() { return lake->snapshot(kTable, kHead).value(); }
};

// Rows `k, p, v` and a struct, of one type each.
std::string select(std::initializer_list<std::tuple<int, const char*, int>> rows) {
    std::string sql;
    for (const auto& [k, p, v] : rows)
        sql += fmt::format("{}SELECT {}::BIGINT AS k, '{}' AS p, {} AS v, {{'x': {}::BIGINT}} AS s",
                           sql.empty() ? "" : " UNION ALL ", k, p, v, k * 100);
    return sql;
}

// Deletes the row by a deletion vector, as another writer would.
void delete_row(OpenLake& lake, int k) {
    const auto place =
        lake.session->rows(fmt::format("SELECT filename AS f, file_row_number AS n FROM silver.t WHERE k = {}", k));
    ASSERT_TRUE(place) << place.error().message;
    const json::Value row(place->at(0));
    const std::array deleted{static_cast<std::uint64_t>(*row.int64_at("n"))};
    const auto base = lake.snapshot();
    delta::CommitRequest request{.operation = "DELETE"};
    for (const delta::AddFile& file : base->files) {
        if (!row.string_at("f")->ends_with(delta::decode_path(file.path))) continue;
        delta::AddFile added = file;
        added.deletion_vector = delta::inline_deletion_vector(delta::DeletedRows(deleted));
        request.adds.push_back(added);
        request.removes.push_back({.path = file.path});
    }
    ASSERT_EQ(request.adds.size(), 1U);
    const auto committed = delta::commit(lake.lake->locate(kTable).value(), base, std::move(request));
    ASSERT_TRUE(committed) << committed.error().message;
}

struct Kind {
    const char* name;
    std::map<std::string, std::string> properties;
    std::vector<std::string> partition_by = {};
    bool deletes = false;  // rows by deletion vectors
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"plain", {}},
        {"partitioned", {}, {"p"}},
        {"mapped_by_name", {{"delta.columnMapping.mode", "name"}}},
        {"mapped_by_id", {{"delta.columnMapping.mode", "id"}}},
        {"mapped_and_partitioned", {{"delta.columnMapping.mode", "name"}}, {"p"}},
        {"deletion_vectors", {{"delta.enableDeletionVectors", "true"}}, {}, true},
        {"in_commit_timestamps", {{"delta.enableInCommitTimestamps", "true"}}},
        {"row_tracking", {{"delta.enableRowTracking", "true"}}},
        {"change_feed", {{"delta.enableChangeDataFeed", "true"}}},
        {"everything",
         {{"delta.columnMapping.mode", "id"},
          {"delta.enableDeletionVectors", "true"},
          {"delta.enableInCommitTimestamps", "true"},
          {"delta.enableRowTracking", "true"},
          {"delta.enableTypeWidening", "true"},
          {"delta.enableChangeDataFeed", "true"},
          {"delta.checkpointPolicy", "v2"},
          {"delta.checkpointInterval", "2"}},
         {"p"},
         true},
        {"writer_3", {{"delta.minWriterVersion", "3"}}},
        {"writer_4", {{"delta.minWriterVersion", "4"}}},
        {"writer_5", {{"delta.minReaderVersion", "2"}, {"delta.minWriterVersion", "5"}}},
        {"writer_6", {{"delta.minReaderVersion", "2"}, {"delta.minWriterVersion", "6"}}},
    };
    return all;
}

class TableModesTest : public testing::TestWithParam<Kind> {
protected:
    void write(WriteRequest request, const std::string& rows_after) {
        const auto written = open.write(std::move(request));
        ASSERT_TRUE(written) << written.error().message;
        EXPECT_TRUE(written->committed);
        EXPECT_EQ(OpenLake(disk, log).rows(), rows_after);
    }

    std::shared_ptr<ObjectStore> disk = make_memory_store();
    std::shared_ptr<ObjectStore> log = make_memory_store();
    OpenLake open{disk, log};
};

TEST_P(TableModesTest, EveryModeLeavesExactlyItsRows) {
    const Kind& kind = GetParam();
    write({.select = select({{1, "a", 10}, {2, "a", 20}, {3, "b", 30}}),
           .partition_by = kind.partition_by,
           .properties = kind.properties},
          "1a10:100 2a20:200 3b30:300");
    write({.select = select({{4, "c", 40}})}, "1a10:100 2a20:200 3b30:300 4c40:400");
    if (kind.deletes) {
        delete_row(open, 2);
    } else {
        write({.select = "SELECT * FROM silver.t WHERE k <> 2", .mode = WriteMode::kOverwrite},
              "1a10:100 3b30:300 4c40:400");
    }
    // Rewrites what stays beside the matched row.
    write({.select = select({{3, "b", 33}, {5, "c", 50}}), .mode = WriteMode::kMerge, .key = {"k"}},
          "1a10:100 3b33:300 4c40:400 5c50:500");
    write({.select = select({{6, "d", 41}}), .mode = WriteMode::kReplaceWhere, .replace_where = "v >= 33 AND v < 45"},
          "1a10:100 5c50:500 6d41:600");
    const bool partitioned = !kind.partition_by.empty();
    write({.select = select({{7, "c", 70}, {8, "e", 80}}), .mode = WriteMode::kOverwritePartitions},
          partitioned ? "1a10:100 6d41:600 7c70:700 8e80:800" : "7c70:700 8e80:800");
    write(
        {.select = "SELECT 9::BIGINT AS k, 'z' AS p, 90 AS v, {'x': 1::BIGINT, 'y': DATE '2026-01-02'} AS s, 1.5 AS w"},
        partitioned ? "1a10:100 6d41:600 7c70:700 8e80:800 9z90:1" : "7c70:700 8e80:800 9z90:1");
    EXPECT_EQ(open.value("SELECT s.y || ' ' || w FROM silver.t WHERE k = 9"), "2026-01-02 1.5");
    EXPECT_EQ(open.value("SELECT count(*) FROM silver.t WHERE s.y IS NULL AND w IS NULL AND k = 7"), "1");
    ASSERT_TRUE(
        open.write({.select = "SELECT 1 AS one, 'p' AS p", .mode = WriteMode::kOverwrite, .replace_schema = true}));
    EXPECT_EQ(OpenLake(disk, log).value("SELECT one || p FROM silver.t"), "1p");
}

TEST_P(TableModesTest, FilesAndLogSayTheSameByPhysicalNames) {
    const Kind& kind = GetParam();
    ASSERT_TRUE(open.write({.select = select({{1, "a", 10}, {2, "a", 20}}),
                            .partition_by = kind.partition_by,
                            .properties = kind.properties}));
    const auto snapshot = open.snapshot();
    const delta::Metadata& metadata = snapshot->metadata;
    ASSERT_EQ(snapshot->files.size(), 1U);
    const delta::AddFile& file = *snapshot->files.begin();
    const std::string path = "lagoa://silver/t/" + delta::decode_path(file.path);
    const auto columns = OpenLake(disk, log).session->rows("SELECT name AS n, field_id AS id FROM parquet_schema('" +
                                                           path + "') WHERE num_children IS NULL");
    ASSERT_TRUE(columns) << columns.error().message;
    std::map<std::string, std::optional<std::int64_t>> in_file;
    for (const json::Object& column : *columns)
        in_file[*json::Value(column).string_at("n")] = json::Value(column).int64_at("id");

    const Field& s = *metadata.schema.find("s");
    std::map<std::string, std::optional<std::int64_t>> wanted;
    for (const Field* field : {metadata.schema.find("k"), metadata.schema.find("v"), s.type.children.data()})
        wanted[delta::physical_name(*field)] = delta::field_id(*field);
    const std::string p = delta::physical_name(*metadata.schema.find("p"));
    if (kind.partition_by.empty()) wanted[p] = delta::field_id(*metadata.schema.find("p"));
    EXPECT_EQ(in_file, wanted);

    EXPECT_EQ(file.partition_values,
              kind.partition_by.empty() ? delta::PartitionValues{} : (delta::PartitionValues{{p, "a"}}));
    const auto stats = json::parse(file.stats).value();
    EXPECT_EQ(stats.int64_at("numRecords"), 2);
    EXPECT_EQ(stats.find("minValues")->int64_at(delta::physical_name(*metadata.schema.find("v"))), 10);
    EXPECT_EQ(
        stats.find("maxValues")->find(delta::physical_name(s))->int64_at(delta::physical_name(s.type.children.front())),
        200);
    EXPECT_EQ(stats.bool_at("tightBounds").value_or(false), delta::has_feature(snapshot->protocol, "deletionVectors"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, TableModesTest, testing::ValuesIn(kinds()),
                         [](const auto& tested) { return std::string(tested.param.name); });

// ------------------------------------------------------------------ one mode at a time

struct TableWriteTest : testing::Test {
    std::shared_ptr<ObjectStore> disk = make_memory_store();
    std::shared_ptr<ObjectStore> log = make_memory_store();
    OpenLake open{disk, log};

    std::vector<std::string> keys() const {
        std::vector<std::string> names;
        const auto objects = disk->list("").value();
        for (const ObjectInfo& object : objects) names.push_back(object.key);
        return names;
    }
    json::Value last_commit() {
        return json::Value(delta::read_history(open.lake->locate(kTable).value(), 1)->at(0).commit_info);
    }
};

TEST_F(TableWriteTest, RowsKeepTheirIdsWhenTheyAreCopiedOrReplaced) {
    ASSERT_TRUE(open.write({.select = select({{1, "a", 10}, {2, "a", 20}, {3, "b", 30}}),
                            .properties = {{"delta.enableRowTracking", "true"}}}));
    const std::string ids =
        "SELECT string_agg(k || '=' || _row_id || '@' || _row_commit_version, ' ' ORDER BY k) "
        "FROM silver.t";
    EXPECT_EQ(open.value(ids), "1=0@0 2=1@0 3=2@0");
    ASSERT_TRUE(open.write({.select = select({{2, "b", 21}, {4, "c", 40}}), .mode = WriteMode::kMerge, .key = {"k"}}));
    const std::string after = open.value(ids);
    EXPECT_TRUE(after.starts_with("1=0@0 2=1@1 3=2@0 4=")) << after;
    const auto replaced =
        open.write({.select = select({{3, "b", 31}}), .mode = WriteMode::kReplaceWhere, .replace_where = "k = 3"});
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_TRUE(open.value(ids).starts_with("1=0@0 2=1@1 3=")) << open.value(ids);
}

TEST_F(TableWriteTest, ReplaceWhereDropsWholeFilesAndRefusesRowsOutside) {
    ASSERT_TRUE(open.write({.select = select({{1, "a", 10}, {2, "b", 20}}), .partition_by = {"p"}}));
    const auto before = open.snapshot();
    WriteRequest request{
        .select = select({{3, "a", 11}}), .mode = WriteMode::kReplaceWhere, .replace_where = "p = 'a'"};
    ASSERT_TRUE(open.write(request));
    EXPECT_EQ(open.rows(), "2b20:200 3a11:300");
    const auto info = last_commit();
    EXPECT_EQ(info.find("operationParameters")->string_at("predicate"), "p = 'a'");
    EXPECT_EQ(info.find("operationParameters")->string_at("mode"), "Overwrite");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numRemovedFiles"), "1");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numOutputRows"), "1") << "no row is copied";

    const auto left = keys();
    request.select = select({{4, "b", 40}});
    EXPECT_EQ(open.write(request).error().code, ErrorCode::kDataRejected);
    request.select = "SELECT 4::BIGINT AS k, NULL::VARCHAR AS p, 1 AS v, {'x': 1::BIGINT} AS s";
    EXPECT_EQ(open.write(request).error().code, ErrorCode::kDataRejected) << "an unknown is no match";
    request.replace_where = "nothing = 1";
    EXPECT_EQ(open.write(request).error().code, ErrorCode::kInvalidArgument);
    request.replace_where = " ";
    EXPECT_EQ(open.write(request).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(keys(), left);
}

TEST_F(TableWriteTest, PartitionsAreKnownInEveryWritersSpelling) {
    ASSERT_TRUE(
        open.write({.select = "SELECT 1 AS x, TIMESTAMPTZ '2026-01-02 03:00:00Z' AS at, 1.50::DECIMAL(9,2) AS d, "
                              "NULL::VARCHAR AS n",
                    .partition_by = {"at", "d", "n"}}));
    const auto base = open.snapshot();
    delta::AddFile file = *base->files.begin();
    delta::CommitRequest request{.removes = {{.path = file.path}}, .operation = "OPTIMIZE"};
    file.partition_values = {{"at", "2026-01-02 03:00:00"}, {"d", "1.5"}, {"n", ""}};
    file.path += ".copy.parquet";  // one file cannot be removed and added
    ASSERT_TRUE(disk->put("t/" + delta::decode_path(file.path),
                          *disk->get("t/" + delta::decode_path(base->files.begin()->path))));
    request.adds = {file};
    ASSERT_TRUE(delta::commit(open.lake->locate(kTable).value(), base, std::move(request)));
    ASSERT_TRUE(
        open.write({.select = "SELECT 2 AS x, TIMESTAMPTZ '2026-01-02 03:00:00Z' AS at, 1.5::DECIMAL(9,2) AS d, "
                              "NULL::VARCHAR AS n",
                    .mode = WriteMode::kOverwritePartitions}));
    EXPECT_EQ(OpenLake(disk, log).value("SELECT string_agg(x, ' ') FROM silver.t"), "2");
}

TEST_F(TableWriteTest, AReplacedSchemaHasTheNewColumnsOnly) {
    ASSERT_TRUE(open.write({.select = "SELECT 1 AS a, 2 AS b",
                            .properties = {{"delta.columnMapping.mode", "name"}},
                            .comments = {{"a", "kept"}}}));
    ASSERT_TRUE(open.write({.select = "SELECT 'x' AS b, 5 AS a, DATE '2026-01-02' AS c",
                            .mode = WriteMode::kOverwrite,
                            .partition_by = {"c"},
                            .replace_schema = true}));
    OpenLake again(disk, log);
    EXPECT_EQ(again.value("SELECT b || a || c FROM silver.t"), "x52026-01-02");
    EXPECT_EQ(again.snapshot()->metadata.partition_columns, std::vector<std::string>{"c"});
    EXPECT_EQ(*again.snapshot()->metadata.schema.fields[1].metadata.find("comment")->string(), "kept");
    EXPECT_EQ(again.value("SELECT a + b FROM silver.t AT (VERSION => 0)"), "3");
    EXPECT_EQ(open.write({.select = "SELECT 1 AS a", .replace_schema = true}).error().code,
              ErrorCode::kInvalidArgument);
}

TEST_F(TableWriteTest, TypesWidenWhereTheTableMay) {
    ASSERT_TRUE(open.write({.select = "SELECT 1 AS a, {'x': 1} AS s UNION ALL SELECT 2, {'x': 2}",
                            .properties = {{"delta.enableTypeWidening", "true"}}}));
    ASSERT_TRUE(open.write({.select = "SELECT 5000000000 AS a, {'x': 6000000000} AS s"}));
    const std::string sums = "SELECT sum(a)::VARCHAR || ' ' || sum(s.x)::VARCHAR || typeof(any_value(a)) FROM silver.t";
    EXPECT_EQ(OpenLake(disk, log).value(sums), "5000000003 6000000003BIGINT");
    // Rows that are copied are written as the table has them now.
    ASSERT_TRUE(open.write({.select = "SELECT 2::BIGINT AS a, {'x': 3::BIGINT} AS s",
                            .mode = WriteMode::kReplaceWhere,
                            .replace_where = "a = 2"}));
    OpenLake again(disk, log);
    EXPECT_EQ(again.value(sums), "5000000003 6000000004BIGINT");
    for (const delta::AddFile& file : again.snapshot()->files)
        EXPECT_EQ(again.value("SELECT string_agg(DISTINCT type, ' ') FROM parquet_schema('lagoa://silver/t/" +
                              delta::decode_path(file.path) + "') WHERE num_children IS NULL"),
                  "INT64");
}

TEST_F(TableWriteTest, AFeedTellsWhatEachModeChanged) {
    ASSERT_TRUE(open.write(
        {.select = select({{1, "a", 10}, {2, "a", 20}}), .properties = {{"delta.enableChangeDataFeed", "true"}}}));
    const auto changes = [&] {
        return OpenLake(disk, log).value(
            fmt::format("SELECT string_agg(_change_type || ' ' || k || '=' || v, ', ' ORDER BY _change_type, k) FROM "
                        "delta_changes('lagoa://silver/t', {0}, {0})",
                        open.snapshot()->version));
    };
    ASSERT_TRUE(open.write({.select = select({{1, "a", 11}, {3, "a", 30}}), .mode = WriteMode::kMerge, .key = {"k"}}));
    EXPECT_EQ(changes(), "insert 3=30, update_postimage 1=11, update_preimage 1=10");
    EXPECT_EQ(last_commit().find("operationMetrics")->string_at("numTargetChangeFilesAdded"), "1");
    ASSERT_TRUE(
        open.write({.select = select({{4, "a", 11}}), .mode = WriteMode::kReplaceWhere, .replace_where = "v < 20"}));
    EXPECT_EQ(changes(), "delete 1=11, insert 4=11");
    ASSERT_TRUE(open.write({.select = select({{5, "a", 50}})}));
    EXPECT_EQ(changes(), "insert 5=50");
    ASSERT_TRUE(open.write({.select = select({{6, "a", 60}}), .mode = WriteMode::kOverwrite}));
    EXPECT_EQ(changes(), "delete 2=20, delete 3=30, delete 4=11, delete 5=50, insert 6=60");
}

TEST_F(TableWriteTest, WhatCannotBeWrittenIsRefusedBeforeAnythingIsStaged) {
    ASSERT_TRUE(open.write({.select = select({{1, "a", 10}, {2, "a", 20}})}));
    ASSERT_TRUE(open.write({.select = select({{3, "a", 30}})}));
    ASSERT_TRUE(open.write({.select = select({{4, "a", 40}}), .mode = WriteMode::kOverwrite}));

    // A feature of another writer that nobody here knows.
    const std::string commit =
        R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["fromTheFuture"]}})";
    ASSERT_TRUE(disk->put_if_absent("t/_delta_log/00000000000000000003.json", commit));
    const auto left = keys();
    OpenLake again(disk, log);
    for (const WriteMode mode : {WriteMode::kAppend, WriteMode::kOverwrite, WriteMode::kOverwritePartitions,
                                 WriteMode::kReplaceWhere, WriteMode::kMerge})
        EXPECT_EQ(again.write({.select = select({{5, "a", 50}}), .mode = mode, .replace_where = "true", .key = {"k"}})
                      .error()
                      .code,
                  ErrorCode::kUnsupported);
    const auto insert = again.session->execute("INSERT INTO silver.t " + select({{5, "a", 50}}));
    EXPECT_EQ(insert.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(keys(), left);
}

TEST_F(TableWriteTest, MergesOfDisjointFilesNeverConflict) {
    constexpr int kThreads = 2;
    constexpr int kMerges = 6;
    for (int t = 0; t < kThreads; ++t) ASSERT_TRUE(open.write({.select = select({{t, "a", 0}})}));
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([this, t] {
            const auto session = open.lake->connect(kHead).value();
            for (int i = 1; i <= kMerges; ++i) {
                const auto merged = open.lake->write(*session, {.table = kTable,
                                                                .select = select({{t, "a", i}, {100 * i + t, "n", 0}}),
                                                                .mode = WriteMode::kMerge,
                                                                .key = {"k"}});
                EXPECT_TRUE(merged) << merged.error().message;
            }
        });
    threads.clear();
    EXPECT_EQ(open.value("SELECT string_agg(v, ' ') FROM silver.t WHERE k < 100"), "6 6");
    EXPECT_EQ(open.value("SELECT count(*) = count(DISTINCT k) AND count(*) = 14 FROM silver.t"), "true");
}

TEST_F(TableWriteTest, MergesOfOneNewKeyDoNotBothAddIt) {
    ASSERT_TRUE(open.write({.select = select({{0, "a", 0}})}));
    OpenLake other(disk, log);
    // The second's base is read before the first commits, its commit comes after.
    struct Between final : RowSource {
        const Schema& schema() const override { return columns; }
        Result<bool> next(RowSink& sink) override {
            if (done) return false;
            done = true;
            EXPECT_TRUE(first());
            sink.add_row();
            sink.set_int64(0, 7);
            return true;
        }
        std::function<bool()> first;
        bool done = false;
        Schema columns{{Field{.name = "k", .type = parse_sql_type("BIGINT").value()}}};
    };
    const auto between = std::make_shared<Between>();
    between->first = [&] {
        return other.write({.select = select({{7, "a", 1}}), .mode = WriteMode::kMerge, .key = {"k"}}).has_value();
    };
    ASSERT_TRUE(open.session->add_source("late", between));
    const auto merged =
        open.write({.select = "SELECT k FROM rows_of('late')", .mode = WriteMode::kMerge, .key = {"k"}});
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code, ErrorCode::kConflict);
    EXPECT_EQ(open.value("SELECT count(*) FROM silver.t WHERE k = 7"), "1");
}

TEST_F(TableWriteTest, ATableThatWasDroppedIsMadeAnewOnTopOfItsHistory) {
    for (const char* sql : {"CREATE TABLE silver.t AS SELECT 1 AS x, 'a' AS y", "DROP TABLE silver.t",
                            "CREATE TABLE silver.t PARTITIONED BY (p) AS SELECT DATE '2026-01-02' AS d, 'p' AS p"}) {
        const auto done = OpenLake(disk, log).session->execute(sql);
        ASSERT_TRUE(done) << sql << ": " << done.error().message;
    }
    EXPECT_EQ(OpenLake(disk, log).value("SELECT d || p FROM silver.t"), "2026-01-02p");
    EXPECT_EQ(open.snapshot()->version, 1);
    EXPECT_EQ(open.value("SELECT x || y FROM silver.t AT (VERSION => 0)"), "1a");

    ASSERT_TRUE(OpenLake(disk, log).session->execute("DROP TABLE silver.t"));
    const auto written = OpenLake(disk, log).write({.select = select({{1, "a", 10}})});
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(written->version, 2);
    EXPECT_EQ(OpenLake(disk, log).rows(), "1a10:100");
}

// Every storage operation fails once, data files included.
TEST_F(TableWriteTest, AFailedReplacementIsWholeOrAbsentAndRunsAgain) {
    for (const WriteMode mode : {WriteMode::kOverwritePartitions, WriteMode::kReplaceWhere, WriteMode::kMerge}) {
        for (const auto kind :
             {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown}) {
            for (int k = 1;; ++k) {
                const std::shared_ptr<ObjectStore> store = make_memory_store();
                ASSERT_TRUE(
                    OpenLake(store, log)
                        .write({.select = select({{1, "a", 10}, {2, "a", 20}, {3, "b", 30}}), .partition_by = {"p"}}));
                const std::string before = "1a10:100 2a20:200 3b30:300";
                const WriteRequest request{
                    .select = select({{1, "a", 11}}), .mode = mode, .replace_where = "k = 1", .key = {"k"}};
                const std::string after =
                    mode == WriteMode::kOverwritePartitions ? "1a11:100 3b30:300" : "1a11:100 2a20:200 3b30:300";
                const auto faulty = std::make_shared<FaultyStore>(*store, FaultyStore::Fault{kind, k});
                const bool written = OpenLake(faulty, log).write(request).has_value();

                OpenLake again(store, log);
                const std::string rows = again.rows();
                EXPECT_TRUE(rows == after || (!written && rows == before)) << rows << " at " << k;
                const auto retried = again.write(request);
                ASSERT_TRUE(retried) << retried.error().message;
                EXPECT_EQ(again.rows(), after);
                if (!faulty->tripped()) break;
            }
        }
    }
}

}  // namespace
}  // namespace lagoa
