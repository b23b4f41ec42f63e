// Goal: a publish is whole or absent, loses nobody else's, and readers always find the newest version.
// Method: publishers over a memory store, with a fault at each of its operations; racing threads.
#include "catalog/lake_log.h"

#include <thread>

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

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
        return {.tables = {{name, {"/lake/" + name.table, version}}}};
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

TEST_F(LakeLogTest, DisjointPublishersRebaseAndOthersConflict) {
    const auto base = log.publish(at(kStocks, 1), {}, "run-1").value();
    ASSERT_TRUE(log.publish(at(kFiis, 1), base, "run-2").has_value());
    const auto rebased = log.publish(at(kStocks, 2), base, "run-3");
    ASSERT_TRUE(rebased.has_value());
    EXPECT_EQ(rebased->version, 3u);
    EXPECT_EQ(rebased->tables.at(kFiis).version, 1);
    EXPECT_EQ(log.publish(at(kStocks, 9), base, "run-4").error().code, ErrorCode::kConflict);
    EXPECT_EQ(log.latest()->version, 3u);
}

TEST_F(LakeLogTest, AMissingStaleOrWrongHintChangesNothing) {
    auto base = log.latest().value();
    for (int i = 1; i <= 12; ++i) base = log.publish(at(kStocks, i), base, "run").value();
    for (const char* hint : {"", "3", "99", "not a number", "0"}) {
        ASSERT_TRUE(store->put("_lagoa/_last", hint).has_value());
        EXPECT_EQ(log.latest()->version, 12u) << hint;
    }
    ASSERT_TRUE(store->remove("_lagoa/_last").has_value());
    ASSERT_TRUE(store->put("_lagoa/log/README", "not an entry").has_value());
    EXPECT_EQ(log.latest()->version, 12u);
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
    ASSERT_TRUE(store->put(key, R"({"format":"lagoa.lake.version/2"})").has_value());
    EXPECT_EQ(log.latest().error().code, ErrorCode::kUnsupported);
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

TEST_F(LakeLogTest, RacingPublishersOfOneTableHaveOneWinner) {
    std::atomic<int> won = 0;
    std::atomic<int> lost = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                const auto published = LakeLog(store, clock).publish(at(kStocks, t), {}, "run");
                if (published)
                    ++won;
                else if (published.error().code == ErrorCode::kConflict)
                    ++lost;
            });
    }
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 3);
}

}  // namespace
}  // namespace lagoa
