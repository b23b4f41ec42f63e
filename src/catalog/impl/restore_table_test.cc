// Goal: RESTORE makes the table's rows, columns and properties those of an older version, in one version more, and
// never takes back what later writers and readers count on; what cannot be restored whole is not restored at all.
// Method: tables of every kind through Lake; a store that fails at every operation; appends beside it.
#include "catalog/impl/aged_lake_test.h"

#include <thread>

#include "delta/changes.h"
#include "delta/table_features.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::AgedLake;
using test::Disk;
using test::FaultyStore;

const TableName kTable{"silver", "t"};

std::string rows_of(int from, int to) {
    return fmt::format("SELECT range AS k, range % 2 AS p, 'v' || range AS v FROM range({}, {})", from, to);
}

ErrorCode code_of(const auto& result) {
    return result ? ErrorCode::kInternal : result.error().code;
}

VersionChoice version(delta::Version number) {
    return {.version = number, .time = {}};
}

// A life of six versions; the kinds differ in what the table is.
void live(AgedLake& lake, Disk& disk, const std::map<std::string, std::string>& properties,
          const std::vector<std::string>& partition_by) {
    const auto write = [&](WriteRequest request) {
        request.table = kTable;
        request.properties = properties;
        request.partition_by = partition_by;
        const auto written = lake.write(request);
        ASSERT_TRUE(written) << written.error().message;
        disk.pass(std::chrono::hours(1));
    };
    write({.select = rows_of(0, 6)});
    write({.select = rows_of(6, 9)});
    write({.select = "SELECT 1::BIGINT AS k, 1::BIGINT AS p, 'merged' AS v", .mode = WriteMode::kMerge, .key = {"k"}});
    write({.select = "SELECT 50::BIGINT AS k, 0::BIGINT AS p, 'x' AS v, 7 AS more"});
    write({.select = rows_of(60, 62), .mode = WriteMode::kOverwritePartitions});
    write({.select = rows_of(70, 72), .mode = WriteMode::kOverwrite});
}

struct Kind {
    const char* name;
    std::map<std::string, std::string> properties;
    std::vector<std::string> partition_by = {};
};

void PrintTo(const Kind& kind, std::ostream* out) {
    *out << kind.name;
}

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"plain", {}},
        {"partitioned", {}, {"p"}},
        {"mapped", {{"delta.columnMapping.mode", "name"}}},
        {"mapped_by_id", {{"delta.columnMapping.mode", "id"}}, {"p"}},
        {"deletion_vectors", {{"delta.enableDeletionVectors", "true"}}},
        {"row_tracking", {{"delta.enableRowTracking", "true"}}},
        {"in_commit_timestamps", {{"delta.enableInCommitTimestamps", "true"}}},
        {"change_feed", {{"delta.enableChangeDataFeed", "true"}}},
    };
    return all;
}

class RestoreOfKinds : public testing::TestWithParam<Kind> {};

TEST_P(RestoreOfKinds, EveryVersionComesBackFromEveryOther) {
    Disk disk;
    AgedLake lake(disk);
    live(lake, disk, GetParam().properties, GetParam().partition_by);
    if (HasFailure()) return;
    const delta::Version last = lake.snapshot(kTable)->version;
    std::vector<std::string> rows;
    for (delta::Version v = 0; v <= last; ++v) rows.push_back(lake.rows(kTable, v));
    for (const delta::Version to : {delta::Version{0}, last, delta::Version{2}, delta::Version{3}, delta::Version{1}}) {
        const auto old = delta::read_snapshot(lake.lake().locate(kTable).value(), to).value();
        const auto before = lake.snapshot(kTable);
        const auto restored = lake.operations().restore(kTable, version(to));
        ASSERT_TRUE(restored) << restored.error().message;
        ASSERT_TRUE(restored->version);
        EXPECT_EQ(*restored->version, before->version + 1);
        EXPECT_EQ(lake.rows(kTable), rows[static_cast<std::size_t>(to)]) << to;
        const auto now = lake.snapshot(kTable);
        EXPECT_EQ(now->metadata.schema, old->metadata.schema);
        EXPECT_EQ(now->metadata.id, before->metadata.id);
        EXPECT_EQ(now->row_count(), old->row_count());
        AgedLake anew(disk);  // replays the log from its start
        EXPECT_EQ(anew.rows(kTable), rows[static_cast<std::size_t>(to)]) << to;
    }
    for (delta::Version v = 0; v <= last; ++v) EXPECT_EQ(lake.rows(kTable, v), rows[static_cast<std::size_t>(v)]);
    // The table goes on.
    lake.append(kTable, rows_of(90, 92));
    EXPECT_EQ(lake.snapshot(kTable)->version, last + 6);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RestoreOfKinds, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST(Restore, SaysWhatItDidAndDoesNothingTwice) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 4));
    disk.pass(std::chrono::hours(1));
    const Instant between = disk.clock().now();
    disk.pass(std::chrono::hours(1));
    lake.overwrite(kTable, rows_of(4, 9));

    EXPECT_FALSE(lake.operations().restore(kTable, version(1))->version) << "the newest";
    const auto restored = lake.operations().restore(kTable, {.version = {}, .time = between});
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->restored, 0);
    EXPECT_EQ(restored->files_restored, 1u);
    EXPECT_EQ(restored->files_removed, 1u);
    EXPECT_GT(restored->bytes_removed, 0u);
    const json::Value info(lake.history(kTable)[0].commit_info);
    EXPECT_EQ(info.string_at("operation"), "RESTORE");
    EXPECT_TRUE(info.find("operationParameters")->find("version")->is_null());
    EXPECT_EQ(info.find("operationParameters")->string_at("timestamp"), format_instant(between));
    EXPECT_EQ(info.find("operationMetrics")->string_at("numRestoredFiles"), "1");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numOfFilesAfterRestore"), "1");
    EXPECT_FALSE(lake.operations().restore(kTable, version(0))->version) << "it is so already";
    EXPECT_EQ(lake.snapshot(kTable)->version, 2);
}

TEST(Restore, RefusesWhatItCannotDo) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 4));
    lake.overwrite(kTable, rows_of(4, 9));
    EXPECT_EQ(code_of(lake.operations().restore(kTable, version(7))), ErrorCode::kNotFound);
    EXPECT_EQ(code_of(lake.operations().restore(kTable, version(-1))), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(lake.operations().restore(kTable, {})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(lake.operations().restore(kTable, {.version = 0, .time = Instant{}})),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(lake.operations().restore(kTable, {.version = {}, .time = Instant{}})), ErrorCode::kNotFound);
    EXPECT_EQ(code_of(lake.operations().restore({"silver", "none"}, version(0))), ErrorCode::kNotFound);

    const auto old = delta::read_snapshot(lake.lake().locate(kTable).value(), 0).value();
    ASSERT_TRUE(disk.store()->remove("t/" + old->files.begin()->path));
    const auto gone = lake.operations().restore(kTable, version(0));
    EXPECT_EQ(code_of(gone), ErrorCode::kNotFound);
    EXPECT_NE(gone.error().message.find(old->files.begin()->path), std::string::npos);
    EXPECT_EQ(lake.snapshot(kTable)->version, 1);
}

TEST(Restore, FilesAreLookedForOneByOneAndByListing) {
    for (const int files : {10, 80}) {  // below and above what is asked one by one
        Disk disk;
        AgedLake lake(disk);
        ASSERT_TRUE(lake.write({.table = kTable,
                                .select = fmt::format("SELECT range AS k, range AS p FROM range({})", files),
                                .partition_by = {"p"}}));
        const std::string rows = lake.rows(kTable);
        const std::string victim = "t/" + delta::decode_path(lake.snapshot(kTable)->files.begin()->path);
        lake.overwrite(kTable, "SELECT 1::BIGINT AS k, 1::BIGINT AS p");
        const std::string bytes = disk.store()->get(victim).value();
        ASSERT_TRUE(disk.store()->remove(victim));
        EXPECT_EQ(code_of(lake.operations().restore(kTable, version(0))), ErrorCode::kNotFound);
        ASSERT_TRUE(disk.store()->put(victim, bytes));
        ASSERT_TRUE(lake.operations().restore(kTable, version(0)));
        EXPECT_EQ(lake.rows(kTable), rows);
    }
}

TEST(Restore, KeepsWhatOnlyRises) {
    Disk disk;
    AgedLake lake(disk);
    ASSERT_TRUE(lake.write({.table = kTable, .select = rows_of(0, 4), .txn = delta::Txn{"app", 1, {}}}));
    ASSERT_TRUE(lake.write({.table = kTable,
                            .select = rows_of(4, 6),
                            .properties = {{"delta.columnMapping.mode", "name"}, {"delta.enableRowTracking", "true"}},
                            .txn = delta::Txn{"app", 2, {}}}));
    const auto before = lake.snapshot(kTable);
    const std::string old_rows = lake.rows(kTable, 0);
    ASSERT_TRUE(lake.operations().restore(kTable, version(0)));
    const auto after = lake.snapshot(kTable);
    EXPECT_EQ(lake.rows(kTable), old_rows);
    for (const char* feature : {"columnMapping", "rowTracking"})
        EXPECT_TRUE(delta::has_feature(after->protocol, feature)) << feature;
    EXPECT_EQ(after->txn_version("app"), 2);
    const auto mark = [](const delta::Snapshot& snapshot) {
        return snapshot.domains.at("delta.rowTracking").configuration;
    };
    EXPECT_EQ(mark(*before), mark(*after));
    // A new column gets an id that no older one had.
    ASSERT_TRUE(lake.write({.table = kTable, .select = "SELECT 9::BIGINT AS k, 1::BIGINT AS p, 'w' AS v, 1 AS extra"}));
    EXPECT_EQ(lake.value("SELECT extra FROM silver.t WHERE k = 9"), "1");
}

TEST(Restore, IsInTheChangeFeed) {
    Disk disk;
    AgedLake lake(disk);
    ASSERT_TRUE(
        lake.write({.table = kTable, .select = rows_of(0, 3), .properties = {{"delta.enableChangeDataFeed", "true"}}}));
    lake.overwrite(kTable, rows_of(10, 12));
    ASSERT_TRUE(lake.operations().restore(kTable, version(0)));
    const auto feed = delta::read_changes(lake.lake().locate(kTable).value(), 2);
    ASSERT_TRUE(feed) << feed.error().message;
    int inserts = 0;
    int deletes = 0;
    for (const auto& file : feed->files) ++(file.kind == delta::ChangedFile::Kind::kInsert ? inserts : deletes);
    EXPECT_EQ(inserts, 1);
    EXPECT_EQ(deletes, 1);
}

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    for (FaultyStore::Fault fault{.kind = kind, .at = 1, .code = code};; ++fault.at) {
        SCOPED_TRACE(fault.at);
        Disk disk;
        std::string old_rows;
        std::string new_rows;
        {
            AgedLake before(disk);
            before.append(kTable, rows_of(0, 4));
            before.overwrite(kTable, rows_of(4, 9));
            old_rows = before.rows(kTable, 0);
            new_rows = before.rows(kTable);
        }
        const auto faulty = std::make_shared<FaultyStore>(*disk.store(), fault);
        bool done = false;
        {
            AgedLake failing(disk, faulty);
            done = failing.operations().restore(kTable, version(0)).has_value();
        }
        AgedLake after(disk);
        const std::string rows = after.rows(kTable);
        EXPECT_TRUE(rows == old_rows || (!done && rows == new_rows)) << rows;
        ASSERT_TRUE(after.operations().restore(kTable, version(0)));
        EXPECT_EQ(after.rows(kTable), old_rows);
        EXPECT_EQ(after.snapshot(kTable)->version, 2);
        EXPECT_EQ(test::rows_on(disk, kTable, 1), new_rows);
        if (!faulty->tripped()) return;
        if (testing::Test::HasFailure()) return;
    }
}

TEST(RestoreCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(RestoreCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(RestoreCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

// Whoever comes second: rows of an append that was committed before the restore go, those of a later one stay, and none
// is in the table twice.
TEST(Restore, BesideAppendsEqualsSomeOrder) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 3));
    lake.overwrite(kTable, rows_of(10, 12));
    constexpr int kAppends = 8;
    std::atomic<int> failures = 0;
    {
        const std::jthread writer([&] {
            for (int i = 0; i < kAppends; ++i)
                if (!lake.write({.table = kTable, .select = rows_of(100 + i, 101 + i)})) ++failures;
        });
        for (int i = 0; i < 4; ++i) {
            const auto restored = lake.operations().restore(kTable, version(0));
            if (!restored && restored.error().code != ErrorCode::kConflict) ++failures;
        }
    }
    EXPECT_EQ(failures, 0);
    // The log itself is the serial order.
    bool was_restored = false;
    int appended_since = 0;
    for (const auto& line : lake.history(kTable)) {
        if (line.operation == "RESTORE") {
            was_restored = true;
            break;
        }
        if (line.version > 1) ++appended_since;
    }
    EXPECT_EQ(lake.value("SELECT count(*) FROM silver.t"), std::to_string((was_restored ? 3 : 2) + appended_since));
}

}  // namespace
}  // namespace lagoa
