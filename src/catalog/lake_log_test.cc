// Goal: a publish is whole or absent, loses nobody else's, and readers always find the newest version.
// Method: publishers over a memory store, with a fault at each of its operations; racing threads.
#include "catalog/lake_log.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "store/open_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"
#include "support/temp_dir.h"

namespace lagoa {
namespace {

using Tables = std::map<TableName, PublishedTable>;
using test::FaultyStore;

const TableName kStocks{"silver", "stocks"};
const TableName kFiis{"silver", "fiis"};

struct LakeLogTest : testing::Test {
    std::shared_ptr<ObjectStore> store = make_memory_store();
    test::FakeClock clock;
    LakeLog log{store, clock};

    static LakeChange at(const TableName& name, delta::Version version) {
        return {.tables = {{name, {name.zone + "/" + name.table, version}}}};
    }
};

TEST_F(LakeLogTest, NothingPublishedIsVersionZero) {
    const auto latest = log.latest();
    ASSERT_TRUE(latest.has_value());
    EXPECT_EQ(latest->version, 0u);
    EXPECT_TRUE(latest->tables.empty());
    EXPECT_TRUE(log.history(10)->empty());
    EXPECT_EQ(log.at(1).error().code, ErrorCode::kNotFound);
}

TEST_F(LakeLogTest, AnEntryIsTheWholeState) {
    const auto first = log.publish(at(kStocks, 3), {}, "run-1").value();
    clock.advance(std::chrono::hours(1));
    const auto second = log.publish(at(kFiis, 0), first, "run-2").value();
    EXPECT_EQ(second.version, 2u);
    EXPECT_EQ(second.tables.at(kStocks).version, 3);

    const auto read = log.latest().value();
    EXPECT_EQ(read.tables, second.tables);
    EXPECT_EQ(read.run, "run-2");
    EXPECT_EQ(format_instant(read.time), "2026-01-02T04:04:05.000000Z");
    EXPECT_EQ(log.at(1)->tables, first.tables);
    const auto missing = log.at(99);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    EXPECT_NE(missing.error().message.find("newest is 2"), std::string::npos) << missing.error().message;
    EXPECT_EQ(log.history(1)->at(0).version, 2u);
    EXPECT_EQ(log.history(10)->size(), 2u);
}

TEST_F(LakeLogTest, TheSameTablesAgainMakeNoEntry) {
    const auto first = log.publish(at(kStocks, 3), {}, "run-1").value();
    EXPECT_EQ(log.publish(at(kStocks, 3), first, "run-2")->version, 1u);
    EXPECT_EQ(log.publish({}, first, "run-2")->version, 1u);
    EXPECT_EQ(log.publish(at(kStocks, 3), {}, "run-1")->version, 1u);  // a repeat of a publish whose answer was lost
}

TEST_F(LakeLogTest, DisjointPublishersRebase) {
    const auto base = log.publish(at(kStocks, 1), {}, "run-1").value();
    ASSERT_TRUE(log.publish(at(kFiis, 1), base, "run-2").has_value());
    const auto rebased = log.publish(at(kStocks, 2), base, "run-3");
    ASSERT_TRUE(rebased.has_value());
    EXPECT_EQ(rebased->version, 3u);
    EXPECT_EQ(rebased->tables.at(kFiis).version, 1);
}

TEST_F(LakeLogTest, OfTwoVersionsOfOneTableTheLaterStands) {
    const auto base = log.publish(at(kStocks, 1), {}, "run-1").value();
    ASSERT_TRUE(log.publish(at(kStocks, 5), base, "theirs").has_value());
    EXPECT_EQ(log.publish(at(kStocks, 9), base, "later")->tables.at(kStocks).version, 9);
    const auto earlier = log.publish(at(kStocks, 4), base, "earlier").value();
    EXPECT_EQ(earlier.version, 3u) << "what is published holds it: no entry";
    EXPECT_EQ(earlier.tables.at(kStocks).version, 9);
    LakeChange both = at(kStocks, 4);
    both.tables[kFiis] = {"silver/fiis", 1};
    const auto half = log.publish(both, base, "half").value();
    EXPECT_EQ(half.version, 4u);
    EXPECT_EQ(half.tables.at(kStocks).version, 9);
    EXPECT_EQ(half.tables.at(kFiis).version, 1);
    EXPECT_EQ(log.publish({.tables = {{kStocks, {"elsewhere", 10}}}}, half, "run").error().code, ErrorCode::kConflict);
}

TEST_F(LakeLogTest, AMissingStaleOrWrongHintChangesNothing) {
    auto base = log.latest().value();
    for (int i = 1; i <= 12; ++i) base = log.publish(at(kStocks, i), base, "run").value();
    for (const char* hint : {"", "3", "99", "not a number", "0"}) {
        ASSERT_TRUE(store->put("_lagoa/_last", hint).has_value());
        EXPECT_EQ(LakeLog(store, clock).latest()->version, 12u) << hint;
    }
    ASSERT_TRUE(store->remove("_lagoa/_last").has_value());
    ASSERT_TRUE(store->put("_lagoa/log/README", "not an entry").has_value());
    EXPECT_EQ(LakeLog(store, clock).latest()->version, 12u);
}

TEST_F(LakeLogTest, DamagedAndNewerEntriesAreRefusedByName) {
    const std::string key = "_lagoa/log/00000000000000000001.json";
    for (const char* text :
         {"", "{", "[]", R"({"format":"other/1"})",
          R"({"format":"lagoa.lake.version/1","version":2,"time":"2026-01-02T00:00:00Z","tables":{}})",
          R"({"format":"lagoa.lake.version/1","version":1,"time":"2026-01-02T00:00:00Z","tables":{"x":{}}})",
          R"({"format":"lagoa.lake.version/1","version":1,"tables":{}})"}) {
        ASSERT_TRUE(store->put(key, text).has_value());
        const auto read = log.latest();
        ASSERT_FALSE(read.has_value()) << text;
        EXPECT_EQ(read.error().code, ErrorCode::kCorruption) << text;
        EXPECT_NE(read.error().message.find(key), std::string::npos);
    }
    ASSERT_TRUE(store->put(key, R"({"format":"lagoa.lake.version/3"})").has_value());
    const auto newer = log.latest();
    EXPECT_EQ(newer.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(newer.error().message.find("lagoa.lake.version/3"), std::string::npos) << newer.error().message;
}

// An entry as the release before this one wrote it, and what is published on top of it.
TEST_F(LakeLogTest, TheFormatBeforeIsReadAndContinued) {
    ASSERT_TRUE(
        store
            ->put("_lagoa/log/00000000000000000001.json",
                  R"({"format": "lagoa.lake.version/1", "version": 1, "id": "0b6f1b1e-5a3c-4a53-8f0e-3f4f0a0c9d11",
                              "time": "2026-01-01T21:00:04.218110Z", "run": "019aa3c1-6b80-7d2a-9f3e-2b1c55e0a7d4",
                              "tables": {"silver.stocks": {"location": "silver/stocks", "version": 3}},
                              "views": {}, "tags": {}})")
            .has_value());
    const auto old = log.latest().value();
    EXPECT_EQ(old.tables.at(kStocks).version, 3);
    EXPECT_EQ(log.publish(at(kFiis, 0), old, "run")->tables.at(kStocks).version, 3);
    EXPECT_EQ(LakeLog(store, clock).latest()->version, 2u);
    // What refuses an entry of ours in that release is its format's number: it would lose the dropped tables.
    EXPECT_NE(store->get("_lagoa/log/00000000000000000002.json")->find(R"("format": "lagoa.lake.version/2")"),
              std::string::npos);
}

TEST_F(LakeLogTest, ACrashAtAnyOperationLeavesAWholeLogAndARepeatSucceeds) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown}) {
        for (int k = 1;; ++k) {
            const std::shared_ptr<ObjectStore> disk = make_memory_store();
            const auto base = LakeLog(disk, clock).publish(at(kStocks, 1), {}, "before").value();
            const auto faulty = std::make_shared<FaultyStore>(*disk, FaultyStore::Fault{kind, k});
            const auto published = LakeLog(faulty, clock).publish(at(kStocks, 2), base, "run");

            LakeLog after(disk, clock);
            const auto latest = after.latest();
            ASSERT_TRUE(latest.has_value());
            EXPECT_EQ(latest->tables.at(kStocks).version, published ? 2 : 1);  // never an error for what took effect
            EXPECT_EQ(after.publish(at(kStocks, 2), base, "run")->version, 2u);
            if (!faulty->tripped()) break;
        }
    }
}

TEST_F(LakeLogTest, RacingPublishersOfDisjointTablesAllSucceed) {
    constexpr int kThreads = 4;
    constexpr int kPublishes = 10;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([this, t] {
                const TableName mine{"silver", "t" + std::to_string(t)};
                LakeLog own(store, clock);
                auto base = own.latest().value();
                for (int i = 1; i <= kPublishes; ++i) base = own.publish(at(mine, i), base, "run").value();
            });
    }
    const auto latest = log.latest().value();
    EXPECT_EQ(latest.version, static_cast<std::uint64_t>(kThreads * kPublishes));
    for (const auto& [name, table] : latest.tables) EXPECT_EQ(table.version, kPublishes);
}

// Two processes with eight publishers each, over one directory: every publish is in the log, once, and without a gap.
TEST_F(LakeLogTest, ProcessesRaceWithoutLoss) {
    constexpr int kThreads = 8;
    constexpr int kPublishes = 3;
    const test::TempDir directory;
    const auto publish_all = [&](const std::string& process) {
        std::atomic<int> failed = 0;
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                const TableName mine{"silver", process + std::to_string(t)};
                LakeLog own(open_store(directory.path().string()).value(), clock);
                for (int i = 1; i <= kPublishes; ++i)
                    if (!own.publish(at(mine, i), {}, process)) ++failed;
            });
        threads.clear();
        return failed.load();
    };
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(publish_all("child") == 0 ? 0 : 1);
    EXPECT_EQ(publish_all("parent"), 0);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    LakeLog after(open_store(directory.path().string()).value(), clock);
    EXPECT_EQ(after.latest()->version, static_cast<std::uint64_t>(2 * kThreads * kPublishes));
    const auto latest = after.latest().value();
    EXPECT_EQ(latest.tables.size(), static_cast<std::size_t>(2 * kThreads));
    for (const auto& [name, table] : latest.tables) EXPECT_EQ(table.version, kPublishes);
    EXPECT_EQ(after.history(1'000)->size(), latest.version);
}

TEST_F(LakeLogTest, RacingPublishersOfOneTableEndAtItsLatestVersion) {
    constexpr int kThreads = 4;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([&, t] {
                const auto published = LakeLog(store, clock).publish(at(kStocks, t), {}, "run");
                ASSERT_TRUE(published.has_value()) << published.error().message;
                EXPECT_GE(published->tables.at(kStocks).version, t) << "a publisher's own version, or a later one";
            });
    }
    EXPECT_EQ(log.latest()->tables.at(kStocks).version, kThreads - 1);
}

TEST_F(LakeLogTest, RacingCreatorsOfOneViewHaveOneWinner) {
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                const auto made =
                    LakeLog(store, clock).publish({.views = {{kStocks, "SELECT " + std::to_string(t)}}}, {}, "");
                if (made)
                    ++won;
                else if (made.error().code == ErrorCode::kConflict)
                    ++lost;
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 3);
}

TEST_F(LakeLogTest, ViewsAndTagsAreSetMovedAndDropped) {
    const TableName view{"silver", "v"};
    auto now = log.publish(at(kStocks, 1), {}, "run").value();
    const auto before = now;
    now = log.publish({.views = {{view, "SELECT 1"}}, .tags = {{"close-2026.01_a", 1}}}, now, "").value();
    EXPECT_EQ(now.views.at(view), "SELECT 1");
    EXPECT_EQ(log.publish({.views = {{view, "SELECT 1"}}}, before, "")->version, now.version) << "a repeat";
    EXPECT_EQ(log.publish({.views = {{view, "SELECT 2"}}}, before, "").error().code, ErrorCode::kConflict);
    EXPECT_EQ(log.publish({.dropped_views = {view}}, before, "").error().code, ErrorCode::kConflict);
    EXPECT_EQ(log.publish({.tags = {{"close-2026.01_a", 2}}}, before, "").error().code, ErrorCode::kConflict);
    EXPECT_EQ(log.publish(at(view, 1), now, "run").error().code, ErrorCode::kAlreadyExists);
    EXPECT_EQ(log.publish({.views = {{kStocks, "SELECT 1"}}}, now, "").error().code, ErrorCode::kAlreadyExists);
    for (const char* name : {"", "a b", "-x", ".x", "a/b", "ação"})
        EXPECT_EQ(log.publish({.tags = {{name, 1}}}, now, "").error().code, ErrorCode::kInvalidArgument) << name;
    for (const std::uint64_t version : {0, 99})
        EXPECT_EQ(log.publish({.tags = {{"x", version}}}, now, "").error().code, ErrorCode::kInvalidArgument);

    now = log.publish({.views = {{view, "SELECT 2"}}, .tags = {{"close-2026.01_a", 2}}}, now, "").value();
    EXPECT_EQ(LakeLog(store, clock).latest()->views.at(view), "SELECT 2");
    now = log.publish({.dropped_views = {view}, .dropped_tags = {"close-2026.01_a"}}, now, "").value();
    EXPECT_TRUE(now.views.empty());
    EXPECT_TRUE(now.tags.empty());
    EXPECT_EQ(log.publish({.dropped_views = {view}, .dropped_tags = {"close-2026.01_a"}}, now, "")->version,
              now.version);
    EXPECT_EQ(log.at(2)->views.at(view), "SELECT 1") << "history does not change";
}

TEST_F(LakeLogTest, ADroppedTableComesBackByALaterVersionOnly) {
    const auto base = log.publish(at(kStocks, 4), {}, "run").value();
    const LakeChange drop{.dropped_tables = {{kStocks, {"silver/stocks", 6}}}};
    auto now = log.publish(drop, base, "").value();
    EXPECT_FALSE(now.tables.contains(kStocks));
    EXPECT_EQ(LakeLog(store, clock).latest()->dropped.at(kStocks).version, 6);
    EXPECT_EQ(log.publish(drop, now, "")->version, now.version) << "a repeat";
    for (const delta::Version version : {4, 6})
        EXPECT_EQ(log.publish(at(kStocks, version), base, "run").error().code, ErrorCode::kConflict);
    now = log.publish(at(kStocks, 7), base, "run").value();
    EXPECT_EQ(now.tables.at(kStocks).version, 7);
    EXPECT_TRUE(now.dropped.empty());
    EXPECT_EQ(log.publish(drop, base, "").error().code, ErrorCode::kConflict) << "written and published since";
    EXPECT_EQ(log.at(1)->tables.at(kStocks).version, 4);
}

/// Counts what is asked of a store.
class CountingStore final : public ObjectStore {
public:
    explicit CountingStore(std::shared_ptr<ObjectStore> inner) : inner_(std::move(inner)) {}
    int gets = 0;
    std::size_t listed = 0;

    Result<std::string> get(std::string_view key) override { return ++gets, inner_->get(key); }
    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        return inner_->get_range(key, offset, length);
    }
    Result<ObjectInfo> head(std::string_view key) override { return inner_->head(key); }
    Result<> put(std::string_view key, std::string_view bytes) override { return inner_->put(key, bytes); }
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        return inner_->put_if_absent(key, bytes);
    }
    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override { return inner_->writer(key); }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        auto found = inner_->list(prefix, after);
        if (found) listed += found->size();
        return found;
    }
    Result<> remove(std::string_view key) override { return inner_->remove(key); }
    std::string root() const override { return inner_->root(); }

private:
    std::shared_ptr<ObjectStore> inner_;
};

/// A log of 1,050 versions, one an hour: version v has table t at v, and a table `late` from 700 on.
struct LongLakeLogTest : LakeLogTest {
    static constexpr std::uint64_t kVersions = 1'050;
    const TableName late{"silver", "late"};
    Instant start = clock.now();

    void SetUp() override {
        LakeVersion last;
        for (std::uint64_t v = 1; v <= kVersions; ++v) {
            clock.advance(std::chrono::hours(1));
            LakeChange change = at(kStocks, static_cast<delta::Version>(v));
            if (v >= 700) change.tables[late] = {"silver/late", static_cast<delta::Version>(v - 690)};
            last = log.publish(change, last, "run-" + std::to_string(v)).value();
        }
    }

    std::vector<std::string> checkpoints() const {
        std::vector<std::string> keys;
        const auto objects = store->list("_lagoa/checkpoints/").value();
        for (const auto& object : objects) keys.push_back(object.key);
        return keys;
    }

    // Every answer about times and history, by a log that has seen nothing yet.
    void expect_right_answers(std::string_view when) {
        LakeLog fresh(store, clock);
        EXPECT_EQ(fresh.latest()->version, kVersions) << when;
        for (const std::uint64_t v : {1, 2, 99, 100, 101, 150, 199, 200, 201, 555, 999, 1'000, 1'001, 1'049, 1'050})
            for (const auto minutes : {-1, 0, 59}) {
                const Instant time = start + std::chrono::hours(v) + std::chrono::minutes(minutes);
                EXPECT_EQ(fresh.version_at(time).value(), minutes < 0 ? v - 1 : v) << when << ", " << v;
            }
        const auto history = fresh.history(500).value();
        ASSERT_EQ(history.size(), 500u) << when;
        for (std::size_t i = 0; i < history.size(); ++i) {
            const std::uint64_t v = kVersions - i;
            EXPECT_EQ(history[i], (LakeMark{v, start + std::chrono::hours(v), "run-" + std::to_string(v)})) << when;
        }
        EXPECT_EQ(fresh.history(5'000)->size(), kVersions) << when;
    }
};

TEST_F(LongLakeLogTest, FewReadsAnswerWithCheckpoints) {
    EXPECT_EQ(checkpoints().size(), 10u);
    const auto counting = std::make_shared<CountingStore>(store);
    LakeLog fresh(counting, clock);
    ASSERT_TRUE(fresh.latest().has_value());
    EXPECT_LE(counting->gets, 2);
    EXPECT_LE(counting->listed, 1u);
    counting->gets = 0;
    ASSERT_TRUE(fresh.latest().has_value());
    EXPECT_EQ(counting->gets, 1) << "the next number, which is not taken";
    counting->gets = 0;
    EXPECT_EQ(fresh.version_at(start + std::chrono::minutes(90)).value(), 1u);
    EXPECT_LE(counting->gets, 4) << "the next number, one checkpoint, two entries";
    counting->gets = 0;
    ASSERT_EQ(fresh.history(1'000)->size(), 1'000u);
    EXPECT_LE(counting->gets, 72) << "fifty entries, and ten checkpoints with the entry of each";
    counting->listed = 0;
    ASSERT_TRUE(store->remove("_lagoa/_last").has_value());
    ASSERT_TRUE(LakeLog(counting, clock).latest().has_value());
    EXPECT_LE(counting->listed, 62u) << "without the hint: the checkpoints, and the entries after the last one";
}

TEST_F(LongLakeLogTest, NoCheckpointGivesAWrongAnswer) {
    expect_right_answers("all there");
    const auto keys = checkpoints();
    ASSERT_EQ(keys.size(), 10u);
    const std::string other = store->get(keys[3]).value();
    for (const std::string& damage : {std::string("{"), std::string(), other, std::string("[]"),
                                      std::string(R"({"format":"lagoa.lake.checkpoint/2"})")}) {
        ASSERT_TRUE(store->put(keys[1], damage).has_value());
        expect_right_answers("damaged: " + damage.substr(0, 20));
    }
    std::string flipped = store->get(keys[4]).value();
    flipped.replace(flipped.find("run-4"), 5, "run-5");
    ASSERT_TRUE(store->put(keys[4], flipped).has_value());
    ASSERT_TRUE(store->remove(keys[9]).has_value());
    expect_right_answers("one changed, the newest missing");
    // Of a log that was here before this one: other times, other runs, another last entry.
    for (const char* stale :
         {"_lagoa/checkpoints/00000000000000000500-1000000000000000.json",
          "_lagoa/checkpoints/00000000000000000800-9000000000000000.json",
          "_lagoa/checkpoints/00000000000000009900-1500000000000000.json",
          "_lagoa/checkpoints/00000000000000000077-1500000000000000.json", "_lagoa/checkpoints/readme"})
        ASSERT_TRUE(store->put(stale, other).has_value());
    ASSERT_TRUE(store->remove("_lagoa/_last").has_value());
    expect_right_answers("stale ones beside it");
    for (const auto& key : checkpoints()) ASSERT_TRUE(store->remove(key).has_value());
    expect_right_answers("none");
}

TEST_F(LakeLogTest, ACrashAtAnyOperationOfACheckpointingPublishLosesNothing) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown}) {
        for (int k = 1;; ++k) {
            const std::shared_ptr<ObjectStore> disk = make_memory_store();
            LakeVersion base;
            LakeLog before(disk, clock);
            for (int v = 1; v < 100; ++v) base = before.publish(at(kStocks, v), base, "before").value();
            const auto faulty = std::make_shared<FaultyStore>(*disk, FaultyStore::Fault{kind, k});
            const auto published = LakeLog(faulty, clock).publish(at(kStocks, 100), base, "run");

            LakeLog after(disk, clock);
            EXPECT_EQ(after.latest()->version, published ? 100u : 99u);
            EXPECT_EQ(after.publish(at(kStocks, 100), base, "run")->version, 100u);
            EXPECT_EQ(after.history(1'000)->size(), 100u);
            if (!faulty->tripped()) break;
        }
    }
}

TEST_F(LongLakeLogTest, RetentionKeepsWhatWasTheNewestWithinItAndWhatIsTagged) {
    const LakeRetention ten_days{std::chrono::days(10)};  // 240 versions: 810 was the newest when it began
    auto kept = log.kept_versions(ten_days).value();
    EXPECT_EQ(kept.at(kStocks), 810);
    EXPECT_EQ(kept.at(late), 120);
    clock.advance(std::chrono::minutes(59));
    EXPECT_EQ(log.kept_versions(ten_days)->at(kStocks), 810);
    clock.advance(std::chrono::minutes(1));
    EXPECT_EQ(log.kept_versions(ten_days)->at(kStocks), 811);
    EXPECT_EQ(log.kept_until(811, ten_days).value(), start + std::chrono::hours(812) + std::chrono::days(10));
    EXPECT_EQ(log.kept_until(kVersions, ten_days).value(), std::nullopt) << "the newest";

    // Tagged before `late` was made: its oldest version is then the one of the first lake version after it that is
    // kept.
    auto now = log.publish({.tags = {{"a", 300}, {"b", 720}}}, log.latest().value(), "").value();
    kept = log.kept_versions(ten_days).value();
    EXPECT_EQ(kept.at(kStocks), 300);
    EXPECT_EQ(kept.at(late), 30);
    EXPECT_EQ(log.kept_until(300, ten_days).value(), std::nullopt);
    now = log.publish({.dropped_tags = {"b"}}, now, "").value();
    EXPECT_EQ(log.kept_versions(ten_days)->at(late), 121);
    now = log.publish({.dropped_tables = {{late, {"silver/late", 400}}}}, now, "").value();
    EXPECT_EQ(log.kept_versions(ten_days)->at(late), 121) << "dropped, yet in versions that are kept";

    clock.advance(std::chrono::days(365));
    kept = log.kept_versions(ten_days).value();
    EXPECT_EQ(kept.at(kStocks), 300);
    EXPECT_EQ(kept.at(late), 401);
    EXPECT_EQ(LakeLog(store, clock).kept_versions(ten_days).value(), kept) << "by another process";
    now = log.publish({.dropped_tags = {"a"}}, now, "").value();
    EXPECT_EQ(log.kept_versions(ten_days)->at(kStocks), 1'050) << "of the newest, however old";
}

TEST_F(LongLakeLogTest, EveryKeptVersionOfATableIsNamed) {
    const auto named = log.kept_versions_of(kStocks, {std::chrono::days(1)}).value();
    EXPECT_EQ(named.size(), 25U);
    EXPECT_EQ(*named.begin(), 1'026);
    EXPECT_TRUE(log.kept_versions_of({"silver", "unknown"}, {}).value().empty());
    // A tag of last year names one version, not all since then.
    ASSERT_TRUE(log.publish({.tags = {{"a", 300}}}, log.latest().value(), ""));
    EXPECT_EQ(log.kept_versions_of(kStocks, {std::chrono::days(1)})->size(), 26U);
}

TEST_F(LongLakeLogTest, RetentionAsksLittleWhenNothingChanged) {
    const auto counting = std::make_shared<CountingStore>(store);
    LakeLog fresh(counting, clock);
    ASSERT_TRUE(fresh.kept_versions({}).has_value());
    EXPECT_LE(counting->gets, 20) << "of it ten to find where `late` began";
    counting->gets = 0;
    ASSERT_TRUE(fresh.kept_versions({}).has_value());
    EXPECT_EQ(counting->gets, 1);
}

struct ResolveTest : LakeLogTest {
    LakeVersion last;

    void publish_at(std::string_view instant) {
        clock.advance(parse_instant(instant).value() - clock.now());
        last = log.publish(at(kStocks, static_cast<delta::Version>(last.version) + 1), last, "run").value();
    }
    std::uint64_t version(std::string_view text, const std::string& zone = "America/Sao_Paulo") {
        const auto found = log.resolve(text, zone);
        EXPECT_TRUE(found.has_value()) << text << ": " << found.error().message;
        return found ? found->version : 0;
    }
    ErrorCode error(std::string_view text) { return log.resolve(text, "America/Sao_Paulo").error().code; }
};

TEST_F(ResolveTest, NumbersDaysInstantsAndTags) {
    EXPECT_EQ(error("2026-02-01"), ErrorCode::kNotFound) << "nothing was published";
    publish_at("2026-02-01T12:00:00Z");
    publish_at("2026-02-02T02:59:59.999999Z");  // still the first in São Paulo
    publish_at("2026-02-02T03:00:00Z");
    publish_at("2026-02-05T12:00:00Z");
    last = log.publish({.tags = {{"close-01", 2}, {"close-02", 4}}}, last, "").value();
    for (const auto* text : {"v2", "@v2", "2", "@2", "tag:close-01", "@tag:close-01", "@2026-02-01", "2026-02-01"})
        EXPECT_EQ(version(text), 2u) << text;
    EXPECT_EQ(version("v0"), 0u);
    EXPECT_EQ(version("2026-02-01", "UTC"), 1u);
    EXPECT_EQ(version("2026-02-02", "UTC"), 3u);
    EXPECT_EQ(version("2026-02-04"), 3u) << "a day without a version: what it was then";
    EXPECT_EQ(version("2026-02-05"), 5u);
    EXPECT_EQ(version("2030-01-01"), 5u);
    EXPECT_EQ(version("@2026-02-02T00:00:00-03:00"), 3u) << "at the instant itself";
    EXPECT_EQ(version("2026-02-01T23:59:59.999998-03:00"), 1u);

    for (const auto* text : {"v6", "2026-01-31", "tag:close-03", "tag:", "2026-02-01T00:00:00Z"})
        EXPECT_EQ(error(text), ErrorCode::kNotFound) << text;
    for (const auto* text : {"", "@", "v", "-1", "yesterday", "2026-02-30", "2026-2-1", "2026-02-01T00:00:00", "v1.0"})
        EXPECT_EQ(error(text), ErrorCode::kInvalidArgument) << text;
    EXPECT_NE(log.resolve("2026-01-31", "America/Sao_Paulo").error().message.find("2026-02-01"), std::string::npos);
    EXPECT_NE(log.resolve("tag:close-2", "UTC").error().hint.find("close-02"), std::string::npos);
    EXPECT_NE(log.resolve("v9", "UTC").error().message.find("newest is 5"), std::string::npos);
    EXPECT_EQ(log.resolve("2026-02-01", "Mars/Olympus").error().code, ErrorCode::kNotFound);
}

TEST_F(ResolveTest, ADayEndsWhenItsClocksSaySo) {
    clock.advance(parse_instant("2018-01-01T00:00:00Z").value() - clock.now());
    publish_at("2018-02-17T12:00:00Z");
    publish_at("2018-02-18T02:30:00Z");  // 23:30 of the 17th for the second time: summer time ended at midnight
    publish_at("2018-02-18T03:00:00Z");  // the 18th
    publish_at("2018-11-04T02:59:59Z");  // the 3rd: the next second is 01:00, the 4th has no midnight
    publish_at("2018-11-04T03:00:00Z");
    EXPECT_EQ(version("2018-02-17"), 2u);
    EXPECT_EQ(version("2018-02-18"), 3u);
    EXPECT_EQ(version("2018-11-03"), 4u);
    EXPECT_EQ(version("2018-11-04"), 5u);
    EXPECT_EQ(version("2018-11-03", "America/New_York"), 5u) << "an hour behind";
    EXPECT_EQ(version("2018-02-17", "Asia/Tokyo"), 1u);
    EXPECT_EQ(version("2018-11-04", "Asia/Tokyo"), 5u);
}

// Whatever is published, tagged and dropped in whatever order: each version answers for ever as it answered when it
// was made. Method: random changes, by two logs in turn; the seed is in the failure.
TEST_F(LakeLogTest, EveryVersionAnswersAsItWasMade) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        const std::shared_ptr<ObjectStore> disk = make_memory_store();
        std::minstd_rand random(seed);
        const auto pick = [&](unsigned n) { return random() % n; };
        std::vector<LakeVersion> made = {{}};
        LakeLog one(disk, clock);
        LakeLog two(disk, clock);
        for (int step = 0; step < 250; ++step) {
            clock.advance(std::chrono::minutes(pick(90)));
            LakeLog& publisher = pick(2) == 0 ? one : two;
            const LakeVersion base =
                made[made.size() - 1 - pick(std::min<unsigned>(3, static_cast<unsigned>(made.size())))];
            const TableName name{"silver", std::string(1, static_cast<char>('a' + pick(6)))};
            LakeChange change;
            switch (pick(6)) {
                case 0:
                    change.dropped_tables[name] = {"silver/" + name.table, static_cast<delta::Version>(pick(200))};
                    break;
                case 1:
                    change.views[{"silver", "v" + name.table}] = "SELECT " + std::to_string(pick(9));
                    break;
                case 2:
                    change.dropped_views.insert({"silver", "v" + name.table});
                    break;
                case 3:
                    change.tags["t" + std::to_string(pick(5))] = 1 + pick(static_cast<unsigned>(made.size()));
                    break;
                case 4:
                    change.dropped_tags.insert("t" + std::to_string(pick(5)));
                    break;
                default:
                    change.tables[name] = {"silver/" + name.table, static_cast<delta::Version>(pick(200))};
                    break;
            }
            const auto published = publisher.publish(change, base, "run");
            if (published && published->version == made.size()) made.push_back(*published);
            if (published) {
                ASSERT_LT(published->version, made.size()) << "seed " << seed;
            }
        }
        ASSERT_GT(made.size(), 100u) << "seed " << seed;
        LakeLog fresh(disk, clock);
        for (const LakeVersion& version : made) {
            const auto read = fresh.at(version.version).value();
            EXPECT_EQ(read.tables, version.tables) << "seed " << seed << ", version " << version.version;
            EXPECT_EQ(read.views, version.views);
            EXPECT_EQ(read.tags, version.tags);
            EXPECT_EQ(read.dropped, version.dropped);
            EXPECT_EQ(read.time, version.time);
            if (version.version == 0) continue;
            EXPECT_EQ(fresh.at(fresh.version_at(version.time).value())->time, version.time);
            const LakeVersion& before = made[version.version - 1];
            for (const auto& [name, table] : version.tables) {
                const auto was = before.tables.find(name);
                EXPECT_GE(table.version, was == before.tables.end() ? 0 : was->second.version)
                    << "a table never goes back";
            }
        }
        // What is kept is the least of all that is kept, found without reading all of it.
        const LakeRetention day{std::chrono::days(1)};
        std::map<TableName, delta::Version> least;
        std::map<TableName, std::set<delta::Version>> named;
        for (const LakeVersion& version : made) {
            const bool tagged =
                std::ranges::any_of(made.back().tags, [&](const auto& tag) { return tag.second == version.version; });
            const bool within = version.version > 0 && (version.version + 1 == made.size() ||
                                                        made[version.version + 1].time > clock.now() - day.keep);
            if (!tagged && !within) continue;
            for (const auto& [name, table] : version.tables) {
                named[name].insert(table.version);
                const auto [there, added] = least.emplace(name, table.version);
                if (!added) there->second = std::min(there->second, table.version);
            }
        }
        const auto kept = fresh.kept_versions(day).value();
        for (const auto& [name, version] : least) {
            ASSERT_TRUE(kept.contains(name)) << "seed " << seed << ", " << name.text();
            EXPECT_LE(kept.at(name), version) << "seed " << seed << ", " << name.text();
            EXPECT_EQ(fresh.kept_versions_of(name, day).value(), named.at(name)) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace lagoa
