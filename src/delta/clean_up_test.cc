// Goal: a log is cleaned up without a version ever being lost that is still to be read, whatever dies on the way.
// Method: a table with a commit a day, under a clock that is moved; after a clean-up every kept version is read.
#include <gtest/gtest.h>

#include "base/text.h"
#include "delta/commit.h"
#include "support/dated_store.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DatedStore;
using test::DeltaTable;
using test::FaultyStore;

class CleanUp : public testing::Test {
protected:
    // 40 commits of one file each, one a day, with a checkpoint every 10.
    void fill(std::map<std::string, std::string> properties = {}) {
        ASSERT_TRUE(commit(location(), nullptr, DeltaTable::creation(std::move(properties)), table_.options()));
        for (int day = 1; day <= 40; ++day) {
            table_.clock().advance(std::chrono::days(1));
            ASSERT_TRUE(append(std::to_string(day), table_.options()));
        }
    }

    Result<Version> append(std::string path, const CommitOptions& options) {
        auto base = LAGOA_TRY(read_snapshot(location()));
        return commit(location(), std::move(base), DeltaTable::append({std::move(path)}), options);
    }

    Result<std::size_t> clean_up(Version keep_from, ObjectStore* through = nullptr) {
        const auto newest = read_snapshot(location());
        return clean_up_log(location(through), **newest, keep_from, table_.clock());
    }

    TableLocation location(ObjectStore* through = nullptr) {
        return table_.location(through != nullptr ? through : &store_);
    }

    // The oldest version that can be read; all after it can.
    Version oldest() {
        for (Version version = 0; version <= 40; ++version) {
            if (!read_snapshot(location(), version)) continue;
            for (Version later = version; later <= 40; ++later) {
                const auto snapshot = read_snapshot(location(), later);
                EXPECT_TRUE(snapshot) << later << ": " << snapshot.error().message;
                if (!snapshot) continue;
                EXPECT_EQ((*snapshot)->files.size(), static_cast<std::size_t>(later));
            }
            return version;
        }
        return -1;
    }

    std::size_t objects() { return store_.list(DeltaTable::log_key(""), "").value().size(); }
    void age(int days) { table_.clock().advance(std::chrono::days(days)); }

    DeltaTable table_;
    DatedStore store_{table_.store(), table_.clock()};
};

TEST_F(CleanUp, KeepsTheRetentionAndWhatIsNamed) {
    fill();
    // The day of version 10 is the first of the last 30, and it has a checkpoint.
    const auto before = objects();
    const std::size_t removed = clean_up(40).value();
    EXPECT_EQ(removed, 20U);  // commits and checksums of versions 0 to 9
    EXPECT_EQ(objects(), before - removed);
    EXPECT_EQ(oldest(), 10);
    EXPECT_EQ(clean_up(40).value(), 0U);
    age(9);  // versions up to 18 are over, but without them 19 could not be read
    EXPECT_EQ(clean_up(40).value(), 0U);
    EXPECT_EQ(oldest(), 10);

    age(100);
    EXPECT_EQ(clean_up(10).value(), 0U);  // version 10 is named
    EXPECT_GT(clean_up(25).value(), 0U);
    EXPECT_EQ(oldest(), 20);
    EXPECT_GT(clean_up(1000).value(), 0U);
    EXPECT_EQ(oldest(), 40);
}

TEST_F(CleanUp, IsTheTablesToForbid) {
    for (const auto& [property, value] : std::map<std::string, std::string>{
             {"delta.enableExpiredLogCleanup", "FALSE"}, {"delta.logRetentionDuration", "for ever"}}) {
        CommitRequest change;
        if (property == "delta.enableExpiredLogCleanup") {
            fill({{property, value}});
        } else {
            const auto base = read_snapshot(location()).value();
            change.metadata = base->metadata;
            change.metadata->configuration = {{property, value}};
            ASSERT_TRUE(commit(location(), base, std::move(change), table_.options()));
        }
        age(100);
        EXPECT_EQ(clean_up(1000).value(), 0U) << property;
    }
}

TEST_F(CleanUp, ShorterRetentionGoesFurther) {
    fill({{"delta.logRetentionDuration", "interval 5 days"}});
    EXPECT_GT(clean_up(40).value(), 0U);
    EXPECT_EQ(oldest(), 30);
}

TEST_F(CleanUp, NeverRestsOnADamagedCheckpoint) {
    fill();
    age(100);
    ASSERT_TRUE(table_.store().put(DeltaTable::checkpoint_key(40), "not Parquet"));
    EXPECT_GT(clean_up(40).value(), 0U);
    EXPECT_EQ(oldest(), 30);
}

TEST_F(CleanUp, RemovesWhatLiesAboutAndLeavesWhatIsNotTheLogs) {
    fill();
    const std::string compaction = "00000000000000000003.00000000000000000005.compacted.json";
    const std::string part = "00000000000000000007.checkpoint.0000000001.0000000002.parquet";
    for (const auto& name : {compaction, part, std::string("notes.txt"), std::string("_commits/0.json")})
        ASSERT_TRUE(store_.put(DeltaTable::log_key(name), "x"));
    age(100);
    EXPECT_GT(clean_up(10).value(), 0U);
    EXPECT_FALSE(store_.head(DeltaTable::log_key(compaction)));
    EXPECT_FALSE(store_.head(DeltaTable::log_key(part)));
    EXPECT_TRUE(store_.head(DeltaTable::log_key("notes.txt")));
    EXPECT_TRUE(store_.head(DeltaTable::log_key("_commits/0.json")));
    EXPECT_EQ(oldest(), 10);
}

TEST_F(CleanUp, SidecarsGoWithTheirCheckpoints) {
    fill({{"delta.checkpointPolicy", "v2"}});
    const auto sidecars = [&] { return store_.list(DeltaTable::log_key("_sidecars/"), "").value().size(); };
    ASSERT_EQ(sidecars(), 4U);
    ASSERT_TRUE(store_.put(DeltaTable::log_key("_sidecars/orphan.parquet"), "x"));
    age(100);
    ASSERT_TRUE(store_.put(DeltaTable::log_key("_sidecars/in-progress.parquet"), "x"));
    EXPECT_GT(clean_up(30).value(), 0U);
    EXPECT_EQ(sidecars(), 3U);  // of versions 30 and 40, and the one of a checkpoint that is being written
    EXPECT_TRUE(store_.head(DeltaTable::log_key("_sidecars/in-progress.parquet")));
    EXPECT_EQ(oldest(), 30);
}

// After a feature was dropped, the versions that had it go all at once or not at all.
TEST_F(CleanUp, RespectsCheckpointProtection) {
    fill({{"delta.feature.checkpointProtection", "supported"},
          {"delta.requireCheckpointProtectionBeforeVersion", "25"}});
    age(100);
    EXPECT_EQ(clean_up(20).value(), 0U);
    EXPECT_EQ(oldest(), 0);
    EXPECT_GT(clean_up(30).value(), 0U);
    EXPECT_EQ(oldest(), 30);
}

TEST_F(CleanUp, FollowsCheckpointsIfAsked) {
    fill();
    age(100);
    CommitOptions options = table_.options();
    for (int i = 41; i <= 49; ++i) ASSERT_TRUE(append(std::to_string(i), options));
    options.keep_from = []() -> Result<Version> { return fail(ErrorCode::kUnavailable, "the lake log is away"); };
    ASSERT_TRUE(append("50", options)) << "a clean-up that cannot be is no failure of the commit";
    EXPECT_TRUE(read_snapshot(location(), 0));
    for (int i = 51; i <= 59; ++i) ASSERT_TRUE(append(std::to_string(i), options));
    options.keep_from = [] { return Result<Version>(35); };
    ASSERT_TRUE(append("60", options));
    EXPECT_FALSE(read_snapshot(location(), 29));
    EXPECT_TRUE(read_snapshot(location(), 30));
}

TEST_F(CleanUp, MayDieAtEveryStep) {
    for (const auto kind : {FaultyStore::Kind::kFail, FaultyStore::Kind::kCrash, FaultyStore::Kind::kOutcomeUnknown})
        for (int k = 1;; k += 3) {
            ASSERT_LT(k, 300);
            DeltaTable table;
            DatedStore dated(table.store(), table.clock());
            const auto location = table.location(&dated);
            ASSERT_TRUE(
                commit(location, nullptr,
                       DeltaTable::creation({{"delta.checkpointPolicy", "v2"}, {"delta.checkpointInterval", "4"}}),
                       table.options()));
            for (int i = 1; i <= 13; ++i)
                ASSERT_TRUE(commit(location, read_snapshot(location).value(), DeltaTable::append({std::to_string(i)}),
                                   table.options()));
            table.clock().advance(std::chrono::days(60));
            FaultyStore store(dated, {.kind = kind, .at = k});
            const auto newest = read_snapshot(location).value();
            const bool done = clean_up_log(table.location(&store), *newest, 9, table.clock()).has_value();
            const auto check = [&](const char* when) {
                for (Version version = 8; version <= 13; ++version) {
                    const auto snapshot = read_snapshot(location, version);
                    ASSERT_TRUE(snapshot) << when << " " << k << ": " << snapshot.error().message;
                    ASSERT_EQ((*snapshot)->files.size(), static_cast<std::size_t>(version));
                }
            };
            check("after the fault");
            ASSERT_TRUE(clean_up_log(location, *newest, 9, table.clock()));
            check("after the next run");
            ASSERT_FALSE(read_snapshot(location, 7));
            if (!store.tripped()) {
                ASSERT_TRUE(done);
                break;
            }
        }
}

}  // namespace
}  // namespace lagoa::delta
