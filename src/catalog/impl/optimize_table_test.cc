// Goal: OPTIMIZE changes where rows are and nothing else: not the rows of any version, their ids, the change feed, nor
// what others write meanwhile. Method: tables of every kind made by appends, each optimized in every way, rows and ids
// compared over all versions; the log looked into; writers that come in right before the commit; a store that fails at
// every operation.
#include <algorithm>
#include <array>
#include <functional>
#include <ostream>
#include <thread>

#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "delta/changes.h"
#include "delta/clustering.h"
#include "delta/deletion_vector.h"
#include "delta/schema_change.h"
#include "delta/stats.h"
#include "store/memory_store.h"
#include "support/faulty_store.h"
#include "support/store_objects.h"

namespace lagoa {
namespace {

using test::copy_of;
using test::FaultyStore;

const TableName kTable{"silver", "t"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

/// One process: an engine and a lake over stores that outlive it.
struct OpenLake {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;

    explicit OpenLake(std::shared_ptr<ObjectStore> silver) {
        engine = Engine::open({}).value();
        lake = Lake::open({.zones = {{"silver", silver}}, .log = make_memory_store(), .engine = engine.get()}).value();
    }
    Result<WriteResult> write(WriteRequest request) {
        request.table = kTable;
        return lake->write(*lake->connect(kHead).value(), request);
    }
    void append(const std::string& select, std::map<std::string, std::string> properties = {},
                std::vector<std::string> partition_by = {}) {
        const auto written =
            write({.select = select, .partition_by = std::move(partition_by), .properties = std::move(properties)});
        ASSERT_TRUE(written) << written.error().message;
    }
    Result<OptimizeResult> optimize(const OptimizeRequest& request = {}) {
        return lake->operations().optimize(kTable, request);
    }
    std::string value(const std::string& sql) {
        const auto read = lake->connect(kHead).value()->value(sql);
        return read ? read->value_or("NULL") : "error: " + read.error().message;
    }
    std::shared_ptr<const delta::Snapshot> snapshot() { return lake->snapshot(kTable, kHead).value(); }
    delta::TableLocation location() { return lake->locate(kTable).value(); }
    json::Value last_commit() { return json::Value(delta::read_history(location(), 1)->at(0).commit_info); }

    // A hash of the rows, whatever their order, of a version.
    std::string hash(delta::Version version, const std::string& more = "") {
        return value(
            fmt::format("SELECT count(*) || ':' || coalesce(sum(hash(COLUMNS(*){})::HUGEINT)::VARCHAR, '-') FROM "
                        "(SELECT t{} FROM silver.t AS t AT (VERSION => {}))",
                        "", more, version));
    }
    // Of all versions up to `last`.
    std::vector<std::string> hashes(delta::Version last) {
        std::vector<std::string> found;
        for (delta::Version version = 0; version <= last; ++version) found.push_back(hash(version));
        return found;
    }
};

// Deletes the row of `k` by a deletion vector, as another writer would.
Result<> delete_row(OpenLake& lake, int k) {
    const auto base = LAGOA_TRY(delta::read_snapshot(lake.location()));
    const auto session = LAGOA_TRY(lake.lake->connect(kHead));
    const auto place = LAGOA_TRY(
        session->rows(fmt::format("SELECT filename AS f, file_row_number AS n FROM silver.t WHERE k = {}", k)));
    if (place.empty()) return fail(ErrorCode::kNotFound, "no row {}", k);
    const json::Value row(place[0]);
    const std::array deleted{static_cast<std::uint64_t>(*row.int64_at("n"))};
    delta::CommitRequest request{.operation = "DELETE"};
    for (const delta::AddFile& file : base->files) {
        if (!row.string_at("f")->ends_with(delta::decode_path(file.path))) continue;
        delta::DeletedRows rows(deleted);
        if (file.deletion_vector)
            rows = rows.united(LAGOA_TRY(delta::read_deletion_vector(lake.location(), *file.deletion_vector)));
        delta::AddFile added = file;
        added.deletion_vector = delta::inline_deletion_vector(rows);
        request.adds.push_back(added);
        request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
    }
    request.read_set = {.scope = delta::ReadSet::Scope::kFiles, .files = {}, .may_match = {}};
    LAGOA_TRY(delta::commit(lake.location(), base, std::move(request)));
    return {};
}

void expect_deleted(OpenLake& lake, int k) {
    const auto done = delete_row(lake, k);
    ASSERT_TRUE(done) << done.error().message;
}

// Sets the table's clustering columns, as CLUSTER BY does.
void cluster_by(OpenLake& lake, const std::vector<delta::NamePath>& columns) {
    const auto base = lake.snapshot();
    const auto domain = delta::clustering_domain(base->metadata, columns);
    ASSERT_TRUE(domain) << domain.error().message;
    delta::CommitRequest request{.domains = {*domain}, .operation = "CLUSTER BY"};
    const auto done = delta::commit(lake.location(), base, std::move(request));
    ASSERT_TRUE(done) << done.error().message;
}

const std::map<std::string, std::string> kClustered = {{"delta.feature.clustering", "supported"}};

class OptimizeTest : public testing::Test {
protected:
    std::vector<std::string> keys() const {
        std::vector<std::string> names;
        const auto objects = disk->list("").value();
        for (const ObjectInfo& object : objects) names.push_back(object.key);
        return names;
    }

    std::shared_ptr<ObjectStore> disk = make_memory_store();
    OpenLake open{disk};
};

std::uint64_t files(OpenLake& lake) {
    return lake.snapshot()->files.size();
}

// ------------------------------------------------------------------ every kind of table

struct Kind {
    const char* name;
    std::map<std::string, std::string> properties;
    std::vector<std::string> partition_by = {};
    bool deletes = false;  // a row, by a deletion vector
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"plain", {}},
        {"partitioned", {}, {"p"}},
        {"mapped_by_name", {{"delta.columnMapping.mode", "name"}}, {"p"}},
        {"mapped_by_id", {{"delta.columnMapping.mode", "id"}}},
        {"deletion_vectors", {{"delta.enableDeletionVectors", "true"}}, {}, true},
        {"row_tracking", {{"delta.enableRowTracking", "true"}}, {"p"}},
        {"change_feed", {{"delta.enableChangeDataFeed", "true"}}},
        {"append_only", {{"delta.appendOnly", "true"}}},
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
    };
    return all;
}

enum class Way { kCompact, kZOrder, kPurge, kCluster };

class OptimizeEveryKind : public testing::TestWithParam<std::tuple<Kind, Way>> {
protected:
    std::shared_ptr<ObjectStore> disk = make_memory_store();
    OpenLake open{disk};
};

TEST_P(OptimizeEveryKind, LeavesRowsIdsPartitionsAndEveryVersionAsTheyWere) {
    const auto& [kind, way] = GetParam();
    if (way == Way::kCluster && !kind.partition_by.empty()) return;  // the two exclude each other
    auto properties = kind.properties;
    if (way == Way::kCluster) properties.merge(std::map(kClustered));
    for (int i = 0; i < 4; ++i)
        open.append(fmt::format("SELECT range + {0} AS k, ['a', 'b c', NULL][1 + range % 3] AS p, range * 7 % 5 AS v, "
                                "{{'x': range, 'l': [range]}} AS s FROM range(3)",
                                i * 3),
                    i == 0 ? properties : decltype(properties){}, kind.partition_by);
    if (kind.deletes) expect_deleted(open, 5);
    if (way == Way::kCluster) cluster_by(open, {{"v"}, {"s", "x"}});
    const bool tracked = kind.properties.contains("delta.enableRowTracking");
    const std::string ids = tracked ? "SELECT string_agg(k || '=' || _row_id || '@' || _row_commit_version, ' ' ORDER "
                                      "BY k) FROM silver.t"
                                    : "SELECT 1";
    const auto before = open.snapshot();
    const auto hashes = open.hashes(before->version);
    const std::string ids_before = open.value(ids);

    const auto done = open.optimize(
        {.where = {},
         .z_order = way == Way::kZOrder ? std::vector<std::string>{"v", "s.x"} : std::vector<std::string>{},
         .purge = way == Way::kPurge});
    ASSERT_TRUE(done) << done.error().message;
    if (way == Way::kPurge && !kind.deletes) {
        EXPECT_EQ(done->version, std::nullopt);
        return;
    }

    ASSERT_EQ(done->version, before->version + 1);
    OpenLake again(disk);  // another process
    EXPECT_EQ(again.hashes(before->version), hashes);
    EXPECT_EQ(again.hash(before->version + 1), hashes.back());
    EXPECT_EQ(again.value(ids), ids_before);
    const auto after = again.snapshot();
    EXPECT_EQ(after->row_count(), before->row_count());
    std::set<delta::PartitionValues> partitions;
    for (const delta::AddFile& file : after->files) {
        EXPECT_FALSE(file.data_change && done->files_considered == done->files_removed);
        EXPECT_FALSE(file.deletion_vector);
        partitions.insert(file.partition_values);
    }
    for (const delta::AddFile& file : before->files) EXPECT_TRUE(partitions.contains(file.partition_values));
    if (way != Way::kPurge) {
        EXPECT_EQ(after->files.size(), partitions.size());
    }
    if (kind.properties.contains("delta.enableChangeDataFeed")) {
        EXPECT_TRUE(delta::read_changes(again.location(), after->version)->files.empty());
    }
    again.append("SELECT 100::BIGINT AS k, 'z' AS p, 1::BIGINT AS v, {'x': 1::BIGINT, 'l': [1::BIGINT]} AS s");
    EXPECT_EQ(again.value("SELECT count(*) FROM silver.t"), kind.deletes ? "12" : "13");
    if (tracked) {
        EXPECT_EQ(again.value("SELECT count(DISTINCT _row_id) = count(*) FROM silver.t"), "true");
    }
}

std::string name_of(const testing::TestParamInfo<std::tuple<Kind, Way>>& tested) {
    constexpr std::array kNames = {"compact", "z_order", "purge", "cluster"};
    return fmt::format("{}_{}", std::get<0>(tested.param).name,
                       kNames[static_cast<std::size_t>(std::get<1>(tested.param))]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, OptimizeEveryKind,
                         testing::Combine(testing::ValuesIn(kinds()),
                                          testing::Values(Way::kCompact, Way::kZOrder, Way::kPurge, Way::kCluster)),
                         name_of);

// ------------------------------------------------------------------ bin-packing

TEST_F(OptimizeTest, ManySmallFilesBecomeOneAndASecondRunDoesNothing) {
    for (int i = 0; i < 6; ++i) open.append(fmt::format("SELECT {}::BIGINT AS k", i));
    const auto before = open.snapshot();
    const auto done = open.optimize();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files_added, 1U);
    EXPECT_EQ(done->files_removed, 6U);
    EXPECT_EQ(done->files_considered, 6U);
    EXPECT_EQ(done->partitions_optimized, 1U);
    EXPECT_EQ(done->bytes_removed, before->size_bytes());
    EXPECT_EQ(done->bytes_added, open.snapshot()->size_bytes());

    const auto info = open.last_commit();
    EXPECT_EQ(info.string_at("operation"), "OPTIMIZE");
    EXPECT_EQ(info.find("operationParameters")->string_at("predicate"), "[]");
    EXPECT_EQ(info.find("operationParameters")->string_at("zOrderBy"), "[]");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numRemovedFiles"), "6");
    EXPECT_EQ(info.find("operationMetrics")->string_at("maxFileSize"), std::to_string(done->bytes_added));
    const auto text = disk->get(fmt::format("t/_delta_log/{:020}.json", *done->version)).value();
    EXPECT_EQ(text.find(R"("dataChange":true)"), std::string::npos);

    const auto left = keys();
    EXPECT_EQ(open.optimize()->version, std::nullopt);
    EXPECT_EQ(keys(), left);
}

// Row groups are cut at 122,880 rows: files at the first one beyond the target.
TEST_F(OptimizeTest, FilesAreCutAtTheTargetAndStayCut) {
    for (int i = 0; i < 5; ++i)
        open.append(fmt::format("SELECT hash(range + {})::UBIGINT::DOUBLE AS x FROM range(100000)", i));
    const OptimizeRequest request{.where = {}, .target_bytes = 1'200'000};
    const auto done = open.optimize(request);
    ASSERT_TRUE(done) << done.error().message;
    ASSERT_TRUE(done->version);
    EXPECT_LT(done->files_added, 5U);
    EXPECT_GT(done->files_added, 1U);
    std::uint64_t small = 0;
    for (const delta::AddFile& file : open.snapshot()->files) small += file.size_bytes < 1'200'000 ? 1 : 0;
    EXPECT_LE(small, 1U);
    EXPECT_EQ(open.snapshot()->row_count(), 500'000U);
    EXPECT_EQ(open.optimize(request)->version, std::nullopt);
}

TEST_F(OptimizeTest, ConditionsChoosePartitions) {
    for (int i = 0; i < 3; ++i)
        open.append(
            fmt::format("SELECT {}::BIGINT AS k, d, CASE WHEN d = DATE '2026-01-03' THEN NULL ELSE 'x' END AS n "
                        "FROM (SELECT unnest([DATE '2026-01-01', DATE '2026-01-02', DATE '2026-01-03']) AS d)",
                        i),
            {}, {"d", "n"});
    const auto done = open.optimize({.where = "d >= DATE '2026-01-02' AND n IS NOT NULL"});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files_considered, 3U);
    EXPECT_EQ(done->files_removed, 3U);
    EXPECT_EQ(files(open), 7U);
    EXPECT_EQ(open.last_commit().find("operationParameters")->string_at("predicate"),
              R"(["d >= DATE '2026-01-02' AND n IS NOT NULL"])");
    EXPECT_EQ(open.optimize({.where = "n IS NULL"})->files_removed, 3U);
    EXPECT_EQ(open.optimize({.where = "d = DATE '2030-01-01'"})->version, std::nullopt);
    for (const char* bad : {"k = 1", "d = ", "nothing = 1", "d > DATE '2026-01-01' AND k < 2"})
        EXPECT_EQ(open.optimize({.where = bad}).error().code, ErrorCode::kInvalidArgument) << bad;
    for (const delta::AddFile& file : open.snapshot()->files)
        EXPECT_TRUE(file.path.starts_with("d=2026-01-0")) << file.path;
}

TEST_F(OptimizeTest, TablesThatCannotBeOptimizedSaySo) {
    EXPECT_EQ(open.optimize().error().code, ErrorCode::kNotFound);
    open.append("SELECT 1 AS k");
    EXPECT_EQ(open.optimize({.where = "k = 1"}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.optimize({.where = {}, .z_order = {"absent"}}).error().code, ErrorCode::kInvalidArgument);
    const std::string commit =
        R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["fromTheFuture"]}})";
    ASSERT_TRUE(disk->put_if_absent("t/_delta_log/00000000000000000001.json", commit));
    EXPECT_EQ(open.optimize().error().code, ErrorCode::kUnsupported);
}

TEST_F(OptimizeTest, AFileWithoutRowsLeftGoes) {
    open.append("SELECT 1::BIGINT AS k", {{"delta.enableDeletionVectors", "true"}});
    open.append("SELECT 2::BIGINT AS k");
    expect_deleted(open, 1);
    expect_deleted(open, 2);
    const auto done = open.optimize();
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files_removed, 2U);
    EXPECT_EQ(done->files_added, 0U);
    EXPECT_EQ(open.value("SELECT count(*) FROM silver.t"), "0");
    EXPECT_EQ(open.last_commit().find("operationMetrics")->string_at("numDeletionVectorsRemoved"), "2");
}

TEST_F(OptimizeTest, ValuesOfWidenedColumnsAreWrittenAsTheyAreRead) {
    open.append("SELECT 1::INTEGER AS a, 1.5::FLOAT AS f", {{"delta.enableTypeWidening", "true"}});
    open.append("SELECT 5000000000 AS a, 2.25::DOUBLE AS f");
    ASSERT_TRUE(open.optimize()->version);
    EXPECT_EQ(open.value("SELECT string_agg(a || ' ' || f, ',' ORDER BY a) FROM silver.t"), "1 1.5,5000000000 2.25");
    EXPECT_EQ(open.value("SELECT count(*) FROM silver.t WHERE a = 1 AND f < 2"), "1");
}

// ------------------------------------------------------------------ purging

TEST_F(OptimizeTest, PurgingRewritesFilesThatHoldDroppedColumnsOrDeletedRows) {
    open.append("SELECT 1::BIGINT AS k, 'secret' AS gone, {'x': 1, 'y': 2} AS s",
                {{"delta.columnMapping.mode", "name"}, {"delta.enableDeletionVectors", "true"}});
    const auto change = [&](const auto& changed) {
        const auto done = open.lake->alter(kTable, open.snapshot(), changed.value(), "DROP COLUMNS", {});
        ASSERT_TRUE(done) << done.error().message;
    };
    EXPECT_EQ(open.optimize({.where = {}, .purge = true})->version, std::nullopt);
    change(delta::drop_column(open.snapshot()->metadata, std::array{std::string("gone")}));
    open.append("SELECT 2::BIGINT AS k, {'x': 3, 'y': 4} AS s");
    open.append("SELECT unnest([3, 4])::BIGINT AS k, {'x': 3, 'y': 4} AS s");
    expect_deleted(open, 3);
    const auto done = open.optimize({.where = {}, .purge = true});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files_removed, 2U) << "the file that holds neither stays";
    EXPECT_EQ(open.last_commit().string_at("operation"), "REORG");
    EXPECT_EQ(open.last_commit().find("operationParameters")->string_at("applyPurge"), "true");
    EXPECT_EQ(open.value("SELECT string_agg(k || s.x, ' ' ORDER BY k) FROM silver.t"), "11 23 43");
    EXPECT_EQ(open.optimize({.where = {}, .purge = true})->version, std::nullopt);

    change(delta::drop_column(open.snapshot()->metadata, std::array{std::string("s"), std::string("y")}));
    EXPECT_EQ(open.optimize({.where = {}, .purge = true})->files_removed, 2U) << "a member of a struct";
    EXPECT_EQ(open.optimize({.where = {}, .purge = true})->version, std::nullopt);
}

// ------------------------------------------------------------------ orders

constexpr const char* kAllTypes =
    "SELECT r AS k, r % 2 = 0 AS b, (r % 100)::TINYINT AS i8, (r * 3 % 1000)::SMALLINT AS i16, (r * 7919 % "
    "10007)::INTEGER AS i32, r * 6700417 % 1000003 AS i64, CASE WHEN r % 11 = 0 THEN 'NaN'::FLOAT ELSE r::FLOAT / 3 "
    "END AS f, CASE WHEN r % 13 = 0 THEN '-Infinity'::DOUBLE ELSE -r::DOUBLE END AS d, (r * 17 % 997)::DECIMAL(9, 2) "
    "AS d9, (r * 19 % 9973)::DECIMAL(38, 10) AS d38, 'https://example.com/' || (r * 31 % 1009) AS s, DATE "
    "'2026-01-01' + (r * 37 % 365)::INTEGER AS day, TIMESTAMPTZ '2026-01-01 00:00:00Z' + INTERVAL (r * 41 % 1000) "
    "MINUTE AS at, TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (r * 43 % 1000) HOUR AS ntz, {'x': r * 47 % 509} AS st";

// `kAllTypes` over 700 rows, a fifth of each column NULL.
std::string all_types(int from) {
    return fmt::format(
        "SELECT k, {} FROM (SELECT CASE WHEN hash(k, 1) % 5 = 0 THEN NULL ELSE b END AS b, * EXCLUDE b "
        "FROM ({} FROM range({}, {}) AS t(r)))",
        "b, CASE WHEN k % 5 = 0 THEN NULL ELSE COLUMNS(* EXCLUDE (k, b)) END", kAllTypes, from, from + 700);
}

TEST_F(OptimizeTest, RowsOfEveryTypeCanBeOrderedBy) {
    for (int i = 0; i < 3; ++i) open.append(all_types(i * 700));
    const auto first = open.snapshot();
    const std::vector<std::string> columns = {"b",  "i8",  "i16", "i32", "i64", "f",   "d",
                                              "d9", "d38", "s",   "day", "at",  "ntz", "st.x"};
    std::vector<std::vector<std::string>> orders = {columns};
    for (const std::string& column : columns) orders.push_back({column, "k"});
    orders.push_back({"s"});
    for (const auto& order : orders) {
        const auto done = open.optimize({.where = {}, .z_order = order});
        ASSERT_TRUE(done) << order[0] << ": " << done.error().message;
        ASSERT_TRUE(done->version);
        EXPECT_EQ(open.hash(*done->version), open.hash(first->version)) << order[0];
    }
}

// What share of the files may hold the points of a grid.
double share_read(OpenLake& lake) {
    const auto snapshot = lake.snapshot();
    double read = 0;
    int asked = 0;
    for (std::int64_t x = 50; x < 1000; x += 100) {
        for (std::int64_t y = 50; y < 1000; y += 100, ++asked) {
            for (const delta::AddFile& file : snapshot->files) {
                const auto stats = json::parse(file.stats).value();
                const auto* min = stats.find("minValues");
                const auto* max = stats.find("maxValues");
                if (min->int64_at("x") <= x && max->int64_at("x") >= x && min->int64_at("y") <= y &&
                    max->int64_at("y") >= y)
                    ++read;
            }
        }
    }
    return read / asked / static_cast<double>(snapshot->files.size());
}

constexpr const char* kPoints =
    "SELECT hash(r) % 1000 AS x, hash(r + 1000000000) % 1000 AS y, hash(r + 7)::UBIGINT::DOUBLE AS payload FROM "
    "range(2000000) AS t(r)";

// Files of one row group of 122,880 rows, 17 of them; of two where both threads end one before the file is changed.
constexpr std::size_t kLeastFiles = 9;

TEST_F(OptimizeTest, PointQueriesReadFewFilesOfATableInTheOrderOfACurve) {
    open.append(kPoints, kClustered);
    const auto stays = open.hash(0);
    const OptimizeRequest request{.where = {}, .target_bytes = 1};
    cluster_by(open, {{"x"}, {"y"}});
    const auto clustered = open.optimize(request);
    ASSERT_TRUE(clustered) << clustered.error().message;
    EXPECT_GE(clustered->files_added, kLeastFiles);
    const double hilbert = share_read(open);
    EXPECT_LT(hilbert, 0.2);
    EXPECT_EQ(open.hash(*clustered->version), stays);
    RecordProperty("share_read_hilbert", std::to_string(hilbert));
}

TEST_F(OptimizeTest, ZOrderLetsPointQueriesReadFewFiles) {
    open.append(kPoints);
    EXPECT_EQ(share_read(open), 1);
    const auto done = open.optimize({.where = {}, .z_order = {"x", "y"}, .target_bytes = 1});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_GE(done->files_added, kLeastFiles);
    EXPECT_LT(share_read(open), 0.25);
    const auto info = open.last_commit();
    EXPECT_EQ(info.find("operationParameters")->string_at("zOrderBy"), R"(["x","y"])");
    RecordProperty("share_read_z", std::to_string(share_read(open)));
}

TEST_F(OptimizeTest, AClusteredTableIsClusteredAsItGrows) {
    const std::string select = "SELECT range AS a, range % 7 AS b FROM range(10)";
    open.append(select, kClustered);
    cluster_by(open, {{"a"}, {"b"}});
    EXPECT_EQ(open.optimize({.where = {}, .z_order = {"a"}}).error().code, ErrorCode::kInvalidArgument);
    ASSERT_TRUE(open.optimize()->version) << "a file alone is clustered too";
    const delta::AddFile first = *open.snapshot()->files.begin();
    EXPECT_EQ(first.clustering_provider, "liquid");
    EXPECT_EQ(first.tags.at("ZCUBE_ZORDER_BY"), R"(["a","b"])");
    EXPECT_EQ(first.tags.at("ZCUBE_ZORDER_CURVE"), "hilbert");
    EXPECT_EQ(open.last_commit().find("operationParameters")->string_at("clusterBy"), R"(["a","b"])");
    EXPECT_EQ(open.last_commit().find("operationParameters")->string_at("isFull"), "false");
    EXPECT_EQ(open.optimize()->version, std::nullopt);

    open.append(select);
    EXPECT_EQ(open.optimize()->files_removed, 2U);
    EXPECT_NE(open.snapshot()->files.begin()->tags.at("ZCUBE_ID"), first.tags.at("ZCUBE_ID"));
    cluster_by(open, {{"b"}});
    EXPECT_EQ(open.optimize()->version, std::nullopt) << "what is clustered otherwise stays";
    EXPECT_EQ(open.optimize({.where = {}, .full = true})->files_removed, 1U);
    EXPECT_EQ(open.optimize({.where = {}, .full = true})->version, std::nullopt);
    EXPECT_EQ(open.value("SELECT count(*) || ' ' || sum(a) FROM silver.t"), "20 90");
}

// ------------------------------------------------------------------ others, meanwhile

/// Runs `before_commit` each time that a version is about to be written.
class Meanwhile final : public FaultyStore {
public:
    using FaultyStore::FaultyStore;
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        if (key.find("/_delta_log/") != std::string_view::npos && before_commit) before_commit();
        return FaultyStore::put_if_absent(key, bytes);
    }
    std::function<void()> before_commit;
};

class OptimizeRaces : public OptimizeTest {
protected:
    OptimizeRaces() {
        for (int i = 0; i < 4; ++i)
            open.append(
                fmt::format("SELECT unnest([{0}, {0} + 1])::BIGINT AS k, ['a', 'b'][{1}] AS p", i * 10, 1 + i / 2),
                i == 0 ? std::map<std::string, std::string>{{"delta.enableDeletionVectors", "true"}}
                       : std::map<std::string, std::string>{},
                {"p"});
    }
    // Optimizes, and does `other` before each of the first `times` commits.
    Result<OptimizeResult> optimize_while(const std::function<void()>& other, int times = 1) {
        const auto store = std::make_shared<Meanwhile>(*disk);
        store->before_commit = [&, left = times]() mutable {
            if (left-- > 0) other();
        };
        OpenLake racing(store);
        return racing.optimize();
    }
    std::string rows() { return OpenLake(disk).value("SELECT string_agg(k, ' ' ORDER BY k) FROM silver.t"); }
    // Data files that the table does not name.
    std::size_t orphans() {
        const auto snapshot = open.snapshot();
        std::set<std::string> named;  // a file that has lost rows is live and a tombstone
        for (const delta::AddFile& file : snapshot->files) named.insert("t/" + delta::decode_path(file.path));
        for (const delta::RemoveFile& file : snapshot->tombstones) named.insert("t/" + delta::decode_path(file.path));
        return static_cast<std::size_t>(std::ranges::count_if(keys(), [&](const std::string& key) {
            return key.ends_with(".parquet") && key.find("_delta_log") == std::string::npos && !named.contains(key);
        }));
    }
};

TEST_F(OptimizeRaces, AppendsAreNoConflict) {
    const auto done = optimize_while([&] { open.append("SELECT 77::BIGINT AS k, 'a' AS p"); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->version, 5);
    EXPECT_EQ(rows(), "0 1 10 11 20 21 30 31 77");
    EXPECT_EQ(files(open), 3U);
}

TEST_F(OptimizeRaces, FilesThatLostRowsMeanwhileAreLeftAsTheyAreAndTheOthersCommitted) {
    const auto done = optimize_while([&] { expect_deleted(open, 11); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->version, 5);
    EXPECT_EQ(done->files_removed, 2U) << "partition b; of a there is one old file left to take";
    EXPECT_EQ(rows(), "0 1 10 20 21 30 31");
    EXPECT_EQ(orphans(), 0U);
    EXPECT_EQ(open.optimize()->files_removed, 2U);
    EXPECT_EQ(rows(), "0 1 10 20 21 30 31");
}

TEST_F(OptimizeRaces, ATableThatOthersAlwaysChangeIsGivenUpWithoutATrace) {
    for (const int k : {40, 50, 60, 70})
        open.append(fmt::format("SELECT unnest([{0}, {0} + 1])::BIGINT AS k, 'a' AS p", k));
    int next = 0;
    const auto done = optimize_while(
        [&] { expect_deleted(open, std::array{0, 10, 40, 50, 60}.at(static_cast<std::size_t>(next++))); }, 5);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kConflict);
    EXPECT_EQ(rows(), "1 11 20 21 30 31 41 51 61 70 71");
    EXPECT_EQ(orphans(), 0U);
}

TEST_F(OptimizeRaces, FilesThatOthersChangedAreTheNextOnesWork) {
    int next = 0;
    const auto done =
        optimize_while([&] { expect_deleted(open, std::array{0, 20}.at(static_cast<std::size_t>(next++))); }, 2);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->version, std::nullopt);
    EXPECT_EQ(rows(), "1 10 11 21 30 31");
    EXPECT_EQ(orphans(), 0U);
    EXPECT_EQ(open.optimize()->files_removed, 4U);
}

TEST_F(OptimizeRaces, WhenNothingIsLeftToDoThereIsNoVersion) {
    const auto done = optimize_while([&] { ASSERT_TRUE(open.optimize()->version); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->version, std::nullopt);
    EXPECT_EQ(files(open), 2U);
    EXPECT_EQ(orphans(), 0U);
}

TEST_F(OptimizeRaces, ChangedColumnsMakeItBeginAnew) {
    const auto done = optimize_while([&] { open.append("SELECT 5::BIGINT AS k, 'a' AS p, 'new' AS note"); });
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(files(open), 3U);
    EXPECT_EQ(rows(), "0 1 5 10 11 20 21 30 31");
    EXPECT_EQ(orphans(), 0U);
}

TEST_F(OptimizeRaces, TwoOptimizeAndManyAppendAtOnce) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] {
            OpenLake mine(disk);
            for (int n = 0; n < 5; ++n) {
                const auto done = mine.optimize();
                EXPECT_TRUE(done || done.error().code == ErrorCode::kConflict) << done.error().message;
            }
        });
    threads.emplace_back([&] {
        OpenLake mine(disk);
        for (int n = 0; n < 10; ++n) mine.append(fmt::format("SELECT {}::BIGINT AS k, 'a' AS p", 100 + n));
    });
    threads.clear();
    EXPECT_EQ(OpenLake(disk).value("SELECT count(*) || ' ' || count(DISTINCT k) || ' ' || sum(k) FROM silver.t"),
              "18 18 1169");
}

TEST_F(OptimizeRaces, AStopLeavesNothing) {
    const auto left = keys();
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(open.optimize({.where = {}, .stop = stop.get_token()}).error().code, ErrorCode::kCancelled);
    EXPECT_EQ(keys(), left);
}

// ------------------------------------------------------------------ faults

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    const auto before = make_memory_store();
    std::shared_ptr<ObjectStore> made = copy_of(*before);
    std::vector<std::string> hashes;
    {
        OpenLake lake(made);
        for (int i = 0; i < 4; ++i)
            lake.append(fmt::format("SELECT {}::BIGINT AS k, {} AS p", i, i % 2), {{"delta.checkpointInterval", "4"}},
                        {"p"});
        hashes = lake.hashes(3);
    }
    for (FaultyStore::Fault fault{.kind = kind, .at = 1, .code = code};; ++fault.at) {
        SCOPED_TRACE(fmt::format("operation {}", fault.at));
        const auto disk = copy_of(*made);
        const auto faulty = std::make_shared<FaultyStore>(*disk, fault);
        const auto done = OpenLake(faulty).optimize();
        OpenLake after(disk);
        const auto version = after.snapshot()->version;
        EXPECT_TRUE(version == 4 || (!done && version == 3)) << version;
        EXPECT_EQ(after.hashes(3), hashes);
        EXPECT_EQ(after.hash(version), hashes.back());
        const auto again = after.optimize();
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->version, version == 3 ? std::optional<delta::Version>(4) : std::nullopt);
        EXPECT_EQ(files(after), 2U);
        EXPECT_EQ(after.hash(4), hashes.back());
        if (testing::Test::HasFailure()) return;
        if (!faulty->tripped()) {
            EXPECT_TRUE(done) << done.error().message;
            EXPECT_GT(fault.at, 3) << "two files and a commit are written";
            return;
        }
    }
}

TEST(OptimizeCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(OptimizeCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(OptimizeCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa
