// Goal: a table's state is right whatever shape its log is in, or the error says what is wrong.
// Method: logs written by our own commits, then cut, damaged and rearranged; and the logs of real
// tables by other writers.
#include "delta/snapshot.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

#include "store/local_store.h"
#include "support/delta_table.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using Paths = std::vector<std::string>;

ErrorCode code_of(DeltaTable& table, std::optional<Version> version = {}) {
    const auto snapshot = read_snapshot(table.location(), version);
    EXPECT_FALSE(snapshot);
    return snapshot ? ErrorCode::kInternal : snapshot.error().code;
}

// Versions 0 to `last`: version n appends file fn; a checkpoint every 10.
void fill(DeltaTable& table, Version last) {
    ASSERT_TRUE(table.create());
    for (Version version = 1; version <= last; ++version)
        ASSERT_EQ(table.commit(DeltaTable::append({fmt::format("f{:02}", version)})).value(), version);
}

void remove_commits(DeltaTable& table, Version first, Version last) {
    for (Version version = first; version <= last; ++version)
        ASSERT_TRUE(table.store().remove(DeltaTable::commit_key(version)));
}

std::string rename_to(DeltaTable& table, const std::string& from, const std::string& to) {
    const std::string bytes = table.store().get(from).value();
    EXPECT_TRUE(table.store().put(to, bytes));
    EXPECT_TRUE(table.store().remove(from));
    return bytes;
}

TEST(Snapshot, NoTableIsNotFound) {
    DeltaTable table;
    EXPECT_EQ(code_of(table), ErrorCode::kNotFound);
    EXPECT_EQ(newest_version(table.location()).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(read_history(table.location()).error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(table.store().put(DeltaTable::log_key("_last_checkpoint"), R"({"version":3})"));
    EXPECT_EQ(code_of(table), ErrorCode::kNotFound);
}

TEST(Snapshot, ReplaysAddsAndRemoves) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.commit(DeltaTable::append({"a", "b"})));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"a"}, {"c"})));
    ASSERT_TRUE(table.commit(DeltaTable::replace({"c"}, {"a"})));  // a file may come back
    EXPECT_EQ(table.files(0), Paths{});
    EXPECT_EQ(table.files(1), (Paths{"a", "b"}));
    EXPECT_EQ(table.files(2), (Paths{"b", "c"}));
    EXPECT_EQ(table.files(), (Paths{"a", "b"}));

    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_EQ(snapshot->version, 3);
    EXPECT_EQ(snapshot->row_count(), 2U);
    EXPECT_EQ(snapshot->size_bytes(), 200U);
    EXPECT_GT(snapshot->timestamp_ms, 0);
    ASSERT_EQ(snapshot->tombstones.size(), 1U);
    EXPECT_EQ(snapshot->tombstones[0].path, "c");
}

TEST(Snapshot, VersionsThatAreNotThereAreNotFound) {
    DeltaTable table;
    fill(table, 12);
    EXPECT_EQ(code_of(table, 13), ErrorCode::kNotFound);
    EXPECT_EQ(code_of(table, -1), ErrorCode::kNotFound);
    remove_commits(table, 0, 10);
    EXPECT_EQ(code_of(table, 9), ErrorCode::kNotFound);
    EXPECT_EQ(table.files(10).size(), 10U);
    EXPECT_EQ(table.files(11).size(), 11U);
}

TEST(Snapshot, ReadsFromTheCheckpointAlone) {
    DeltaTable table;
    fill(table, 20);
    ASSERT_TRUE(table.store().get(DeltaTable::checkpoint_key(10)));
    remove_commits(table, 0, 20);
    EXPECT_EQ(table.files().size(), 20U);
    EXPECT_EQ(newest_version(table.location()).value(), 20);
    EXPECT_GT(read_snapshot(table.location()).value()->timestamp_ms, 0);
}

TEST(Snapshot, LastCheckpointIsOnlyAHint) {
    DeltaTable table;
    fill(table, 12);
    const std::string hint = DeltaTable::log_key("_last_checkpoint");
    for (const auto* content : {"", "{", "[]", R"({"version":-4})", R"({"version":"x"})", R"({"version":7})",
                                R"({"version":999})", R"({"version":11})"}) {
        ASSERT_TRUE(table.store().put(hint, content));
        EXPECT_EQ(table.files().size(), 12U) << content;
        EXPECT_EQ(table.files(3).size(), 3U) << content;
        EXPECT_EQ(newest_version(table.location()).value(), 12) << content;
    }
    ASSERT_TRUE(table.store().remove(hint));
    EXPECT_EQ(table.files().size(), 12U);
    remove_commits(table, 0, 9);
    EXPECT_EQ(table.files().size(), 12U);
}

TEST(Snapshot, DamagedCheckpointFallsBackToAnOlderOneOrTheLog) {
    DeltaTable table;
    fill(table, 22);
    const std::string newest = DeltaTable::checkpoint_key(20);
    const std::string whole = table.store().get(newest).value();
    for (const std::string& damage :
         {std::string(), whole.substr(0, whole.size() / 2), std::string("PAR1\n{\"add\":{}}\nPAR1")}) {
        ASSERT_TRUE(table.store().put(newest, damage));
        EXPECT_EQ(table.files().size(), 22U);
    }
    ASSERT_TRUE(table.store().put(DeltaTable::checkpoint_key(10), "x"));
    EXPECT_EQ(table.files().size(), 22U);
    ASSERT_TRUE(table.store().remove(newest));
    EXPECT_EQ(table.files().size(), 22U);

    remove_commits(table, 0, 3);  // now nothing stands in for the damaged checkpoint
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
}

TEST(Snapshot, MultiPartCheckpointNeedsAllItsParts) {
    DeltaTable table;
    fill(table, 12);
    const std::string whole = rename_to(table, DeltaTable::checkpoint_key(10), "elsewhere");
    const std::string body = whole.substr(5, whole.size() - 10);
    const auto middle = body.find('\n', body.size() / 2);
    const auto part = [](int number) {
        return DeltaTable::log_key(fmt::format("{:020}.checkpoint.{:010}.{:010}.parquet", 10, number, 2));
    };
    ASSERT_TRUE(table.store().put(part(1), "PAR1\n" + body.substr(0, middle) + "\nPAR1"));
    ASSERT_TRUE(table.store().put(part(2), "PAR1" + body.substr(middle) + "\nPAR1"));
    remove_commits(table, 0, 10);
    EXPECT_EQ(table.files().size(), 12U);
    ASSERT_TRUE(table.store().remove(part(1)));
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
}

TEST(Snapshot, GapsAreCorruption) {
    DeltaTable table;
    fill(table, 5);
    remove_commits(table, 3, 3);
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
    EXPECT_EQ(table.files(2).size(), 2U);
    remove_commits(table, 0, 0);
    EXPECT_EQ(code_of(table, 2), ErrorCode::kCorruption);
}

TEST(Snapshot, DamagedCommitIsCorruption) {
    DeltaTable table;
    fill(table, 2);
    const std::string whole = table.store().get(DeltaTable::commit_key(2)).value();
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(2), whole.substr(0, whole.size() - 9)));
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
    EXPECT_EQ(table.files(1).size(), 1U);
}

TEST(Snapshot, NeedsProtocolAndMetadata) {
    DeltaTable table;
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(0), ""));
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
    ASSERT_TRUE(
        table.store().put(DeltaTable::commit_key(0), R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"));
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
    ASSERT_TRUE(
        table.store().put(DeltaTable::commit_key(0), R"({"protocol":{"minReaderVersion":4,"minWriterVersion":7}})"));
    EXPECT_EQ(code_of(table), ErrorCode::kUnsupported);
}

constexpr std::string_view kV2Name = "00000000000000000002.checkpoint.3a0d65cd-4056-49b8-937b-95f9e3ee90e5";
constexpr std::string_view kV2Head = R"({"checkpointMetadata":{"version":2}}
{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"],"writerFeatures":["v2Checkpoint"]}}
{"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}"}})";

// In the form that the fake reads as Parquet.
std::string as_parquet(std::string_view lines) {
    return fmt::format("PAR1\n{}\nPAR1", lines);
}

TEST(Snapshot, ReadsV2CheckpointsOfBothFormsWithAndWithoutSidecars) {
    const std::string adds = R"({"add":{"path":"a","size":1}}
{"add":{"path":"b","size":1}})";
    for (const bool json : {true, false})
        for (const bool sidecar : {true, false}) {
            SCOPED_TRACE(fmt::format("{} {}", json ? "JSON" : "Parquet", sidecar ? "with a sidecar" : "alone"));
            DeltaTable table;
            fill(table, 2);
            remove_commits(table, 0, 2);
            const std::string rest =
                sidecar ? R"({"sidecar":{"path":"s.parquet","sizeInBytes":9,"modificationTime":1}})" : adds;
            const std::string manifest = fmt::format("{}\n{}", kV2Head, rest);
            ASSERT_TRUE(table.store().put(DeltaTable::log_key(fmt::format("{}.{}", kV2Name, json ? "json" : "parquet")),
                                          json ? manifest : as_parquet(manifest)));
            if (sidecar) {
                EXPECT_EQ(code_of(table), ErrorCode::kCorruption);  // not there yet
                ASSERT_TRUE(table.store().put(DeltaTable::log_key("_sidecars/s.parquet"), as_parquet(adds)));
            }
            EXPECT_EQ(table.files(), (Paths{"a", "b"}));
            EXPECT_EQ(read_snapshot(table.location()).value()->version, 2);
        }
}

TEST(Snapshot, DamagedV2CheckpointCostsNothingWhileTheLogIsWhole) {
    DeltaTable table;
    fill(table, 2);
    for (const auto* content : {"{}", "", "not JSON", R"({"checkpointMetadata":{"version":2}})"}) {
        ASSERT_TRUE(table.store().put(DeltaTable::log_key(fmt::format("{}.json", kV2Name)), content));
        EXPECT_EQ(table.files().size(), 2U) << content;
    }
    remove_commits(table, 0, 1);
    EXPECT_EQ(code_of(table), ErrorCode::kCorruption);
}

TEST(Snapshot, ReadsCompactionsAndDoesWithoutDamagedOnes) {
    DeltaTable table;
    fill(table, 6);
    const auto expected = table.files();
    const std::string compacted = DeltaTable::log_key("00000000000000000002.00000000000000000004.compacted.json");
    ASSERT_TRUE(table.store().put(compacted, R"({"add":{"path":"f02","size":100}}
{"add":{"path":"f03","size":100}}
{"add":{"path":"f04","size":100}})"));
    EXPECT_EQ(table.files(), expected);
    EXPECT_EQ(table.files(3).size(), 3U);  // inside its range it says too much
    ASSERT_TRUE(table.store().put(compacted, "damaged"));
    EXPECT_EQ(table.files(), expected);
}

TEST(Snapshot, RefreshFollowsTheLogAsReadingItAgainDoes) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    auto followed = read_snapshot(table.location()).value();
    EXPECT_EQ(refresh(table.location(), followed).value(), followed);  // nothing was committed
    const auto check = [&] {
        followed = refresh(table.location(), followed).value();
        const auto read = read_snapshot(table.location()).value();
        ASSERT_EQ(followed->version, read->version);
        EXPECT_EQ(followed->timestamp_ms, read->timestamp_ms);
        Paths ours, theirs;
        for (const auto& file : followed->files) ours.push_back(file.path);
        for (const auto& file : read->files) theirs.push_back(file.path);
        EXPECT_EQ(ours, theirs);
        EXPECT_EQ(followed->tombstones.size(), read->tombstones.size());
        EXPECT_EQ(followed->metadata.configuration, read->metadata.configuration);
    };
    for (int i = 0; i < 25; ++i) {  // across checkpoints, one commit or several at a time
        ASSERT_TRUE(table.commit(DeltaTable::append({fmt::format("a{}", i), fmt::format("b{}", i)})));
        if (i % 3 == 2) {
            ASSERT_TRUE(table.commit(DeltaTable::replace({fmt::format("a{}", i - 1)}, {})));
        }
        if (i % 4 == 1) continue;
        check();
    }
    auto changed = DeltaTable::append({});
    changed.metadata = DeltaTable::metadata({{"delta.checkpointInterval", "3"}});
    ASSERT_TRUE(table.commit(std::move(changed)));
    check();
    // Its own commit and those after it were cleaned up behind a checkpoint.
    ASSERT_TRUE(table.commit(DeltaTable::append({"z"})));
    ASSERT_TRUE(write_checkpoint(table.location(), *read_snapshot(table.location()).value(), table.clock()));
    remove_commits(table, 0, followed->version + 1);
    check();
    EXPECT_EQ(followed->files.find("z").has_value(), true);
}

TEST(Snapshot, IgnoresStrayFiles) {
    DeltaTable table;
    fill(table, 2);
    for (const auto* name :
         {"00000000000000000003.crc", "3.json", "000000000000000000003.json", "00000000000000000003.json.tmp",
          "00000000000000000001.00000000000000000002.compacted.json", "99999999999999999999.json",
          "x.checkpoint.parquet", "_commits/00000000000000000003.json", "00000000000000000002.checkpoint.1.2.parquet"})
        ASSERT_TRUE(table.store().put(DeltaTable::log_key(name), "junk"));
    EXPECT_EQ(table.files().size(), 2U);
}

TEST(Snapshot, KeepsTheNewestTxnAndDomainOfEach) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    const std::string first = R"({"txn":{"appId":"a","version":1}}
{"txn":{"appId":"b","version":7}}
{"domainMetadata":{"domain":"d","configuration":"1","removed":false}}
{"domainMetadata":{"domain":"e","configuration":"1","removed":false}})";
    const std::string second = R"({"txn":{"appId":"a","version":2}}
{"domainMetadata":{"domain":"d","configuration":"2","removed":false}}
{"domainMetadata":{"domain":"e","configuration":"","removed":true}})";
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(1), first));
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(2), second));
    const auto snapshot = read_snapshot(table.location()).value();
    EXPECT_EQ(snapshot->txn_version("a"), 2);
    EXPECT_EQ(snapshot->txn_version("b"), 7);
    EXPECT_EQ(snapshot->txn_version("c"), -1);
    ASSERT_EQ(snapshot->domains.size(), 1U);
    EXPECT_EQ(snapshot->domains.at("d").configuration, "2");
}

TEST(Snapshot, MissingStatisticsMakeTheRowCountUnknown) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    auto request = DeltaTable::append({"a"});
    request.adds[0].stats = "";
    ASSERT_TRUE(table.commit(std::move(request)));
    EXPECT_EQ(read_snapshot(table.location()).value()->row_count(), std::nullopt);
}

TEST(Snapshot, TimestampIsTheCommitsOwn) {
    DeltaTable table;
    ASSERT_TRUE(table.create());
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(1), R"({"commitInfo":{"timestamp":7,"inCommitTimestamp":42}}
{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["inCommitTimestamp"]}}
{"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}","configuration":{"delta.enableInCommitTimestamps":"true","delta.inCommitTimestampEnablementVersion":"1","delta.inCommitTimestampEnablementTimestamp":"42"}}})"));
    EXPECT_EQ(read_snapshot(table.location()).value()->timestamp_ms, 42);
    EXPECT_GT(read_snapshot(table.location(), 0).value()->timestamp_ms, 42);
    ASSERT_TRUE(
        table.store().put(DeltaTable::commit_key(2), R"({"commitInfo":{"timestamp":7,"inCommitTimestamp":50}})"));
    ASSERT_TRUE(table.store().put(DeltaTable::commit_key(3), R"({"commitInfo":{"inCommitTimestamp":60}})"));
    EXPECT_EQ(read_snapshot(table.location(), 2).value()->timestamp_ms, 50);
    EXPECT_EQ(read_snapshot(table.location(), 3).value()->timestamp_ms, 60);
    const auto history = read_history(table.location()).value();
    EXPECT_EQ(history[1].timestamp_ms, 50);
    EXPECT_EQ(history[2].timestamp_ms, 42);
    EXPECT_EQ(history[0].timestamp_ms, 60);
    EXPECT_EQ(version_at(table.location(), 42).value(), 1);
    EXPECT_EQ(version_at(table.location(), 59).value(), 2);
    EXPECT_EQ(version_at(table.location(), 1'000'000'000'000'000).value(), 3);
    EXPECT_EQ(version_at(table.location(), 41).error().code, ErrorCode::kNotFound);  // version 0's file is younger
}

TEST(Snapshot, VersionAtGoesByFileTimesMadeAscending) {
    DeltaTable table;
    fill(table, 12);
    std::optional<std::int64_t> before;
    for (Version version = 0; version <= 12; ++version) {
        const auto modified = table.store().head(DeltaTable::commit_key(version)).value().modified;
        std::int64_t time = std::chrono::floor<std::chrono::milliseconds>(modified).time_since_epoch().count();
        if (before) time = std::max(time, *before + 1);
        EXPECT_EQ(version_at(table.location(), time).value(), version);
        if (before && time > *before + 1) {
            EXPECT_EQ(version_at(table.location(), time - 1).value(), version - 1);
        }
        before = time;
    }
    remove_commits(table, 0, 9);  // the checkpoint of version 10 stands for them
    EXPECT_EQ(version_at(table.location(), 0).error().code, ErrorCode::kNotFound);
}

TEST(History, IsNewestFirst) {
    DeltaTable table;
    fill(table, 3);
    const auto history = read_history(table.location()).value();
    ASSERT_EQ(history.size(), 4U);
    EXPECT_EQ(history[0].version, 3);
    EXPECT_EQ(history[0].operation, "WRITE");
    EXPECT_EQ(history[3].operation, "CREATE TABLE");
    EXPECT_GT(history[3].timestamp_ms, 0);
    EXPECT_TRUE(history[0].commit_info.contains("txnId"));
    EXPECT_EQ(read_history(table.location(), 2).value().size(), 2U);
}

// Goal: logs of Spark, delta-rs and the kernel's authors are read as those wrote them. Method: every
// table of the conformance set whose log's JSON is all there, for the fake cannot read its checkpoints
// (which then are damaged ones); where all files have statistics their rows must add up to the expected
// rows. A refusal must be kUnsupported; an expected error must be one.
TEST(Snapshot, ReadsTheLogsOfOtherWriters) {
    const std::filesystem::path shared = "../shared/delta";
    if (!std::filesystem::exists(shared / "manifest.json"))
        GTEST_SKIP() << "no conformance tables beside the source tree";
    std::ostringstream text;
    text << std::ifstream(shared / "manifest.json").rdbuf();
    const auto manifest = json::parse(text.str()).value();
    const auto store = open_local_store(shared).value();
    test::FakeParquetIo parquet;

    int read = 0;
    int refused = 0;
    int counted = 0;
    int damaged = 0;
    for (const auto& c : *manifest.find("cases")->array()) {
        const std::string id = c.string_at("id").value();
        const std::string path = c.string_at("table").value();
        if (c.string_at("kind") != "read" || id == "synthetic__err-missing-data-file") continue;
        const bool expects_error = c.string_at("expect") == "error";
        if (!expects_error && !store->head(path + "/_delta_log/00000000000000000000.json")) continue;
        if (expects_error && store->head(path + "/_delta_log/_last_checkpoint"))
            continue;  // the damage is in the checkpoint

        const auto snapshot =
            read_snapshot({.store = store.get(), .parquet = &parquet, .path = path}, c.int64_at("version"));
        if (expects_error) {
            EXPECT_FALSE(snapshot) << id;
            ++damaged;
        } else if (!snapshot) {
            EXPECT_EQ(snapshot.error().code, ErrorCode::kUnsupported) << id << ": " << snapshot.error().message;
            ++refused;
        } else {
            ++read;
            if (const auto rows = (*snapshot)->row_count()) {
                EXPECT_EQ(*rows, static_cast<std::uint64_t>(c.int64_at("rows").value())) << id;
                ++counted;
            }
        }
    }
    EXPECT_GT(read, 150);
    EXPECT_GT(counted, 90);
    EXPECT_EQ(damaged, 10);
    std::cout << read << " read, " << counted << " counted, " << refused << " refused, " << damaged << " damaged\n";
}

}  // namespace
}  // namespace lagoa::delta
