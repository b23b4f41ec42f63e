// Goal: commits lose nothing, double nothing and refuse what would break a table. Method: writers
// from one snapshot, stores that lose answers, threads that race; crashes are in crash_test.cc.
#include "delta/commit.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/impl/conflict.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;
using Paths = std::vector<std::string>;

std::vector<json::Value> lines_of(DeltaTable& table, Version version) {
    std::vector<json::Value> lines;
    const std::string text = table.store().get(DeltaTable::commit_key(version)).value();
    for (const auto line : split(text, '\n'))
        if (!line.empty()) lines.push_back(json::parse(line).value());
    return lines;
}

ErrorCode refusal(DeltaTable& table, CommitRequest request) {
    const auto before = newest_version(table.location());
    const auto made = table.commit(std::move(request));
    EXPECT_FALSE(made);
    EXPECT_EQ(newest_version(table.location()).value(), before.value());
    return made ? ErrorCode::kInternal : made.error().code;
}

TEST(Commit, WritesTheLogThatOthersRead) {
    DeltaTable table;
    auto creation = DeltaTable::creation({{"lagoa.businessKey", "[\"id\"]"}});
    creation.operation_parameters =
        json::make_object({{"mode", "ErrorIfExists"}, {"partitionBy", json::Array()}, {"n", 1}});
    creation.operation_metrics = json::make_object({{"numFiles", 0}});
    creation.user_metadata = "run 7";
    ASSERT_EQ(commit(table.location(), nullptr, std::move(creation), table.options()).value(), 0);

    const auto lines = lines_of(table, 0);
    ASSERT_EQ(lines.size(), 3U);
    const json::Value& info = *lines[0].find("commitInfo");
    EXPECT_EQ(info.int64_at("timestamp"), 1767323045000);
    EXPECT_EQ(info.string_at("operation"), "CREATE TABLE");
    EXPECT_EQ(json::dump(*info.find("operationParameters")), R"({"mode":"ErrorIfExists","partitionBy":"[]","n":"1"})");
    EXPECT_EQ(json::dump(*info.find("operationMetrics")), R"({"numFiles":"0"})");
    EXPECT_EQ(info.string_at("userMetadata"), "run 7");
    EXPECT_TRUE(info.string_at("engineInfo").value().starts_with("Lagoa/"));
    EXPECT_TRUE(info.string_at("txnId"));
    EXPECT_EQ(json::dump(lines[1]), R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})");
    EXPECT_EQ(lines[2].find("metaData")->string_at("id").value().size(), 36U);
    EXPECT_EQ(lines[2].find("metaData")->int64_at("createdTime"), 1767323045000);

    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    EXPECT_EQ(lines_of(table, 1)[0].find("commitInfo")->bool_at("isBlindAppend"), true);
    EXPECT_EQ(lines_of(table, 1)[0].find("commitInfo")->int64_at("readVersion"), 0);
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {"b"})));
    EXPECT_EQ(lines_of(table, 2)[0].find("commitInfo")->bool_at("isBlindAppend"), false);
    EXPECT_EQ(lines_of(table, 2)[1].find("remove")->int64_at("deletionTimestamp"), 1767323045000);
}

TEST(Commit, TimestampWithoutZoneBringsItsFeature) {
    DeltaTable table;
    auto creation = DeltaTable::creation();
    creation.metadata->schema.fields.push_back(
        {.name = "t", .type = {.kind = TypeKind::kTimestampNtz, .children = {}}, .metadata = {}});
    ASSERT_TRUE(commit(table.location(), nullptr, creation, table.options()));
    EXPECT_EQ(read_snapshot(table.location()).value()->protocol.reader_features, Paths{"timestampNtz"});

    DeltaTable plain;
    ASSERT_TRUE(plain.create());
    CommitRequest change;
    change.metadata = creation.metadata;
    EXPECT_EQ(refusal(plain, change), ErrorCode::kUnsupported);
}

TEST(Commit, TableIsCreatedOnce) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    EXPECT_EQ(table.create().error().code, ErrorCode::kConflict);
    CommitRequest no_metadata;
    EXPECT_EQ(commit(DeltaTable().location(), nullptr, no_metadata).error().code, ErrorCode::kInvalidArgument);

    // Its first commits cleaned up behind a checkpoint, a table still exists.
    DeltaTable old;
    ASSERT_TRUE(old.create());
    for (int i = 1; i <= 10; ++i) ASSERT_TRUE(old.commit(DeltaTable::append({std::to_string(i)})));
    for (int i = 0; i <= 9; ++i) ASSERT_TRUE(old.store().remove(DeltaTable::commit_key(i)));
    EXPECT_EQ(old.create().error().code, ErrorCode::kConflict);
}

TEST(Commit, BlindAppendsRebase) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"a"}), table.options()).value(), 1);
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"b"}), table.options()).value(), 2);
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"c"}), table.options()).value(), 3);
    EXPECT_EQ(table.files(), (Paths{"a", "b", "c"}));
}

TEST(Commit, SecondWriterThatReadTheTableGetsConflict) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
    const auto base = read_snapshot(table.location()).value();
    ASSERT_TRUE(commit(table.location(), base, DeltaTable::replace({"a"}, {"a2"}), table.options()));
    EXPECT_EQ(commit(table.location(), base, DeltaTable::replace({"b"}, {"b2"}), table.options()).error().code,
              ErrorCode::kConflict);
    EXPECT_EQ(table.files(), (Paths{"a2", "b"}));
}

TEST(Commit, ChangeOfMetadataOrProtocolConflictsWithEveryWriter) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    CommitRequest change;
    change.metadata = DeltaTable::metadata({{"k", "v"}});
    ASSERT_TRUE(commit(table.location(), base, std::move(change), table.options()));
    EXPECT_EQ(read_snapshot(table.location()).value()->metadata.id, base->metadata.id);
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"a"}), table.options()).error().code,
              ErrorCode::kConflict);
    CommitRequest upgrade;
    upgrade.protocol = Protocol{
        .min_reader_version = 1, .min_writer_version = 7, .reader_features = {}, .writer_features = {"appendOnly"}};
    const auto second = read_snapshot(table.location()).value();
    ASSERT_TRUE(commit(table.location(), second, std::move(upgrade), table.options()));
    EXPECT_EQ(commit(table.location(), second, DeltaTable::append({"a"}), table.options()).error().code,
              ErrorCode::kConflict);
}

TEST(Commit, TransactionIsAppliedOnce) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    const auto load = [](std::int64_t sequence, const std::string& file) {
        auto request = DeltaTable::append({file});
        request.txns = {{.app_id = "loader", .version = sequence, .last_updated_ms = {}}};
        return request;
    };
    ASSERT_TRUE(commit(table.location(), base, load(5, "a"), table.options()));
    EXPECT_EQ(commit(table.location(), base, load(5, "b"), table.options()).error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(commit(table.location(), base, load(4, "b"), table.options()).error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(commit(table.location(), base, load(6, "b"), table.options()).error().code, ErrorCode::kConflict);
    EXPECT_EQ(table.commit(load(5, "b")).error().code, ErrorCode::kAlreadyExists);
    EXPECT_TRUE(table.commit(load(6, "b")));
    EXPECT_EQ(table.files(), (Paths{"a", "b"}));
    EXPECT_EQ(read_snapshot(table.location()).value()->txn_version("loader"), 6);
}

TEST(Commit, BlindRemoversOfOneFileConflict) {
    CommitRequest compaction = DeltaTable::replace({"a"}, {"x"});
    compaction.read_set = ReadSet::nothing();
    EXPECT_TRUE(check_conflict(compaction, 3, {DeltaTable::remove("b"), DeltaTable::add("c")}));
    EXPECT_EQ(check_conflict(compaction, 3, {DeltaTable::remove("a")}).error().code, ErrorCode::kConflict);
    EXPECT_TRUE(check_conflict(DeltaTable::replace({"a"}, {}), 3,
                               {CommitInfo{}, Txn{.app_id = "o", .version = 1, .last_updated_ms = {}}}));
}

TEST(Commit, RefusesFilesThatDoNotFit) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    EXPECT_EQ(refusal(table, DeltaTable::append({"x", "x"})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refusal(table, DeltaTable::append({""})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refusal(table, DeltaTable::replace({"never"}, {})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(refusal(table, DeltaTable::replace({"a", "a"}, {})), ErrorCode::kInvalidArgument);
    auto partitioned = DeltaTable::append({"p"});
    partitioned.adds[0].partition_values["d"] = "2024-01-01";
    EXPECT_EQ(refusal(table, partitioned), ErrorCode::kInvalidArgument);

    DeltaTable by_day;
    auto creation = DeltaTable::creation();
    creation.metadata->partition_columns = {"day"};
    EXPECT_EQ(commit(by_day.location(), nullptr, creation, by_day.options()).error().code, ErrorCode::kInvalidArgument);
    creation.metadata->schema.fields.push_back(
        {.name = "day", .type = {.kind = TypeKind::kDate, .children = {}}, .metadata = {}});
    ASSERT_TRUE(commit(by_day.location(), nullptr, creation, by_day.options()));
    EXPECT_EQ(refusal(by_day, DeltaTable::append({"p"})), ErrorCode::kInvalidArgument);
    auto fitting = DeltaTable::append({"p"});
    fitting.adds[0].partition_values["day"] = std::nullopt;
    EXPECT_TRUE(by_day.commit(fitting));
}

TEST(Commit, AppendOnlyTablesKeepTheirRows) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.appendOnly", "true"}}));
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    EXPECT_EQ(refusal(table, DeltaTable::replace({"a"}, {"b"})), ErrorCode::kInvalidArgument);
    auto compaction = DeltaTable::replace({"a"}, {"b"});
    compaction.removes[0].data_change = false;
    EXPECT_TRUE(table.commit(compaction));
}

TEST(Commit, RefusesFeaturesItLacks) {
    for (const auto& [key, value] : std::map<std::string, std::string>{{"delta.enableChangeDataFeed", "true"},
                                                                       {"delta.enableDeletionVectors", "true"},
                                                                       {"delta.constraints.positive", "id > 0"},
                                                                       {"delta.columnMapping.mode", "name"},
                                                                       {"delta.checkpointPolicy", "v2"}})
        EXPECT_EQ(DeltaTable().create({{key, value}}).error().code, ErrorCode::kUnsupported) << key;
    for (const auto* key : {"delta.invariants", "delta.generationExpression", "delta.identity.start"}) {
        auto creation = DeltaTable::creation();
        Field inner{.name = "x",
                    .type = {.kind = TypeKind::kInt64, .children = {}},
                    .metadata = json::make_object({{key, "1"}})};
        creation.metadata->schema.fields.push_back(
            {.name = "s", .type = {.kind = TypeKind::kStruct, .children = {inner}}, .metadata = {}});
        EXPECT_EQ(commit(DeltaTable().location(), nullptr, creation).error().code, ErrorCode::kUnsupported) << key;
    }
    EXPECT_TRUE(DeltaTable().create({{"delta.enableChangeDataFeed", "false"}, {"delta.columnMapping.mode", "none"}}));

    DeltaTable by_other;
    ASSERT_TRUE(
        by_other.store().put(DeltaTable::commit_key(0), R"({"protocol":{"minReaderVersion":1,"minWriterVersion":4}}
{"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}"}})"));
    EXPECT_EQ(refusal(by_other, DeltaTable::append({"a"})), ErrorCode::kUnsupported);
}

// Goal: a put whose answer was lost is neither repeated as a second version nor reported as failed.
TEST(Commit, LostAnswerIsResolvedByReadingBack) {
    for (const auto kind : {FaultyStore::Kind::kOutcomeUnknown, FaultyStore::Kind::kFail})
        for (const auto code : {ErrorCode::kUnavailable, ErrorCode::kDeadlineExceeded}) {
            DeltaTable table;
            ASSERT_TRUE(table.create());
            const auto base = read_snapshot(table.location()).value();
            FaultyStore store(table.store(), {.kind = kind, .at = 1, .code = code});
            EXPECT_EQ(commit(table.location(&store), base, DeltaTable::append({"a"}), table.options()).value(), 1);
            EXPECT_EQ(newest_version(table.location()).value(), 1);
            EXPECT_EQ(table.files(), Paths{"a"});
        }
    DeltaTable fresh;
    FaultyStore store(fresh.store(), {.kind = FaultyStore::Kind::kOutcomeUnknown, .at = 1});
    EXPECT_EQ(commit(fresh.location(&store), nullptr, DeltaTable::creation(), fresh.options()).value(), 0);
}

TEST(Commit, FullDiskIsReportedAndWritesNothing) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    FaultyStore store(table.store(),
                      {.kind = FaultyStore::Kind::kFail, .at = 1, .code = ErrorCode::kResourceExhausted});
    EXPECT_EQ(commit(table.location(&store), base, DeltaTable::append({"a"}), table.options()).error().code,
              ErrorCode::kResourceExhausted);
    EXPECT_EQ(table.files(), Paths{});
}

TEST(Commit, StoreThatStaysDownIsUnavailable) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    FaultyStore store(table.store(), {.kind = FaultyStore::Kind::kCrash, .at = 1});
    EXPECT_EQ(commit(table.location(&store), base, DeltaTable::append({"a"}), table.options()).error().code,
              ErrorCode::kUnavailable);
    EXPECT_GT(table.clock().slept(), std::chrono::milliseconds(0));
}

TEST(Commit, LosingEveryRaceIsConflict) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    ASSERT_TRUE(table.commit(DeltaTable::append({"theirs"})));
    CommitOptions once = table.options();
    once.max_attempts = 1;
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"ours"}), once).error().code, ErrorCode::kConflict);
    once.max_attempts = 2;
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"ours"}), once).value(), 2);
}

TEST(Commit, DamagedWinnerStopsTheWriter) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const auto base = read_snapshot(table.location()).value();
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(1), "{\"add\":"));
    EXPECT_EQ(commit(table.location(), base, DeltaTable::append({"a"}), table.options()).error().code,
              ErrorCode::kCorruption);
}

// Goal: N writers at once lose no row and leave no gap. Method: threads that append and, on other
// files, replace; whoever gets a conflict reads again, as callers do.
TEST(Commit, ManyWritersLoseNothing) {
    constexpr int kWriters = 4;
    constexpr int kCommits = 15;
    DeltaTable table;
    ASSERT_TRUE(table.create());
    std::vector<std::jthread> writers;
    for (int writer = 0; writer < kWriters; ++writer)
        writers.emplace_back([&, writer] {
            for (int i = 0; i < kCommits; ++i) {
                const auto name = fmt::format("w{}-{:02}", writer, i);
                const bool replaces = i > 0 && writer % 2 == 1;
                for (;;) {
                    auto request = replaces ? DeltaTable::replace({fmt::format("w{}-{:02}", writer, i - 1)}, {name})
                                            : DeltaTable::append({name});
                    const auto made = table.commit(std::move(request));
                    if (made) break;
                    ASSERT_EQ(made.error().code, ErrorCode::kConflict) << made.error().message;
                }
            }
        });
    writers.clear();

    EXPECT_EQ(newest_version(table.location()).value(), kWriters * kCommits);
    std::set<std::string> expected;
    for (int writer = 0; writer < kWriters; ++writer)
        for (int i = writer % 2 == 1 ? kCommits - 1 : 0; i < kCommits; ++i)
            expected.insert(fmt::format("w{}-{:02}", writer, i));
    const auto files = table.files();
    EXPECT_EQ(std::set<std::string>(files.begin(), files.end()), expected);
    for (Version version = 0; version <= kWriters * kCommits; ++version)
        EXPECT_TRUE(table.store().head(DeltaTable::commit_key(version))) << version;
}

TEST(Checkpoint, IsWrittenWhenDue) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.checkpointInterval", "3"}}));
    for (int i = 1; i <= 4; ++i) ASSERT_TRUE(table.commit(DeltaTable::append({std::to_string(i)})));
    EXPECT_FALSE(table.store().head(DeltaTable::checkpoint_key(2)));
    EXPECT_TRUE(table.store().head(DeltaTable::checkpoint_key(3)));
    const auto pointer = json::parse(table.store().get(DeltaTable::log_key("_last_checkpoint")).value()).value();
    EXPECT_EQ(pointer.int64_at("version"), 3);
    EXPECT_EQ(pointer.int64_at("size"), 5);
    EXPECT_EQ(pointer.int64_at("numOfAddFiles"), 3);

    const auto older = read_snapshot(table.location(), 1).value();
    ASSERT_TRUE(write_checkpoint(table.location(), *older, table.clock()));
    EXPECT_EQ(
        json::parse(table.store().get(DeltaTable::log_key("_last_checkpoint")).value()).value().int64_at("version"), 3);
}

TEST(Checkpoint, KeepsTheWholeStateButExpiredTombstones) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    auto first = DeltaTable::append({"a", "b", "c"});
    first.txns = {{.app_id = "loader", .version = 1, .last_updated_ms = {}}};
    ASSERT_TRUE(table.commit(std::move(first)));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {})));
    table.clock().advance(std::chrono::days(8));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"b"}, {})));
    const auto before = read_snapshot(table.location()).value();
    EXPECT_EQ(before->tombstones.size(), 2U);

    ASSERT_TRUE(write_checkpoint(table.location(), *before, table.clock()));
    for (Version version = 0; version <= 3; ++version)
        ASSERT_TRUE(table.store().remove(DeltaTable::commit_key(version)));
    const auto after = read_snapshot(table.location()).value();

    EXPECT_EQ(table.files(), Paths{"c"});
    EXPECT_EQ(after->files[0].stats, before->files[0].stats);
    EXPECT_FALSE(after->files[0].data_change);
    EXPECT_EQ(after->metadata.schema, before->metadata.schema);
    EXPECT_EQ(after->txn_version("loader"), 1);
    ASSERT_EQ(after->tombstones.size(), 1U);
    EXPECT_EQ(after->tombstones[0].path, "b");
}

}  // namespace
}  // namespace lagoa::delta
