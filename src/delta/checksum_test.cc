// Goal: the checksum of every version is what the version is, however its commit came about, and a replay that went
// wrong is told from it. Method: tables of many kinds of commits; each version is checked against its own file.
#include "delta/checksum.h"

#include <gtest/gtest.h>

#include "delta/commit.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;

std::string checksum_key(Version version) {
    return DeltaTable::log_key(fmt::format("{:020}.crc", version));
}

json::Value checksum(DeltaTable& table, Version version) {
    return json::parse(table.store().get(checksum_key(version)).value()).value();
}

DeletionVector vector(std::int64_t cardinality) {
    return {.storage_type = "u", .path_or_inline = "x", .offset = 1, .size_bytes = 1, .cardinality = cardinality};
}

void expect_right(DeltaTable& table) {
    const Version newest = newest_version(table.location()).value();
    for (Version version = 0; version <= newest; ++version) {
        const auto snapshot = read_snapshot(table.location(), version).value();
        const auto checked = verify_checksum(table.location(), *snapshot);
        EXPECT_TRUE(checked) << version << ": " << checked.error().message;
    }
}

TEST(Checksum, FollowsEveryKindOfCommit) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.enableDeletionVectors", "true"},
                              {"delta.enableInCommitTimestamps", "true"},
                              {"delta.enableRowTracking", "true"}}));
    auto load = DeltaTable::append({"a", "b", "c"});
    load.txns = {{.app_id = "loader", .version = 1, .last_updated_ms = {}}};
    load.domains = {{.domain = "app", .configuration = "{}", .removed = false}};
    ASSERT_TRUE(table.commit(std::move(load)));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {"d"})));
    auto deletion = DeltaTable::replace({"b"}, {"b"});
    deletion.adds[0].deletion_vector = vector(2);
    ASSERT_TRUE(table.commit(std::move(deletion)));
    CommitRequest change;
    change.metadata = read_snapshot(table.location()).value()->metadata;
    change.metadata->configuration["k"] = "v";
    change.domains = {{.domain = "app", .configuration = "", .removed = true}};
    ASSERT_TRUE(table.commit(std::move(change)));
    auto again = DeltaTable::append({"c"});  // the same file with better statistics
    again.adds[0].data_change = false;
    ASSERT_TRUE(table.commit(std::move(again)));

    expect_right(table);
    const json::Value last = checksum(table, 5);
    EXPECT_EQ(last.int64_at("numFiles"), 3);
    EXPECT_EQ(last.int64_at("tableSizeBytes"), 300);
    EXPECT_EQ(last.int64_at("numDeletedRecordsOpt"), 2);
    EXPECT_EQ(last.int64_at("numDeletionVectorsOpt"), 1);
    EXPECT_EQ(last.int64_at("numMetadata"), 1);
    EXPECT_EQ(last.int64_at("numProtocol"), 1);
    EXPECT_TRUE(last.int64_at("inCommitTimestampOpt"));
    EXPECT_TRUE(last.string_at("txnId"));
    EXPECT_EQ(last.find("setTransactions")->array()->size(), 1U);
    EXPECT_EQ(last.find("domainMetadata")->array()->size(), 1U);  // row tracking's
    EXPECT_EQ(last.find("metadata")->find("configuration")->string_at("k"), "v");
    EXPECT_EQ(last.find("protocol")->int64_at("minWriterVersion"), 7);
}

TEST(Checksum, CountsWhatOthersCommittedMeanwhile) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
    const auto base = read_snapshot(table.location()).value();
    ASSERT_TRUE(table.commit(DeltaTable::append({"c"})));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a", "c"}, {"d"})));
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"e"}), table.options()).value(), 4);
    expect_right(table);
    EXPECT_EQ(checksum(table, 4).int64_at("numFiles"), 3);
}

TEST(Checksum, NamesWhatDiffers) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    auto load = DeltaTable::append({"a"});
    load.txns = {{.app_id = "loader", .version = 1, .last_updated_ms = {}}};
    ASSERT_TRUE(table.commit(std::move(load)));
    const auto snapshot = read_snapshot(table.location()).value();
    const std::string right = table.store().get(checksum_key(1)).value();
    const auto with = [&](std::string_view member, json::Value value) {
        json::Object changed = *json::parse(right)->object();
        changed.set(member, std::move(value));
        EXPECT_TRUE(table.store().put(checksum_key(1), json::dump(changed)));
        return verify_checksum(table.location(), *snapshot);
    };
    for (const auto* member : {"numFiles", "tableSizeBytes", "numDeletedRecordsOpt", "numDeletionVectorsOpt"}) {
        const auto checked = with(member, 7);
        ASSERT_FALSE(checked) << member;
        EXPECT_EQ(checked.error().code, ErrorCode::kCorruption);
        EXPECT_NE(checked.error().message.find(member), std::string::npos);
    }
    for (const auto* member : {"setTransactions", "domainMetadata"}) {
        EXPECT_EQ(with(member, "no list").error().code, ErrorCode::kCorruption) << member;
        EXPECT_TRUE(with(member, nullptr)) << member;  // optional
    }
    EXPECT_EQ(with("setTransactions", json::Array()).error().code, ErrorCode::kCorruption);
    EXPECT_EQ(with("protocol", json::make_object({{"minReaderVersion", 1}, {"minWriterVersion", 3}})).error().code,
              ErrorCode::kCorruption);
    EXPECT_EQ(with("metadata", json::make_object({{"id", "other"}})).error().code, ErrorCode::kCorruption);

    ASSERT_TRUE(table.store().put(checksum_key(1), "{\"numFiles\":"));
    EXPECT_EQ(verify_checksum(table.location(), *snapshot).error().code, ErrorCode::kCorruption);
    ASSERT_TRUE(table.store().remove(checksum_key(1)));
    EXPECT_EQ(verify_checksum(table.location(), *snapshot).error().code, ErrorCode::kNotFound);
}

TEST(Checksum, ThatCannotBeWrittenFailsNoCommit) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    FaultyStore store(table.store(),
                      {.kind = FaultyStore::Kind::kFail, .at = 2, .code = ErrorCode::kResourceExhausted});
    EXPECT_EQ(commit(table.location(&store), base, DeltaTable::append({"a"}), table.options()).value(), 1);
    EXPECT_TRUE(store.tripped());
    EXPECT_FALSE(table.store().head(checksum_key(1)));
    ASSERT_TRUE(table.commit(DeltaTable::append({"b"})));
    EXPECT_EQ(checksum(table, 2).int64_at("numFiles"), 2);
}

}  // namespace
}  // namespace lagoa::delta
