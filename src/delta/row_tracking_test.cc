// Goal: no two rows ever have one id, and no commit is older than the one before it, whoever races and whatever the
// clock does. Method: racing threads, commits that are rebased, clocks that jump back; what the log says is checked
// line by line.
#include <thread>

#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/commit.h"
#include "delta/impl/row_tracking.h"
#include "delta/stats.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;

constexpr std::string_view kRowIdColumn = "delta.rowTracking.materializedRowIdColumnName";

const std::map<std::string, std::string> kTracked = {{"delta.enableRowTracking", "true"},
                                                     {"delta.enableInCommitTimestamps", "true"}};

std::int64_t high_water_mark(const Snapshot& snapshot) {
    return row_id_high_water_mark(snapshot.domains.at("delta.rowTracking")).value();
}

// The ids of all files lie apart, below the mark.
void expect_ids_apart(const Snapshot& snapshot) {
    std::map<std::int64_t, std::int64_t> ranges;
    for (const AddFile& file : snapshot.files) {
        ASSERT_TRUE(file.base_row_id) << file.path;
        ASSERT_TRUE(file.default_row_commit_version) << file.path;
        const auto rows = FileStats::parse(file.stats).value().row_count().value();
        ASSERT_TRUE(ranges.emplace(*file.base_row_id, *file.base_row_id + rows).second) << file.path;
    }
    std::int64_t end = 0;
    for (const auto& [first, last] : ranges) {
        EXPECT_GE(first, end);
        end = last;
    }
    EXPECT_LE(end, high_water_mark(snapshot) + 1);
}

// The times of all commits, as their first lines say.
std::vector<std::int64_t> commit_times(DeltaTable& table) {
    std::vector<std::int64_t> times;
    const Version newest = newest_version(table.location()).value();
    for (Version version = 0; version <= newest; ++version) {
        const std::string text = table.store().get(DeltaTable::commit_key(version)).value();
        const auto line = json::parse(split(text, '\n').front()).value();
        const json::Value* const info = line.find("commitInfo");
        EXPECT_NE(info, nullptr);
        EXPECT_EQ(info->object()->begin()->first, "inCommitTimestamp");
        times.push_back(info->int64_at("inCommitTimestamp").value_or(0));
    }
    return times;
}

void expect_ascending(const std::vector<std::int64_t>& times) {
    for (std::size_t i = 1; i < times.size(); ++i) EXPECT_LT(times[i - 1], times[i]) << "version " << i;
}

TEST(RowTracking, FilesGetIdsInOrder) {
    DeltaTable table;
    ASSERT_TRUE(table.create(kTracked));
    auto request = DeltaTable::append({});
    request.adds = {DeltaTable::add("a", 10), DeltaTable::add("b", 5)};
    ASSERT_TRUE(table.commit(std::move(request)));
    ASSERT_TRUE(table.commit(DeltaTable::append({"c"})));
    const auto snapshot = read_snapshot(table.location()).value();
    expect_ids_apart(*snapshot);
    EXPECT_EQ(high_water_mark(*snapshot), 15);
    for (const AddFile& file : snapshot->files)
        if (file.path == "c") {
            EXPECT_EQ(file.base_row_id, 15);
            EXPECT_EQ(file.default_row_commit_version, 2);
        }
    EXPECT_TRUE(snapshot->metadata.configuration.at(std::string(kRowIdColumn)).starts_with("_row-id-col-"));

    // Without new rows there are no new ids, and the columns keep their names.
    CommitRequest change;
    change.metadata = snapshot->metadata;
    change.metadata->configuration.erase(std::string(kRowIdColumn));
    ASSERT_TRUE(table.commit(std::move(change)));
    const auto after = read_snapshot(table.location()).value();
    EXPECT_EQ(high_water_mark(*after), 15);
    EXPECT_EQ(after->metadata.configuration, snapshot->metadata.configuration);

    auto unknown = DeltaTable::append({"d"});
    unknown.adds[0].stats = "";
    EXPECT_EQ(table.commit(std::move(unknown)).error().code, ErrorCode::kInvalidArgument);
}

TEST(RowTracking, ARebasedCommitGetsNewIds) {
    DeltaTable table;
    ASSERT_TRUE(table.create(kTracked));
    const auto base = read_snapshot(table.location()).value();
    for (const auto* file : {"a", "b", "c"})
        ASSERT_TRUE(commit(table.location(), base, DeltaTable::append({file}), table.options()));
    const auto snapshot = read_snapshot(table.location()).value();
    expect_ids_apart(*snapshot);
    EXPECT_EQ(high_water_mark(*snapshot), 2);
    for (const AddFile& file : snapshot->files)
        EXPECT_EQ(file.default_row_commit_version, file.path[0] - 'a' + 1) << file.path;
    expect_ascending(commit_times(table));
}

// A file that was there keeps its rows' ids when a deletion vector is put on it.
TEST(RowTracking, FilesThatComeBackKeepTheirIds) {
    auto properties = kTracked;
    properties["delta.enableDeletionVectors"] = "true";
    DeltaTable table;
    ASSERT_TRUE(table.create(properties));
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    const AddFile before = *read_snapshot(table.location()).value()->files.begin();
    auto deletion = DeltaTable::replace({"a"}, {});
    deletion.adds = {before};
    deletion.adds[0].deletion_vector =
        DeletionVector{.storage_type = "u", .path_or_inline = "x", .offset = 1, .size_bytes = 1, .cardinality = 1};
    ASSERT_TRUE(table.commit(std::move(deletion)));
    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_EQ(snapshot->files.begin()->base_row_id, before.base_row_id);
    EXPECT_EQ(snapshot->files.begin()->default_row_commit_version, before.default_row_commit_version);
    EXPECT_EQ(high_water_mark(*snapshot), 0);
}

TEST(RowTracking, TurnedOnItReachesTheFilesThatStand) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
    const auto base = read_snapshot(table.location()).value();
    CommitRequest on;
    on.metadata = base->metadata;
    on.metadata->configuration["delta.enableRowTracking"] = "true";
    on.read_set = ReadSet::nothing();
    ASSERT_TRUE(table.commit(on));
    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_EQ(snapshot->files.size(), 2U);
    expect_ids_apart(*snapshot);
    EXPECT_EQ(high_water_mark(*snapshot), 1);

    // A file that comes meanwhile would be left out.
    DeltaTable raced;
    ASSERT_TRUE(raced.create());
    const auto before = read_snapshot(raced.location()).value();
    ASSERT_TRUE(raced.commit(DeltaTable::append({"theirs"})));
    EXPECT_EQ(commit(raced.location(), before, on, raced.options()).error().code, ErrorCode::kConflict);
}

TEST(InCommitTimestamps, AscendUnderAClockThatJumpsBack) {
    DeltaTable table;
    ASSERT_TRUE(table.create(kTracked));
    for (int i = 0; i < 6; ++i) {
        table.clock().advance(i % 2 == 0 ? std::chrono::hours(-2) : std::chrono::hours(1));
        ASSERT_TRUE(table.commit(DeltaTable::append({std::to_string(i)})));
    }
    const auto times = commit_times(table);
    expect_ascending(times);
    EXPECT_EQ(read_snapshot(table.location()).value()->timestamp_ms, times.back());
    EXPECT_FALSE(read_snapshot(table.location())
                     .value()
                     ->metadata.configuration.contains("delta.inCommitTimestampEnablementVersion"));
}

TEST(InCommitTimestamps, TurnedOnSaysSince) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    CommitRequest on;
    on.metadata = base->metadata;
    on.metadata->configuration["delta.enableInCommitTimestamps"] = "true";
    on.read_set = ReadSet::nothing();
    ASSERT_EQ(commit(table.location(), base, on, table.options()).value(), 2);  // rebased: the version moves with it
    const auto snapshot = read_snapshot(table.location()).value();
    const auto& properties = snapshot->metadata.configuration;
    EXPECT_EQ(properties.at("delta.inCommitTimestampEnablementVersion"), "2");
    EXPECT_EQ(properties.at("delta.inCommitTimestampEnablementTimestamp"), std::to_string(snapshot->timestamp_ms));

    CommitRequest off;
    off.metadata = snapshot->metadata;
    off.metadata->configuration["delta.enableInCommitTimestamps"] = "false";
    ASSERT_TRUE(table.commit(std::move(off)));
    EXPECT_FALSE(read_snapshot(table.location())
                     .value()
                     ->metadata.configuration.contains("delta.inCommitTimestampEnablementVersion"));
}

// The answer to a put was lost, and by the time it is repeated the clock has moved: the version has one time all the
// same.
TEST(InCommitTimestamps, ARepeatedPutIsTheSame) {
    DeltaTable table;
    ASSERT_TRUE(table.create(kTracked));
    const auto base = read_snapshot(table.location()).value();
    FaultyStore store(table.store(), {.kind = FaultyStore::Kind::kOutcomeUnknown, .at = 1});
    ASSERT_EQ(commit(table.location(&store), base, DeltaTable::append({"a"}), table.options()).value(), 1);
    expect_ascending(commit_times(table));
    expect_ids_apart(*read_snapshot(table.location()).value());
}

TEST(RowTracking, RacingWritersShareNoId) {
    constexpr int kWriters = 8;
    constexpr int kCommits = 6;
    DeltaTable table;
    auto properties = kTracked;
    properties["delta.checkpointPolicy"] = "v2";
    ASSERT_TRUE(table.create(properties));
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&, writer] {
            for (int i = 0; i < kCommits; ++i)
                for (;;) {
                    auto request = DeltaTable::append({});
                    request.adds = {DeltaTable::add(fmt::format("{}-{}", writer, i), 1 + (writer + i) % 5)};
                    table.clock().advance(std::chrono::milliseconds(writer % 2 == 0 ? -3 : 2));
                    const auto made = table.commit(std::move(request));
                    if (made) break;
                    ASSERT_EQ(made.error().code, ErrorCode::kConflict) << made.error().message;
                }
        });
    writers.clear();
    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_EQ(snapshot->version, kWriters * kCommits);
    EXPECT_EQ(snapshot->files.size(), static_cast<std::size_t>(kWriters * kCommits));
    expect_ids_apart(*snapshot);
    expect_ascending(commit_times(table));
}

}  // namespace
}  // namespace lagoa::delta
