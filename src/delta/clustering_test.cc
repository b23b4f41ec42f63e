// Goal: the domain says the table's columns by the names its files have, and OPTIMIZE takes what Spark would.
// Method: domains made and read under column mapping, damaged ones too; lists of files with and without ZCubes.
#include "delta/clustering.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

namespace lagoa::delta {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

Field field(const std::string& name, Type type, const std::string& physical = "") {
    Field made{.name = name, .type = std::move(type), .metadata = {}};
    if (!physical.empty()) made.metadata.set("delta.columnMapping.physicalName", physical);
    return made;
}

Metadata table() {
    const Type text{.kind = TypeKind::kString, .children = {}};
    const Type address{.kind = TypeKind::kStruct, .children = {field("city", text, "c-2")}};
    Metadata metadata;
    metadata.schema.fields = {field("name", text, "c-1"), field("Address", address, "c-3"), field("day", text)};
    metadata.partition_columns = {"day"};
    return metadata;
}

ErrorCode error_of(const std::vector<NamePath>& columns) {
    const auto domain = clustering_domain(table(), columns);
    return domain ? ErrorCode::kInternal : domain.error().code;
}

TEST(Clustering, TheDomainHasPhysicalNamesAndIsReadByLogicalOnes) {
    Snapshot snapshot;
    snapshot.metadata = table();
    const auto domain = clustering_domain(snapshot.metadata, {{"NAME"}, {"address", "city"}});
    ASSERT_TRUE(domain) << domain.error().message;
    EXPECT_EQ(domain->configuration,
              R"({"clusteringColumns":[["c-1"],["c-3","c-2"]],"domainName":"delta.clustering"})");
    snapshot.domains[std::string(kClusteringDomain)] = *domain;
    EXPECT_EQ(clustering_columns(snapshot).value(), (std::vector<NamePath>{{"name"}, {"Address", "city"}}));
}

TEST(Clustering, ColumnsThatCannotBeClusteredByAreRefused) {
    EXPECT_EQ(error_of({{"absent"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({{"name", "inner"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({{"name"}, {"Name"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({{"day"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of({}), ErrorCode::kInternal) << "CLUSTER BY NONE";
}

TEST(Clustering, ADomainThatNamesNoColumnOfTheTableIsCorruptAndAnUnreadableOneNamesNone) {
    Snapshot snapshot;
    snapshot.metadata = table();
    const auto read = [&](const std::string& configuration) {
        snapshot.domains[std::string(kClusteringDomain)] = {std::string(kClusteringDomain), configuration, false};
        return clustering_columns(snapshot);
    };
    EXPECT_EQ(read(R"({"clusteringColumns":[["gone"]]})").error().code, ErrorCode::kCorruption);
    EXPECT_TRUE(read("{").value().empty());
    EXPECT_TRUE(read(R"({"clusteringColumns":3})").value().empty());
    snapshot.domains.clear();
    EXPECT_TRUE(clustering_columns(snapshot).value().empty());
}

TEST(Clustering, NamesWithDotsAreQuoted) {
    EXPECT_EQ(to_text({"a", "b.c", "d`e"}), "a.`b.c`.`d``e`");
}

class ClusteringBins : public testing::Test {
protected:
    const AddFile* add(const std::string& path, std::int64_t bytes, const std::string& cube = "",
                       const std::vector<NamePath>& columns = {{"a"}}) {
        AddFile& file = *files_.emplace_back(std::make_unique<AddFile>());
        file.path = path;
        file.size_bytes = bytes;
        if (!cube.empty()) mark_clustered(file, cube, columns);
        return &file;
    }

    // The bins' paths.
    std::vector<std::string> bins(bool full = false) {
        FileRefs all;
        for (const auto& file : files_) all.push_back(file.get());
        std::vector<std::string> found;
        for (const FileRefs& bin : clustering_bins(all, {{"a"}}, full)) {
            std::string& paths = found.emplace_back();
            for (const AddFile* file : bin) paths += file->path;
        }
        return found;
    }

    std::vector<std::unique_ptr<AddFile>> files_;
};

TEST_F(ClusteringBins, OneZCubeAloneStays) {
    add("a", kGiB, "one");
    add("b", kGiB, "one");
    EXPECT_EQ(bins(), std::vector<std::string>{});
    EXPECT_EQ(bins(true), std::vector<std::string>{});
}

TEST_F(ClusteringBins, NewFilesAreClusteredTogetherWithSmallZCubes) {
    add("a", kGiB, "one");
    add("b", kGiB);
    EXPECT_EQ(bins(), std::vector<std::string>{"ba"});
}

TEST_F(ClusteringBins, LargeZCubesStay) {
    add("a", 60 * kGiB, "large");
    add("b", 60 * kGiB, "large");
    add("c", kGiB);
    EXPECT_EQ(bins(), std::vector<std::string>{"c"});
}

TEST_F(ClusteringBins, ABinIsNoLargerThanAZCube) {
    add("a", 90 * kGiB);
    add("b", 70 * kGiB);
    add("c", kGiB);
    EXPECT_EQ(bins(), (std::vector<std::string>{"a", "bc"}));
}

TEST_F(ClusteringBins, WhatIsClusteredOtherwiseIsTakenByFullOnly) {
    add("a", kGiB, "one", {{"b"}});
    add("b", kGiB, "two");
    files_.emplace_back(std::make_unique<AddFile>(AddFile{.path = "c", .size_bytes = kGiB}))->clustering_provider =
        "other";
    EXPECT_EQ(bins(), std::vector<std::string>{});
    EXPECT_EQ(bins(true), std::vector<std::string>{"cab"});
}

}  // namespace
}  // namespace lagoa::delta
