// Goal: a shallow clone is a table of its own with the source's rows: it is read, written and vacuumed without the
// source noticing, whatever the source's columns and features are, and other engines find its files. Method: clones in
// lakes on local disks, of names, paths and old versions, of clones; logs looked into; a store that fails.
#include "catalog/impl/aged_lake_test.h"

#include "delta/deletion_vector.h"
#include "delta/table_features.h"
#include "support/faulty_store.h"
#include "support/temp_dir.h"

namespace lagoa {
namespace {

using test::AgedLake;
using test::Disk;
using test::FaultyStore;

const TableName kSource{"silver", "source"};
const TableName kClone{"silver", "clone"};

std::string rows_of(int from, int to) {
    return fmt::format("SELECT range AS k, range % 2 AS p, 'v' || range AS v FROM range({}, {})", from, to);
}

ErrorCode code_of(const auto& result) {
    return result ? ErrorCode::kInternal : result.error().code;
}

struct LocalLake {
    test::TempDir folder;
    Disk disk{folder.path()};
    AgedLake lake{disk};
};

void delete_row(AgedLake& lake, const TableName& table, std::uint64_t row) {
    const auto base = lake.snapshot(table);
    const delta::TableLocation location = lake.lake().locate(table).value();
    const std::vector rows{row};
    const std::vector deleted{delta::DeletedRows(rows)};
    delta::AddFile file = *base->files.begin();
    delta::CommitRequest request{.operation = "DELETE"};
    request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
    file.deletion_vector = delta::write_deletion_vectors(location, deleted).value().front();
    request.adds.push_back(file);
    const auto committed = delta::commit(location, base, std::move(request));
    ASSERT_TRUE(committed) << committed.error().message;
}

TEST(Clone, IsATableOfItsOwn) {
    LocalLake local;
    AgedLake& lake = local.lake;
    lake.append(kSource, rows_of(0, 4));
    lake.append(kSource, rows_of(4, 6));
    const std::string rows = lake.rows(kSource);
    const auto cloned = lake.operations().clone(kClone, {.source = "silver.source", .at = {}});
    ASSERT_TRUE(cloned) << cloned.error().message;
    EXPECT_EQ(cloned->version, 0);
    EXPECT_EQ(cloned->files, 2u);
    EXPECT_EQ(lake.rows(kClone), rows);

    const auto snapshot = lake.snapshot(kClone);
    EXPECT_NE(snapshot->metadata.id, lake.snapshot(kSource)->metadata.id);
    for (const auto& file : snapshot->files)
        EXPECT_TRUE(file.path.starts_with("file:" + local.folder.path().native() + "/source/")) << file.path;
    const json::Value info(lake.history(kClone)[0].commit_info);
    EXPECT_EQ(info.string_at("operation"), "CLONE");
    EXPECT_EQ(info.find("operationParameters")->string_at("source"), "silver.source");
    EXPECT_EQ(info.find("operationParameters")->string_at("sourceVersion"), "1");
    EXPECT_EQ(info.find("operationMetrics")->string_at("sourceNumOfFiles"), "2");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numCopiedFiles"), "0");

    lake.append(kSource, rows_of(50, 51));
    EXPECT_EQ(lake.rows(kClone), rows) << "what the source does later is not the clone's";
    const auto merged = lake.write({.table = kClone,
                                    .select = "SELECT 1::BIGINT AS k, 9::BIGINT AS p, 'mine' AS v",
                                    .mode = WriteMode::kMerge,
                                    .key = {"k"}});
    ASSERT_TRUE(merged) << merged.error().message;
    EXPECT_EQ(lake.value("SELECT v FROM silver.clone WHERE k = 1"), "mine");
    EXPECT_EQ(lake.value("SELECT v FROM silver.source WHERE k = 1"), "v1");

    // Its vacuum leaves the source's files, though its log says that it has removed one.
    const auto files = local.disk.data_files("source");
    local.disk.pass(std::chrono::hours(24 * 30));
    const auto vacuumed = lake.operations().vacuum(kClone, {});
    ASSERT_TRUE(vacuumed) << vacuumed.error().message;
    EXPECT_TRUE(vacuumed->files.empty());
    const auto lite = lake.operations().vacuum(kClone, {.lite = true});
    ASSERT_TRUE(lite) << lite.error().message;
    EXPECT_EQ(local.disk.data_files("source"), files);
    EXPECT_EQ(lake.value("SELECT count(*) FROM silver.source"), "7");
}

TEST(Clone, OfAnOldVersionAndOfAClone) {
    LocalLake local;
    AgedLake& lake = local.lake;
    lake.append(kSource, rows_of(0, 4));
    const Instant then = local.disk.clock().now();
    local.disk.pass(std::chrono::hours(1));
    lake.overwrite(kSource, rows_of(4, 6));
    const std::string old_rows = lake.rows(kSource, 0);
    ASSERT_TRUE(lake.operations().clone(kClone, {.source = "silver.source", .at = {.version = 0, .time = {}}}));
    EXPECT_EQ(lake.rows(kClone), old_rows);
    const TableName by_time{"silver", "by_time"};
    ASSERT_TRUE(lake.operations().clone(by_time, {.source = "silver.source", .at = {.version = {}, .time = then}}));
    EXPECT_EQ(lake.rows(by_time), old_rows);

    lake.append(kClone, rows_of(80, 81));
    const TableName second{"silver", "second"};
    ASSERT_TRUE(lake.operations().clone(second, {.source = "silver.clone", .at = {}}));
    EXPECT_EQ(lake.rows(second), lake.rows(kClone));

    // By path: in the lake, and outside of it.
    const TableName by_path{"silver", "by_path"};
    ASSERT_TRUE(lake.operations().clone(by_path, {.source = (local.folder.path() / "source").native(), .at = {}}));
    EXPECT_EQ(lake.rows(by_path), lake.rows(kSource));
    LocalLake other;
    const auto foreign = other.lake.operations().clone(
        kClone, {.source = "file://" + (local.folder.path() / "clone").native(), .at = {}});
    ASSERT_TRUE(foreign) << foreign.error().message;
    EXPECT_EQ(other.lake.rows(kClone), lake.rows(kClone));
}

TEST(Clone, TakesOverColumnsAndFeatures) {
    LocalLake local;
    AgedLake& lake = local.lake;
    ASSERT_TRUE(lake.write({.table = kSource,
                            .select = rows_of(0, 6),
                            .partition_by = {"p"},
                            .properties = {{"delta.columnMapping.mode", "id"},
                                           {"delta.enableDeletionVectors", "true"},
                                           {"delta.enableRowTracking", "true"},
                                           {"delta.enableInCommitTimestamps", "true"}}}));
    delete_row(lake, kSource, 0);
    const std::string rows = lake.rows(kSource);
    ASSERT_EQ(lake.value("SELECT count(*) FROM silver.source"), "5");
    const auto cloned = lake.operations().clone(kClone, {.source = "silver.source", .at = {}});
    ASSERT_TRUE(cloned) << cloned.error().message;
    EXPECT_EQ(lake.rows(kClone), rows);
    const auto snapshot = lake.snapshot(kClone);
    EXPECT_EQ(delta::features_of(snapshot->protocol), delta::features_of(lake.snapshot(kSource)->protocol));
    int vectors = 0;
    for (const auto& file : snapshot->files) {
        EXPECT_EQ(file.default_row_commit_version, 0);
        if (!file.deletion_vector) continue;
        ++vectors;
        EXPECT_EQ(file.deletion_vector->storage_type, "p");
        EXPECT_TRUE(file.deletion_vector->path_or_inline.starts_with("file:/"));
    }
    EXPECT_EQ(vectors, 1);
    EXPECT_EQ(lake.value("SELECT count(DISTINCT _row_id) FROM silver.clone"), "5");
}

TEST(Clone, OnlyReplacesATableWhenToldTo) {
    LocalLake local;
    AgedLake& lake = local.lake;
    lake.append(kSource, rows_of(0, 4));
    lake.append(kClone, "SELECT 'other' AS x");
    const std::string id = lake.snapshot(kClone)->metadata.id;
    CloneRequest request{.source = "silver.source", .at = {}};
    EXPECT_EQ(code_of(lake.operations().clone(kClone, request)), ErrorCode::kAlreadyExists);
    request.if_not_exists = true;
    const auto left = lake.operations().clone(kClone, request);
    ASSERT_TRUE(left);
    EXPECT_FALSE(left->version);
    request = {.source = "silver.source", .at = {}, .replace = true};
    const auto replaced = lake.operations().clone(kClone, request);
    ASSERT_TRUE(replaced) << replaced.error().message;
    EXPECT_EQ(replaced->version, 1);
    EXPECT_EQ(lake.rows(kClone), lake.rows(kSource));
    EXPECT_EQ(lake.snapshot(kClone)->metadata.id, id);
    EXPECT_EQ(lake.value("SELECT x FROM silver.clone", {.base = Cut::Base::kHead, .pins = {{kClone, 0}}}), "other");
}

TEST(Clone, RefusesByName) {
    LocalLake local;
    AgedLake& lake = local.lake;
    lake.append(kSource, rows_of(0, 4));
    const auto clone = [&](const TableName& to, const std::string& source) {
        return code_of(lake.operations().clone(to, {.source = source, .at = {}}));
    };
    EXPECT_EQ(clone(kClone, "silver.none"), ErrorCode::kNotFound);
    EXPECT_EQ(clone(kClone, "nozone.t"), ErrorCode::kNotFound);
    EXPECT_EQ(clone(kClone, "/no/such/folder"), ErrorCode::kNotFound);
    EXPECT_EQ(clone(kClone, "what is this"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(clone({"silver", "promised"}, "silver.source"), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of(lake.operations().clone(kSource, {.source = "silver.source", .at = {}, .replace = true})),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(
        code_of(lake.operations().clone(kClone, {.source = "silver.source", .at = {.version = 0, .time = Instant{}}})),
        ErrorCode::kInvalidArgument);

    Disk memory;
    AgedLake nowhere(memory);  // its files have no address
    nowhere.append(kSource, rows_of(0, 4));
    EXPECT_EQ(code_of(nowhere.operations().clone(kClone, {.source = "silver.source", .at = {}})),
              ErrorCode::kUnsupported);
}

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    for (FaultyStore::Fault fault{.kind = kind, .at = 1, .code = code};; ++fault.at) {
        SCOPED_TRACE(fault.at);
        LocalLake local;
        local.lake.append(kSource, rows_of(0, 4));
        const auto faulty = std::make_shared<FaultyStore>(*local.disk.store(), fault);
        bool done = false;
        {
            AgedLake failing(local.disk, faulty);
            done = failing.operations().clone(kClone, {.source = "silver.source", .at = {}}).has_value();
        }
        AgedLake after(local.disk);
        const auto again =
            after.operations().clone(kClone, {.source = "silver.source", .at = {}, .if_not_exists = true});
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_TRUE(!done || !again->version) << "what was reported as done is there";
        EXPECT_EQ(after.rows(kClone), after.rows(kSource));
        EXPECT_EQ(after.snapshot(kClone)->version, 0);
        if (!faulty->tripped() || testing::Test::HasFailure()) return;
    }
}

TEST(CloneCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(CloneCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(CloneCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa
