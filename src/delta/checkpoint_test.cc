// Goal: a checkpoint holds the whole table, in either form, and none that was cut short is ever believed. Method:
// tables whose commits are taken away, so that only the checkpoint is left to be read.
#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/commit.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;
using Paths = std::vector<std::string>;

json::Value pointer_of(DeltaTable& table) {
    return json::parse(table.store().get(DeltaTable::log_key("_last_checkpoint")).value()).value();
}

void remove_commits(DeltaTable& table, Version last) {
    for (Version version = 0; version <= last; ++version)
        ASSERT_TRUE(table.store().remove(DeltaTable::commit_key(version)));
}

Paths keys(DeltaTable& table, std::string_view containing) {
    Paths found;
    const auto objects = table.store().list(DeltaTable::log_key("")).value();
    for (const auto& object : objects)
        if (object.key.find(containing) != std::string::npos) found.push_back(object.key);
    return found;
}

TEST(Checkpoint, IsWrittenWhenDue) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.checkpointInterval", "3"}}));
    for (int i = 1; i <= 4; ++i) ASSERT_TRUE(table.commit(DeltaTable::append({std::to_string(i)})));
    EXPECT_FALSE(table.store().head(DeltaTable::checkpoint_key(2)));
    EXPECT_TRUE(table.store().head(DeltaTable::checkpoint_key(3)));
    EXPECT_EQ(pointer_of(table).int64_at("version"), 3);
    EXPECT_EQ(pointer_of(table).int64_at("size"), 5);
    EXPECT_EQ(pointer_of(table).int64_at("numOfAddFiles"), 3);

    const auto older = read_snapshot(table.location(), 1).value();
    ASSERT_TRUE(write_checkpoint(table.location(), *older, table.clock()));
    EXPECT_EQ(pointer_of(table).int64_at("version"), 3);
}

TEST(Checkpoint, KeepsTheWholeStateButExpiredTombstones) {
    for (const std::string policy : {"classic", "v2"}) {
        SCOPED_TRACE(policy);
        DeltaTable table;
        ASSERT_TRUE(table.create({{"delta.checkpointPolicy", policy}, {"delta.feature.domainMetadata", "supported"}}));
        auto first = DeltaTable::append({"a", "b", "c"});
        first.txns = {{.app_id = "loader", .version = 1, .last_updated_ms = {}}};
        first.domains = {{.domain = "app", .configuration = "{\"k\":1}", .removed = false}};
        ASSERT_TRUE(table.commit(std::move(first)));
        ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {})));
        table.clock().advance(std::chrono::days(8));
        ASSERT_TRUE(table.commit(DeltaTable::replace({"b"}, {})));
        const auto before = read_snapshot(table.location()).value();
        EXPECT_EQ(before->tombstones.size(), 2U);

        ASSERT_TRUE(write_checkpoint(table.location(), *before, table.clock()));
        remove_commits(table, 3);
        const auto after = read_snapshot(table.location()).value();

        EXPECT_EQ(table.files(), Paths{"c"});
        EXPECT_EQ(after->files.begin()->stats, before->files.begin()->stats);
        EXPECT_FALSE(after->files.begin()->data_change);
        EXPECT_EQ(after->metadata.schema, before->metadata.schema);
        EXPECT_EQ(after->protocol, before->protocol);
        EXPECT_EQ(after->txn_version("loader"), 1);
        EXPECT_EQ(after->domains.at("app").configuration, "{\"k\":1}");
        ASSERT_EQ(after->tombstones.size(), 1U);
        EXPECT_EQ(after->tombstones.begin()->path, "b");
    }
}

TEST(Checkpoint, OfVersionTwoHasFilesInSidecars) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.checkpointPolicy", "v2"}, {"delta.checkpointInterval", "2"}}));
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    ASSERT_TRUE(table.commit(DeltaTable::append({"b"})));
    EXPECT_FALSE(table.store().head(DeltaTable::checkpoint_key(2)));
    const auto manifests = keys(table, "00000000000000000002.checkpoint.");
    ASSERT_EQ(manifests.size(), 1U);
    EXPECT_TRUE(manifests[0].ends_with(".json"));
    EXPECT_EQ(keys(table, "_sidecars/").size(), 1U);
    const std::string text = table.store().get(manifests[0]).value();
    EXPECT_TRUE(text.starts_with(R"({"checkpointMetadata":{"version":2}})")) << text;
    EXPECT_EQ(text.find("\"add\""), std::string::npos);

    const json::Value pointer = pointer_of(table);
    EXPECT_EQ(pointer.int64_at("version"), 2);
    EXPECT_EQ(pointer.int64_at("size"), 6);  // checkpointMetadata, protocol, metaData, sidecar, two adds
    EXPECT_TRUE(manifests[0].ends_with("/" + pointer.find("v2Checkpoint")->string_at("path").value()));
    EXPECT_EQ(pointer.find("v2Checkpoint")->int64_at("sizeInBytes"), static_cast<std::int64_t>(text.size()));

    remove_commits(table, 2);
    EXPECT_EQ(table.files(), (Paths{"a", "b"}));
}

TEST(Checkpoint, SidecarsAreOfBoundedSize) {
    constexpr std::size_t kFiles = 120'000;
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.checkpointPolicy", "v2"}}));
    CommitRequest request;
    request.read_set = ReadSet::nothing();
    for (std::size_t i = 0; i < kFiles; ++i) request.adds.push_back(DeltaTable::add(std::to_string(i)));
    ASSERT_TRUE(table.commit(std::move(request)));
    ASSERT_TRUE(write_checkpoint(table.location(), *read_snapshot(table.location()).value(), table.clock()));
    EXPECT_EQ(keys(table, "_sidecars/").size(), 3U);
    remove_commits(table, 1);
    EXPECT_EQ(read_snapshot(table.location()).value()->files.size(), kFiles);
}

TEST(Checkpoint, ForgetsApplicationsThatFellSilent) {
    for (const bool expires : {true, false}) {
        DeltaTable table;
        std::map<std::string, std::string> properties;
        if (expires) properties["delta.setTransactionRetentionDuration"] = "interval 2 days";
        ASSERT_TRUE(table.create(properties));
        for (const auto* app : {"old", "new"}) {
            auto request = DeltaTable::append({app});
            request.txns = {{.app_id = app, .version = 1, .last_updated_ms = {}}};
            ASSERT_TRUE(table.commit(std::move(request)));
            table.clock().advance(std::chrono::hours(36));
        }
        ASSERT_TRUE(write_checkpoint(table.location(), *read_snapshot(table.location()).value(), table.clock()));
        remove_commits(table, 2);
        const auto after = read_snapshot(table.location()).value();
        EXPECT_EQ(after->txn_version("old"), expires ? -1 : 1);
        EXPECT_EQ(after->txn_version("new"), 1);
    }
}

// Goal: a checkpoint that dies at any step, or of which one write fails, leaves the table as it was, and the next one
// is whole.
TEST(Checkpoint, MayDieAtEveryStep) {
    for (const std::string policy : {"classic", "v2"})
        for (const auto kind :
             {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown})
            for (int k = 1;; ++k) {
                ASSERT_LT(k, 50);
                SCOPED_TRACE(fmt::format("{} operation {}", policy, k));
                DeltaTable table;
                ASSERT_TRUE(table.create({{"delta.checkpointPolicy", policy}}));
                ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
                ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {"c"})));
                const auto snapshot = read_snapshot(table.location()).value();
                FaultyStore store(table.store(), {.kind = kind, .at = k});
                const bool done = write_checkpoint(table.location(&store), *snapshot, table.clock()).has_value();
                ASSERT_EQ(table.files(), (Paths{"b", "c"}));
                ASSERT_TRUE(table.commit(DeltaTable::append({"d"})));
                ASSERT_TRUE(
                    write_checkpoint(table.location(), *read_snapshot(table.location()).value(), table.clock()));
                remove_commits(table, 3);
                ASSERT_EQ(table.files(), (Paths{"b", "c", "d"}));
                ASSERT_EQ(pointer_of(table).int64_at("version"), 3);
                if (!store.tripped()) {
                    ASSERT_TRUE(done);
                    break;
                }
            }
}

}  // namespace
}  // namespace lagoa::delta
