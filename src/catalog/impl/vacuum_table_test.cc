// Goal: a vacuum removes what no version needs and nothing else: not what a lake version or a tag names, not what was
// removed or written within the retention, not what is another's. Method: lakes whose clock and objects' ages are the
// test's; every version's rows compared before and after; random lives; a store that fails at every operation; threads
// that write and read beside it.
#include "catalog/impl/aged_lake_test.h"

#include <random>
#include <thread>

#include "store/s3_store.h"
#include "support/faulty_store.h"
#include "support/hurried_clock.h"
#include "support/s3_server.h"
#include "support/temp_dir.h"

namespace lagoa {
namespace {

using test::AgedLake;
using test::Disk;
using test::FaultyStore;
using test::rows_on;

const TableName kTable{"silver", "t"};
constexpr std::chrono::hours kDay{24};

std::string rows_of(int from, int to) {
    return fmt::format("SELECT range AS k, range % 2 AS p, 'v' || range AS v FROM range({}, {})", from, to);
}

ErrorCode code_of(const auto& result) {
    return result ? ErrorCode::kInternal : result.error().code;
}

void put(Disk& disk, const std::string& key) {
    ASSERT_TRUE(disk.store()->put(key, "x"));
}

TEST(Vacuum, RemovesWhatIsOldAndNeededByNoVersion) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 4));     // version 0
    lake.overwrite(kTable, rows_of(4, 8));  // 1: removes the file of 0
    put(disk, "t/orphan.parquet");
    disk.pass(8 * kDay);
    lake.overwrite(kTable, rows_of(8, 12));  // 2: its removals are young
    put(disk, "t/writing.parquet");
    const std::string newest = lake.rows(kTable);
    const std::string before = lake.rows(kTable, 1);

    const auto listed = lake.operations().vacuum(kTable, {.dry_run = true});
    ASSERT_TRUE(listed) << listed.error().message;
    EXPECT_EQ(listed->files.size(), 2u);  // of version 0, and the orphan
    EXPECT_EQ(lake.snapshot(kTable)->version, 2) << "a dry run commits nothing";

    const auto done = lake.operations().vacuum(kTable, {});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files, listed->files);
    EXPECT_EQ(done->bytes, listed->bytes);
    EXPECT_EQ(disk.data_files("t").size(), 3u);
    EXPECT_TRUE(disk.store()->head("t/writing.parquet"));
    EXPECT_EQ(rows_on(disk, kTable), newest);
    EXPECT_EQ(rows_on(disk, kTable, 1), before);
    EXPECT_TRUE(rows_on(disk, kTable, 0).starts_with("error")) << "its file is gone";

    const auto history = lake.history(kTable);
    ASSERT_EQ(history.size(), 5u);
    EXPECT_EQ(history[0].operation, "VACUUM END");
    EXPECT_EQ(history[1].operation, "VACUUM START");
    const json::Value end(history[0].commit_info);
    EXPECT_EQ(end.find("operationParameters")->string_at("status"), "COMPLETED");
    EXPECT_EQ(end.find("operationMetrics")->string_at("numDeletedFiles"), "2");
    const json::Value start(history[1].commit_info);
    EXPECT_EQ(start.find("operationParameters")->string_at("defaultRetentionMillis"), "604800000");
    EXPECT_EQ(start.find("operationMetrics")->string_at("numFilesToDelete"), "2");
    EXPECT_EQ(start.bool_at("isBlindAppend"), true);
}

TEST(Vacuum, LeavesWhatIsNotTheTablesData) {
    Disk disk;
    AgedLake lake(disk);
    ASSERT_TRUE(lake.write(
        {.table = kTable, .select = "SELECT range AS k, range % 2 AS _p FROM range(4)", .partition_by = {"_p"}}));
    for (const char* hidden : {"t/_index/a", "t/.state", "t/p=1/_tmp/a", "t/_delta_log/note.txt"}) put(disk, hidden);
    for (const char* shown : {"t/_change_data/cdc.parquet", "t/_p=7/a.parquet", "t/sub/a.parquet", "t/note.txt"})
        put(disk, shown);
    disk.pass(30 * kDay);
    put(disk, "t/_change_data/young.parquet");

    const auto done = lake.operations().vacuum(kTable, {});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files,
              (std::vector<std::string>{"_change_data/cdc.parquet", "_p=7/a.parquet", "note.txt", "sub/a.parquet"}));
    EXPECT_EQ(lake.value("SELECT count(*) FROM silver.t"), "4");
    EXPECT_TRUE(disk.store()->head("t/_change_data/young.parquet"));
}

TEST(Vacuum, AShortRetentionHasToBeAllowed) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 4));
    lake.overwrite(kTable, rows_of(4, 8));
    disk.pass(std::chrono::hours(2));
    const std::chrono::hours hour(1);

    EXPECT_EQ(code_of(lake.operations().vacuum(kTable, {.retain = hour})), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(lake.operations().vacuum(kTable, {.retain = hour, .dry_run = true})),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(code_of(lake.operations().vacuum(kTable, {.retain = -hour, .allow_short = true})),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(lake.snapshot(kTable)->version, 1);
    const auto done = lake.operations().vacuum(kTable, {.retain = hour, .allow_short = true});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files.size(), 1u);
    EXPECT_EQ(code_of(lake.operations().vacuum({"silver", "none"}, {})), ErrorCode::kNotFound);
}

TEST(Vacuum, KeepsTheVersionsOfLakeVersionsAndTags) {
    Disk disk;
    AgedLake lake(disk);
    std::map<delta::Version, std::string> rows;
    for (int version = 0; version < 5; ++version) {
        lake.overwrite(kTable, rows_of(version * 10, version * 10 + 3));
        rows[version] = lake.rows(kTable);
        if (version == 1) lake.publish(kTable);
        if (version == 1) lake.tag("audit", 1);
        if (version == 3) lake.publish(kTable);
        disk.pass(15 * kDay);
    }
    ASSERT_TRUE(lake.operations().vacuum(kTable, {}));
    for (const delta::Version kept : {1, 3, 4}) EXPECT_EQ(rows_on(disk, kTable, kept), rows[kept]) << kept;
    for (const delta::Version gone : {0, 2}) EXPECT_TRUE(rows_on(disk, kTable, gone).starts_with("error")) << gone;

    LakeChange change;
    change.dropped_tags = {"audit"};
    lake.publish(change);
    const auto done = lake.operations().vacuum(kTable, {.lite = true});  // the full one has left that to it
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files.size(), 1u);
    EXPECT_TRUE(rows_on(disk, kTable, 1).starts_with("error"));
}

TEST(Vacuum, ALongRetentionOutlivesTheTombstonesOfCheckpoints) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 3));
    disk.pass(std::chrono::hours(1));
    lake.overwrite(kTable, rows_of(3, 6));
    disk.pass(10 * kDay);
    lake.append(kTable, rows_of(6, 9));
    // By now the tombstone of version 1 is older than the table's own retention: the checkpoint is without it.
    ASSERT_TRUE(delta::write_checkpoint(lake.lake().locate(kTable).value(), *lake.snapshot(kTable), disk.clock()));
    const std::string before = lake.rows(kTable, 0);

    AgedLake anew(disk);
    const auto done = anew.operations().vacuum(kTable, {.retain = 20 * kDay});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(done->files.empty());
    EXPECT_EQ(rows_on(disk, kTable, 0), before);
}

TEST(Vacuum, LiteGoesByTheLogAlone) {
    Disk disk;
    AgedLake lake(disk);
    lake.append(kTable, rows_of(0, 3));     // 0
    lake.overwrite(kTable, rows_of(3, 6));  // 1
    put(disk, "t/orphan.parquet");
    disk.pass(8 * kDay);
    const VacuumRequest lite{.lite = true};
    const auto first = lake.operations().vacuum(kTable, lite);  // 2, 3
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->files.size(), 1u);
    EXPECT_TRUE(disk.store()->head("t/orphan.parquet")) << "no log names it";
    EXPECT_TRUE(lake.operations().vacuum(kTable, lite)->files.empty());

    lake.publish(kTable);
    lake.overwrite(kTable, rows_of(6, 9));
    disk.pass(8 * kDay);
    EXPECT_TRUE(lake.operations().vacuum(kTable, lite)->files.empty()) << "the lake version keeps it";
    disk.pass(40 * kDay);
    lake.publish(kTable);
    disk.pass(40 * kDay);
    const auto later = lake.operations().vacuum(kTable, lite);
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(later->files.size(), 1u) << "what was kept is not forgotten";
    EXPECT_FALSE(rows_on(disk, kTable).starts_with("error"));
}

TEST(Vacuum, LiteIsRefusedWhereTheLogDoesNotReachBack) {
    Disk disk;
    AgedLake lake(disk);
    for (int i = 0; i < 4; ++i) lake.overwrite(kTable, rows_of(i, i + 2));
    disk.pass(8 * kDay);
    ASSERT_TRUE(delta::write_checkpoint(lake.lake().locate(kTable).value(), *lake.snapshot(kTable), disk.clock()));
    for (const int gone : {0, 1}) ASSERT_TRUE(disk.store()->remove(fmt::format("t/_delta_log/{:020}.json", gone)));
    EXPECT_EQ(code_of(lake.operations().vacuum(kTable, {.lite = true})), ErrorCode::kInvalidArgument);
    ASSERT_TRUE(lake.operations().vacuum(kTable, {}));
    EXPECT_TRUE(lake.operations().vacuum(kTable, {.lite = true})) << "a full one is a new start";
}

TEST(Vacuum, EmptyFoldersGoFromALocalDisk) {
    const test::TempDir folder;
    // Straight on the disk: empty folders are nothing that a store shows.
    std::shared_ptr<ObjectStore> store = open_local_store(folder.path()).value();
    test::FakeClock clock;
    clock.advance(std::chrono::hours(24 * 365 * 20));
    const auto engine = Engine::open({}).value();
    const auto lake =
        Lake::open({.zones = {{"silver", store}}, .log = store, .engine = engine.get(), .clock = &clock}).value();
    const auto session = lake->connect(AgedLake::kHead).value();
    const auto write = [&](const std::string& select) {
        return lake->write(*session,
                           {.table = kTable, .select = select, .mode = WriteMode::kOverwrite, .partition_by = {"p"}});
    };
    ASSERT_TRUE(write("SELECT 1 AS k, 1 AS p"));
    ASSERT_TRUE(write("SELECT 2 AS k, 2 AS p"));
    clock.advance(std::chrono::hours(1));
    ASSERT_TRUE(lake->operations().vacuum(kTable, {.retain = std::chrono::hours(0), .allow_short = true}));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "t" / "p=1"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "t" / "p=2"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "t" / "_delta_log"));
}

TEST(Vacuum, ListsAndRemovesOnS3) {
    const auto server = test::S3Server::start();
    ASSERT_TRUE(server) << server.error().message;
    const std::string root = "s3://" + (*server)->make_bucket() + "/lake";
    const std::shared_ptr<ObjectStore> store = open_s3_store(root, (*server)->options()).value();
    test::HurriedClock clock;
    const auto engine = Engine::open({}).value();
    const auto lake =
        Lake::open({.zones = {{"silver", store}}, .log = store, .engine = engine.get(), .clock = &clock}).value();
    const auto session = lake->connect(AgedLake::kHead).value();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(lake->write(
            *session,
            {.table = kTable, .select = rows_of(i, i + 3), .mode = WriteMode::kOverwrite, .partition_by = {"p"}}));
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(store->put(fmt::format("t/p=7/orphan {}", i), "x"));
    const auto live = lake->snapshot(kTable, AgedLake::kHead).value()->files.size();
    clock.ahead = std::chrono::days(8);
    const auto done = lake->operations().vacuum(kTable, {});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->files.size(), 20u + 2 * live);
    std::size_t left = 0;
    const auto objects = store->list("t/").value();
    for (const ObjectInfo& object : objects) left += object.key.ends_with(".parquet");
    EXPECT_EQ(left, live);
    EXPECT_EQ(lake->connect(AgedLake::kHead).value()->value("SELECT count(*) FROM silver.t").value(), "3");
}

// ------------------------------------------------------------------ faults

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    for (FaultyStore::Fault fault{.kind = kind, .at = 1, .code = code};; ++fault.at) {
        SCOPED_TRACE(fault.at);
        Disk disk;
        std::map<delta::Version, std::string> kept;
        {
            AgedLake before(disk);
            for (int i = 0; i < 4; ++i) before.overwrite(kTable, rows_of(i * 5, i * 5 + 3));
            disk.pass(8 * kDay);
            before.overwrite(kTable, rows_of(50, 55));
            for (const delta::Version version : {3, 4}) kept[version] = before.rows(kTable, version);
        }
        const auto faulty = std::make_shared<FaultyStore>(*disk.store(), fault);
        bool done = false;
        {
            AgedLake failing(disk, faulty);
            done = failing.operations().vacuum(kTable, {}).has_value();
        }
        AgedLake after(disk);
        const auto expect_kept = [&] {
            for (const auto& [version, rows] : kept) EXPECT_EQ(rows_on(disk, kTable, version), rows) << version;
        };
        expect_kept();
        const auto again = after.operations().vacuum(kTable, {});
        EXPECT_TRUE(again) << again.error().message;
        expect_kept();
        EXPECT_EQ(disk.data_files("t").size(), 2u);
        if (!faulty->tripped()) {
            EXPECT_TRUE(done);
            EXPECT_GT(fault.at, 5);
            return;
        }
        if (testing::Test::HasFailure()) return;
    }
}

TEST(VacuumCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kUnavailable);
}
TEST(VacuumCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(VacuumCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

// A store that removes nothing of one kind.
TEST(Vacuum, AFileThatStaysIsReportedAndStopsNoOther) {
    Disk disk;
    AgedLake lake(disk);
    for (int i = 0; i < 4; ++i) lake.overwrite(kTable, rows_of(i, i + 2));
    disk.pass(8 * kDay);
    // The commit of the start and its checksum come before the first removal.
    const auto faulty = std::make_shared<FaultyStore>(
        *disk.store(),
        FaultyStore::Fault{.kind = FaultyStore::Kind::kFail, .at = 3, .code = ErrorCode::kPermissionDenied});
    AgedLake failing(disk, faulty);
    const auto done = failing.operations().vacuum(kTable, {});
    EXPECT_EQ(code_of(done), ErrorCode::kPermissionDenied);
    EXPECT_EQ(disk.data_files("t").size(), 2u) << "the newest, and the one that stayed";
    EXPECT_EQ(json::Value(lake.history(kTable)[0].commit_info).find("operationParameters")->string_at("status"),
              "FAILED");
}

// ------------------------------------------------------------------ races

TEST(Vacuum, RacesWithWritersAndReadersOfOldVersions) {
    Disk disk;
    AgedLake lake(disk);
    for (int i = 0; i < 3; ++i) lake.overwrite(kTable, rows_of(i, i + 3));
    disk.pass(8 * kDay);
    lake.append(kTable, rows_of(100, 103));
    const std::string old_rows = lake.rows(kTable, 2);  // replaced a moment ago
    constexpr int kAppends = 6;
    std::atomic<int> failures = 0;
    {
        const std::jthread writer([&] {
            for (int i = 0; i < kAppends; ++i)
                if (!lake.write({.table = kTable, .select = rows_of(200 + i, 201 + i)})) ++failures;
        });
        const std::jthread reader([&] {
            for (int i = 0; i < kAppends; ++i)
                if (rows_on(disk, kTable, 2) != old_rows) ++failures;
        });
        for (int i = 0; i < 3; ++i)
            if (!lake.operations().vacuum(kTable, {.lite = i == 1})) ++failures;
    }
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(lake.value("SELECT count(*) FROM silver.t"), std::to_string(3 + 3 + kAppends));
}

// ------------------------------------------------------------------ random lives

// A life of a table: what each of its versions held, and which of them are promised to be readable.
class Life {
public:
    explicit Life(unsigned seed) : random_(seed), lake_(disk_, nullptr, {.keep = std::chrono::days(5)}) {}

    void run(int steps) {
        write(WriteMode::kOverwrite);
        for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
            SCOPED_TRACE(fmt::format("step {}", step));
            this->step();
        }
        expect_kept();
    }

private:
    int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

    void step() {
        switch (pick(11)) {
            case 0:
                return write(WriteMode::kOverwrite);
            case 1:
            case 2:
                return write(WriteMode::kAppend);
            case 3:
                return write(WriteMode::kMerge);
            case 4:
                return write(WriteMode::kOverwritePartitions);
            case 5:
                return publish();
            case 6:
                return restore();
            case 7:
                return check_point();
            case 8:
                return vacuum();
            default:
                disk_.pass(std::chrono::hours(pick(60)));
        }
    }

    void write(WriteMode mode) {
        const int from = pick(50);
        WriteRequest request{.table = kTable, .select = rows_of(from, from + 1 + pick(6)), .mode = mode};
        request.key = {"k"};
        request.partition_by = {"p"};
        request.properties = {{"delta.deletedFileRetentionDuration", "interval 2 days"},
                              {"delta.logRetentionDuration", "interval 10 days"},
                              {"delta.checkpointInterval", "4"}};
        if (mode == WriteMode::kMerge) request.select = "SELECT DISTINCT ON (k) * FROM (" + request.select + ")";
        const auto written = lake_.write(request);
        ASSERT_TRUE(written) << written.error().message;
        note();
    }

    // The newest version as it is now; the one before it is replaced from now on.
    void note() {
        const delta::Version version = lake_.snapshot(kTable)->version;
        for (delta::Version v = promised_.empty() ? version : promised_.rbegin()->first + 1; v <= version; ++v)
            promised_[v] = {lake_.rows(kTable, v), disk_.clock().now(), std::nullopt};
        for (auto& [v, state] : promised_)
            if (v < version && !state.replaced) state.replaced = disk_.clock().now();
        forget_if([this](const State& state) { return state.made < disk_.clock().now() - kLogRetention; });
    }

    void publish() {
        const std::uint64_t lake_version = lake_.publish(kTable);
        if (pick(3) == 0) lake_.tag(fmt::format("tag{}", pick(3)), lake_version);
        if (pick(4) == 0) drop_tag();
    }
    void drop_tag() {
        const LakeVersion latest = lake_.lake().log().latest().value();
        if (latest.tags.empty()) return;
        LakeChange change;
        change.dropped_tags.insert(latest.tags.begin()->first);
        lake_.publish(change);
    }

    void restore() {
        const auto newest = lake_.snapshot(kTable)->version;
        const delta::Version to = newest - pick(4);
        const auto known = promised_.find(to);
        if (known == promised_.end()) return;
        const auto restored = lake_.operations().restore(kTable, {.version = to, .time = {}});
        ASSERT_TRUE(restored) << restored.error().message;
        if (!restored->version) return;
        EXPECT_EQ(lake_.rows(kTable), known->second.rows);
        note();
    }

    void check_point() {
        const auto location = lake_.lake().locate(kTable).value();
        const auto newest = lake_.snapshot(kTable);
        ASSERT_TRUE(delta::write_checkpoint(location, *newest, disk_.clock()));
        const auto kept = lake_.lake().log().kept_versions({.keep = std::chrono::days(5)}).value();
        const auto from = kept.find(kTable);
        ASSERT_TRUE(
            delta::clean_up_log(location, *newest, from == kept.end() ? newest->version : from->second, disk_.clock()));
        expect_kept();
    }

    void vacuum() {
        VacuumRequest request{.lite = pick(3) == 0};
        std::chrono::hours retain(48);
        if (pick(3) == 0) {
            retain = std::chrono::hours(pick(72));
            request.retain = retain;
            request.allow_short = true;
        }
        const auto done = lake_.operations().vacuum(kTable, request);
        if (!done && request.lite && done.error().code == ErrorCode::kInvalidArgument) return;  // the log is too short
        ASSERT_TRUE(done) << done.error().message;
        note();
        forget_if([&](const State& state) { return state.replaced && *state.replaced < disk_.clock().now() - retain; });
        expect_kept();
    }

    struct State {
        std::string rows;
        Instant made;
        std::optional<Instant> replaced;
    };

    // Old versions are promised by the lake log only.
    void forget_if(const auto& is_old) {
        const std::set<delta::Version> kept = kept_by_lake();
        std::erase_if(promised_,
                      [&](const auto& entry) { return is_old(entry.second) && !kept.contains(entry.first); });
    }

    // By the rule, read entry by entry; not by the code under test.
    std::set<delta::Version> kept_by_lake() {
        std::set<delta::Version> kept;
        const LakeVersion latest = lake_.lake().log().latest().value();
        for (std::uint64_t v = 1; v <= latest.version; ++v) {
            const LakeVersion entry = lake_.lake().log().at(v).value();
            const auto table = entry.tables.find(kTable);
            if (table == entry.tables.end()) continue;
            bool is_kept = v == latest.version;
            for (const auto& [name, tagged] : latest.tags) is_kept = is_kept || tagged == v;
            if (!is_kept)
                is_kept = lake_.lake().log().at(v + 1).value().time > disk_.clock().now() - std::chrono::days(5);
            if (is_kept) kept.insert(table->second.version);
        }
        return kept;
    }

    void expect_kept() {
        AgedLake reader(disk_);
        for (const auto& [version, state] : promised_)
            EXPECT_EQ(reader.rows(kTable, version), state.rows) << "version " << version;
    }

    static constexpr std::chrono::days kLogRetention{10};

    std::mt19937 random_;
    Disk disk_;
    AgedLake lake_;
    std::map<delta::Version, State> promised_;
};

class VacuumOfRandomLives : public testing::TestWithParam<unsigned> {};

TEST_P(VacuumOfRandomLives, EveryRetainedVersionIsReadWhole) {
    SCOPED_TRACE(fmt::format("seed {}", GetParam()));
    Life(GetParam()).run(70);
}

INSTANTIATE_TEST_SUITE_P(Seeds, VacuumOfRandomLives, testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace lagoa
