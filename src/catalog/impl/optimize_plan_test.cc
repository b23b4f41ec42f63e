// Goal: OPTIMIZE takes exactly the files that become fewer or lose deleted rows, and refuses what Spark refuses.
// Method: snapshots made by hand, with files of chosen sizes, partitions and deleted rows.
#include "catalog/impl/optimize_plan.h"

#include <memory>

#include <gtest/gtest.h>

namespace lagoa {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

struct FileSpec {
    std::string path;
    std::int64_t mib = 1;
    std::optional<std::int64_t> deleted = {};  // of 100 rows
    std::optional<std::string> day = {};
    std::string stats = R"({"numRecords":100})";
};

Field field(const std::string& name, TypeKind kind) {
    return {.name = name, .type = {.kind = kind, .children = {}}, .metadata = {}};
}

delta::Snapshot table(const std::vector<FileSpec>& specs = {}) {
    delta::Snapshot snapshot;
    snapshot.metadata.schema.fields = {
        field("k", TypeKind::kInt64), field("day", TypeKind::kTimestamp), field("blob", TypeKind::kBinary),
        field("a.b", TypeKind::kString),
        Field{.name = "s",
              .type = {.kind = TypeKind::kStruct, .children = {field("x", TypeKind::kDouble)}},
              .metadata = {}}};
    snapshot.metadata.partition_columns = {"day"};
    std::vector<delta::AddFile> files;
    for (const FileSpec& spec : specs) {
        delta::AddFile& file = files.emplace_back();
        file.path = spec.path;
        file.size_bytes = spec.mib * kMiB;
        file.partition_values = {{"day", spec.day}};
        file.stats = spec.stats;
        if (spec.deleted) file.deletion_vector = delta::DeletionVector{"i", "x", {}, 1, *spec.deleted};
    }
    snapshot.files = delta::FileList(std::move(files));
    return snapshot;
}

// The paths of each bin.
std::vector<std::string> bins(const delta::Snapshot& snapshot, OptimizeLayout layout) {
    if (layout.target_bytes == 0) layout.target_bytes = 100 * kMiB;
    delta::FileRefs files;
    for (const delta::AddFile& file : snapshot.files) files.push_back(&file);
    std::vector<std::string> found;
    for (const OptimizeBin& bin : plan_bins(snapshot.metadata, layout, files)) {
        std::string& paths = found.emplace_back();
        for (const delta::AddFile* file : bin.files) paths += file->path;
    }
    return found;
}

using Bins = std::vector<std::string>;
const OptimizeLayout kCompacting{.mode = OptimizeMode::kCompact, .columns = {}};

TEST(OptimizePlan, SmallFilesOfAPartitionAreOneBin) {
    const auto snapshot = table({{.path = "a", .day = "2026-01-01 00:00:00"},
                                 {.path = "b", .day = "2026-01-02 00:00:00"},
                                 {.path = "c", .day = "2026-01-01T00:00:00.000000Z"},
                                 {.path = "d", .mib = 100, .day = "2026-01-01 00:00:00"},
                                 {.path = "e"},
                                 {.path = "f", .day = ""}});
    EXPECT_EQ(bins(snapshot, kCompacting), (Bins{"ef", "ac"})) << "b is alone, d is large; both spellings are one day";
}

TEST(OptimizePlan, FilesThatCouldNotBecomeFewerStay) {
    EXPECT_EQ(bins(table({{.path = "a", .mib = 99}}), kCompacting), Bins{});
    EXPECT_EQ(bins(table({{.path = "a", .mib = 70}, {.path = "b", .mib = 70}}), kCompacting), Bins{});
    EXPECT_EQ(bins(table({{.path = "a", .mib = 50}, {.path = "b", .mib = 50}}), kCompacting), Bins{"ab"});
}

TEST(OptimizePlan, DeletedRowsAreLeftBehind) {
    EXPECT_EQ(bins(table({{.path = "a", .mib = 200, .deleted = 5}}), kCompacting), Bins{});
    EXPECT_EQ(bins(table({{.path = "a", .mib = 200, .deleted = 6}}), kCompacting), Bins{"a"});
    EXPECT_EQ(bins(table({{.path = "a", .mib = 200, .deleted = 1, .stats = ""}}), kCompacting), Bins{"a"});
    EXPECT_EQ(bins(table({{.path = "a", .mib = 2, .deleted = 1}}), kCompacting), Bins{"a"});
}

TEST(OptimizePlan, OrderingTakesEveryFile) {
    const auto snapshot = table({{.path = "a"}, {.path = "b", .mib = 200}, {.path = "c", .day = "2026-01-01"}});
    EXPECT_EQ(bins(snapshot, {.mode = OptimizeMode::kZOrder, .columns = {{"k"}}}), (Bins{"ab", "c"}));
}

TEST(OptimizePlan, PurgingKeepsZCubesApart) {
    auto snapshot = table({{.path = "a"}, {.path = "b"}, {.path = "c"}});
    std::vector<delta::AddFile> files(snapshot.files.begin(), snapshot.files.end());
    delta::mark_clustered(files[1], "one", {{"k"}});
    snapshot.files = delta::FileList(std::move(files));
    EXPECT_EQ(bins(snapshot, {.mode = OptimizeMode::kPurge, .columns = {}}), (Bins{"ac", "b"}));
}

ErrorCode error_of(const OptimizeRequest& request, const delta::Snapshot& snapshot = table()) {
    const auto layout = plan_layout(snapshot, request);
    return layout ? ErrorCode::kInternal : layout.error().code;
}

TEST(OptimizePlan, ColumnsToOrderByAreFoundAsTheTableSpellsThem) {
    const auto layout = plan_layout(table(), {.where = {}, .z_order = {"K", "A.B", "s.x"}});
    ASSERT_TRUE(layout) << layout.error().message;
    EXPECT_EQ(layout->columns, (std::vector<delta::NamePath>{{"k"}, {"a.b"}, {"s", "x"}}));
    EXPECT_EQ(layout->mode, OptimizeMode::kZOrder);
}

TEST(OptimizePlan, ColumnsWithoutOrderAreRefused) {
    for (const char* column : {"absent", "day", "blob", "s", "s.y", "k.x", ""})
        EXPECT_EQ(error_of({.where = {}, .z_order = {column}}), ErrorCode::kInvalidArgument) << column;
    EXPECT_EQ(error_of({.where = {}, .z_order = {"k", "K"}}), ErrorCode::kInvalidArgument);
    auto snapshot = table();
    snapshot.metadata.configuration["delta.dataSkippingNumIndexedCols"] = "1";
    EXPECT_EQ(error_of({.where = {}, .z_order = {"k"}}, snapshot), ErrorCode::kInternal);
    EXPECT_EQ(error_of({.where = {}, .z_order = {"a.b"}}, snapshot), ErrorCode::kInvalidArgument);
}

TEST(OptimizePlan, AClusteredTableHasItsOwnOrder) {
    auto snapshot = table();
    snapshot.metadata.partition_columns.clear();
    snapshot.protocol = {.min_reader_version = 1,
                         .min_writer_version = 7,
                         .reader_features = {},
                         .writer_features = {"clustering", "domainMetadata"}};
    EXPECT_EQ(plan_layout(snapshot, {}).value().mode, OptimizeMode::kCompact) << "CLUSTER BY NONE";
    EXPECT_EQ(error_of({.where = {}, .full = true}, snapshot), ErrorCode::kInvalidArgument);

    const auto domain = delta::clustering_domain(snapshot.metadata, {{"k"}, {"s", "x"}});
    snapshot.domains[domain->domain] = *domain;
    EXPECT_EQ(plan_layout(snapshot, {.where = {}, .full = true}).value().mode, OptimizeMode::kCluster);
    EXPECT_EQ(error_of({.where = {}, .z_order = {"k"}}, snapshot), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({.where = "k > 1"}, snapshot), ErrorCode::kInvalidArgument);
    EXPECT_EQ(plan_layout(snapshot, {.where = {}, .purge = true}).value().mode, OptimizeMode::kPurge);
}

TEST(OptimizePlan, TheTargetIsTheRequestsThenTheTables) {
    auto snapshot = table();
    EXPECT_EQ(plan_layout(snapshot, {}).value().target_bytes, std::uint64_t{256} << 20);
    snapshot.metadata.configuration["delta.targetFileSize"] = "32MB";
    EXPECT_EQ(plan_layout(snapshot, {}).value().target_bytes, std::uint64_t{32} << 20);
    EXPECT_EQ(plan_layout(snapshot, {.where = {}, .target_bytes = 7}).value().target_bytes, 7U);
    EXPECT_EQ(error_of({.where = {}, .target_bytes = 0}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({.where = {}, .full = true}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({.where = {}, .z_order = {"k"}, .purge = true}), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lagoa
