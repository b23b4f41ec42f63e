// Goal: commits lose nothing, double nothing and refuse what would break a table. Method: writers
// from one snapshot, stores that lose answers, threads that race; crashes are in crash_test.cc.
#include "delta/commit.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/column_mapping.h"
#include "delta/table_features.h"
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
    ASSERT_TRUE(plain.commit(change));
    EXPECT_EQ(read_snapshot(plain.location()).value()->protocol.writer_features,
              (Paths{"appendOnly", "invariants", "timestampNtz"}));
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
    upgrade.protocol = Protocol{.min_reader_version = 1,
                                .min_writer_version = 7,
                                .reader_features = {},
                                .writer_features = {"appendOnly", "invariants"}};
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

// Whoever adds rows to a table with rules has to say that they were checked.
TEST(Commit, RowsOfATableWithRulesNeedTheirWritersWord) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.constraints.positive", "id > 0"}}));
    CommitRequest rows = DeltaTable::append({"a"});
    EXPECT_EQ(refusal(table, rows), ErrorCode::kUnsupported);
    rows.rules_enforced = true;
    EXPECT_TRUE(table.commit(rows));
    auto compaction = DeltaTable::replace({"a"}, {"b"});
    compaction.removes[0].data_change = false;
    compaction.adds[0].data_change = false;
    EXPECT_TRUE(table.commit(compaction)) << "they were checked when they came";
}

TEST(Commit, AFeatureGoesOnlyIfItIsDropped) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.feature.checkConstraints", "supported"}}));
    CommitRequest request;
    request.protocol = Protocol{};
    request.metadata = read_snapshot(table.location()).value()->metadata;
    EXPECT_EQ(refusal(table, request), ErrorCode::kUnsupported);
    request.dropped_features = {"checkConstraints"};
    ASSERT_TRUE(table.commit(request));
    EXPECT_EQ(read_snapshot(table.location()).value()->protocol, Protocol{});
}

TEST(Commit, RefusesFeaturesItLacks) {
    for (const auto& [key, value] : std::map<std::string, std::string>{{"delta.enableIcebergCompatV2", "true"},
                                                                       {"delta.feature.catalogManaged", "supported"}})
        EXPECT_EQ(DeltaTable().create({{key, value}}).error().code, ErrorCode::kUnsupported) << key;
    DeltaTable by_other;
    ASSERT_TRUE(by_other.store().put(
        DeltaTable::commit_key(0),
        R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["icebergCompatV1"]}}
{"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}"}})"));
    EXPECT_EQ(refusal(by_other, DeltaTable::append({"a"})), ErrorCode::kUnsupported);
    CommitRequest downgrade;
    downgrade.protocol = Protocol{
        .min_reader_version = 1, .min_writer_version = 7, .reader_features = {}, .writer_features = {"appendOnly"}};
    DeltaTable plain;
    ASSERT_TRUE(plain.create());
    EXPECT_EQ(refusal(plain, downgrade), ErrorCode::kUnsupported);
}

// Tables of the versions before table features, as older engines made them.
TEST(Commit, WritesTablesOfEveryLegacyVersion) {
    for (int version = 1; version <= 6; ++version) {
        DeltaTable table;
        ASSERT_TRUE(table.store().put(DeltaTable::commit_key(0),
                                      fmt::format(R"({{"protocol":{{"minReaderVersion":{},"minWriterVersion":{}}}}}
{{"metaData":{{"id":"i","schemaString":"{{\"type\":\"struct\",\"fields\":[]}}"}}}})",
                                                  version >= 5 ? 2 : 1, version)));
        ASSERT_TRUE(table.commit(DeltaTable::append({"a"}))) << version;
        EXPECT_EQ(read_snapshot(table.location()).value()->protocol.min_writer_version, version);
    }
}

TEST(Commit, RemovesCarryWhatTheirFilesHad) {
    DeltaTable table;
    auto creation = DeltaTable::creation({{"delta.enableRowTracking", "true"}});
    creation.metadata->schema.fields.push_back(
        {.name = "day", .type = {.kind = TypeKind::kDate, .children = {}}, .metadata = {}});
    creation.metadata->partition_columns = {"day"};
    ASSERT_TRUE(commit(table.location(), nullptr, creation, table.options()));
    auto append = DeltaTable::append({"a"});
    append.adds[0].partition_values["day"] = "2024-01-01";
    ASSERT_TRUE(table.commit(std::move(append)));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {})));
    const auto snapshot = read_snapshot(table.location()).value();
    const RemoveFile& tombstone = *snapshot->tombstones.begin();
    EXPECT_TRUE(tombstone.extended_file_metadata);
    EXPECT_EQ(tombstone.size_bytes, 100);
    EXPECT_EQ(tombstone.partition_values.at("day"), "2024-01-01");
    EXPECT_EQ(tombstone.base_row_id, 0);
    EXPECT_EQ(tombstone.default_row_commit_version, 1);
}

TEST(Commit, UsersAddToCommitInfoButDoNotChangeIt) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    auto request = DeltaTable::append({"a"});
    request.commit_info = json::make_object({{"jobId", "7"}, {"txnId", "forged"}, {"operation", "forged"}});
    ASSERT_TRUE(table.commit(std::move(request)));
    const auto lines = lines_of(table, 1);
    EXPECT_EQ(lines[0].find("commitInfo")->string_at("jobId"), "7");
    EXPECT_EQ(lines[0].find("commitInfo")->string_at("operation"), "WRITE");
    EXPECT_NE(lines[0].find("commitInfo")->string_at("txnId"), "forged");
}

TEST(Commit, ColumnsGetIdsAndNamesUnderMapping) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.columnMapping.mode", "name"}}));
    const auto before = read_snapshot(table.location()).value();
    const Field& id = before->metadata.schema.fields[0];
    EXPECT_EQ(field_id(id), 1);
    EXPECT_TRUE(physical_name(id).starts_with("col-"));
    EXPECT_EQ(before->metadata.configuration.at("delta.columnMapping.maxColumnId"), "1");

    CommitRequest change;
    change.metadata = before->metadata;
    change.metadata->schema.fields.push_back(
        {.name = "more", .type = {.kind = TypeKind::kString, .children = {}}, .metadata = {}});
    ASSERT_TRUE(table.commit(std::move(change)));
    const auto after = read_snapshot(table.location()).value();
    EXPECT_EQ(after->metadata.schema.fields[0], id);
    EXPECT_EQ(field_id(after->metadata.schema.fields[1]), 2);

    // Turned on later, the files that stand are read by the names they have.
    DeltaTable late;
    ASSERT_TRUE(late.create());
    CommitRequest on;
    on.metadata = read_snapshot(late.location()).value()->metadata;
    on.metadata->configuration["delta.columnMapping.mode"] = "name";
    ASSERT_TRUE(late.commit(on));
    const auto mapped = read_snapshot(late.location()).value();
    EXPECT_EQ(physical_name(mapped->metadata.schema.fields[0]), "id");
    EXPECT_TRUE(has_feature(mapped->protocol, "columnMapping"));
    for (const auto* mode : {"id", "none"}) {
        CommitRequest other;
        other.metadata = mapped->metadata;
        other.metadata->configuration["delta.columnMapping.mode"] = mode;
        EXPECT_EQ(refusal(late, other), ErrorCode::kInvalidArgument) << mode;
    }
}

TEST(Commit, PartitionColumnsChangeOnlyWithAllRows) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    auto request = DeltaTable::append({"b"});
    request.metadata = read_snapshot(table.location()).value()->metadata;
    request.metadata->partition_columns = {"id"};
    request.adds[0].partition_values["id"] = "1";
    EXPECT_EQ(refusal(table, request), ErrorCode::kInvalidArgument);
    request.removes = {DeltaTable::remove("a")};
    request.read_set = ReadSet::whole_table();
    EXPECT_TRUE(table.commit(request));
}

TEST(Commit, ClusteringColumnsStay) {
    DeltaTable table;
    auto creation = DeltaTable::creation({{"delta.feature.clustering", "supported"}});
    creation.metadata->schema.fields.push_back(
        {.name = "more", .type = {.kind = TypeKind::kString, .children = {}}, .metadata = {}});
    ASSERT_TRUE(commit(table.location(), nullptr, creation, table.options()));
    ASSERT_TRUE(table.store().put(
        DeltaTable::commit_key(1),
        R"({"domainMetadata":{"domain":"delta.clustering","configuration":"{\"clusteringColumns\":[[\"more\"]]}","removed":false}})"));
    auto clustered = DeltaTable::append({"a"});
    clustered.adds[0].clustering_provider = "liquid";
    ASSERT_TRUE(table.commit(std::move(clustered)));
    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_TRUE(snapshot->domains.contains("delta.clustering"));
    EXPECT_EQ(snapshot->files.begin()->clustering_provider, "liquid");
    CommitRequest change;
    change.metadata = snapshot->metadata;
    change.metadata->schema.fields.pop_back();
    EXPECT_EQ(refusal(table, change), ErrorCode::kInvalidArgument);
}

TEST(Commit, DomainsAreTheUsersButNotTheSystems) {
    const auto set = [](const std::string& domain) {
        CommitRequest request;
        request.domains = {{.domain = domain, .configuration = "{}", .removed = false}};
        return request;
    };
    DeltaTable plain;
    ASSERT_TRUE(plain.create());
    EXPECT_EQ(refusal(plain, set("app")), ErrorCode::kInvalidArgument);
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.feature.domainMetadata", "supported"}}));
    EXPECT_EQ(refusal(table, set("delta.rowTracking")), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(table.commit(set("app")));
    EXPECT_TRUE(read_snapshot(table.location()).value()->domains.contains("app"));
}

TEST(Commit, ChangeFeedIsNotMadeWrong) {
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.enableChangeDataFeed", "true"}}));
    ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {"c"})));  // whole files: the feed is made of them
    auto merge = DeltaTable::replace({"b"}, {"d"});
    merge.operation = "MERGE";
    EXPECT_EQ(refusal(table, merge), ErrorCode::kUnsupported);
    merge.operation = "LOAD";
    merge.operation_parameters = json::make_object({{"mode", "Merge"}});
    EXPECT_EQ(refusal(table, merge), ErrorCode::kUnsupported);
    merge.cdc = {{.path = "_change_data/x", .partition_values = {}, .size_bytes = 10}};
    ASSERT_TRUE(table.commit(merge));
    EXPECT_EQ(lines_of(table, 3).back().find("cdc")->string_at("path"), "_change_data/x");
    EXPECT_EQ(table.files(), (Paths{"c", "d"}));

    DeltaTable plain;
    ASSERT_TRUE(plain.create());
    auto without_feed = DeltaTable::append({"a"});
    without_feed.cdc = merge.cdc;
    EXPECT_EQ(refusal(plain, without_feed), ErrorCode::kInvalidArgument);
}

TEST(Commit, DeletionVectorsNeedTheirFeatureAndStatistics) {
    const DeletionVector vector{
        .storage_type = "u", .path_or_inline = "x", .offset = 1, .size_bytes = 1, .cardinality = 1};
    auto deletion = DeltaTable::replace({"a"}, {"a"});
    deletion.adds[0].deletion_vector = vector;
    DeltaTable plain;
    ASSERT_TRUE(plain.create());
    ASSERT_TRUE(plain.commit(DeltaTable::append({"a"})));
    EXPECT_EQ(refusal(plain, deletion), ErrorCode::kInvalidArgument);
    DeltaTable table;
    ASSERT_TRUE(table.create({{"delta.enableDeletionVectors", "true"}}));
    ASSERT_TRUE(table.commit(DeltaTable::append({"a"})));
    auto blind = deletion;
    blind.adds[0].stats = "";
    EXPECT_EQ(refusal(table, blind), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(table.commit(deletion));
    EXPECT_EQ(read_snapshot(table.location()).value()->files.begin()->deletion_vector, vector);
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

}  // namespace
}  // namespace lagoa::delta
