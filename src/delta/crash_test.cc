// Goal: a process may die, or a single write may fail, at any step of commit, checksum and checkpoint: what was
// committed stays, what was not is invisible, and running again succeeds. Method: the sweep of
// faulty_store.h over a load of twelve commits with checkpoints among them, appended or overwritten, in tables without
// and with all that a commit has to fill in. Clean-up has its own sweep in clean_up_test.cc.
#include <gtest/gtest.h>

#include "delta/checksum.h"
#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;

constexpr int kBatches = 12;

struct Load {
    std::map<std::string, std::string> properties;
    bool overwrites = false;  // each batch takes the place of the one before
};

const Load kPlain{.properties = {{"delta.checkpointInterval", "5"}}, .overwrites = false};
const Load kFull{.properties = {{"delta.checkpointInterval", "5"},
                                {"delta.checkpointPolicy", "v2"},
                                {"delta.columnMapping.mode", "name"},
                                {"delta.enableChangeDataFeed", "true"},
                                {"delta.enableInCommitTimestamps", "true"},
                                {"delta.enableRowTracking", "true"}},
                 .overwrites = true};

std::string name_of(int batch) {
    return fmt::format("batch-{:02}", batch);
}

// What a loader does: batch n carries txn n, so that a repeat of a finished batch is seen as done.
// Returns how many batches are known to be in the table when it ends or fails.
int run(const Load& load, DeltaTable& table, ObjectStore& store) {
    const auto location = table.location(&store);
    auto base = read_snapshot(location);
    if (!base && base.error().code == ErrorCode::kNotFound) {
        const auto made = commit(location, nullptr, DeltaTable::creation(load.properties), table.options());
        if (!made) return 0;
    } else if (!base) {
        return 0;
    }
    for (int batch = 1; batch <= kBatches; ++batch) {
        base = read_snapshot(location);
        if (!base) return batch - 1;
        const auto live = (*base)->files;
        auto request = load.overwrites && !live.empty() ? DeltaTable::replace({live.begin()->path}, {name_of(batch)})
                                                        : DeltaTable::append({name_of(batch)});
        request.txns = {{.app_id = "loader", .version = batch, .last_updated_ms = {}}};
        const auto made = commit(location, *base, std::move(request), table.options());
        if (!made && made.error().code != ErrorCode::kAlreadyExists) return batch - 1;
    }
    return kBatches;
}

// Every version is what its batch made it, and its checksum, where there is one, says so.
void check(const Load& load, DeltaTable& table, int version) {
    const auto snapshot = read_snapshot(table.location(), version).value();
    std::vector<std::string> expected;
    for (int batch = load.overwrites ? std::max(version, 1) : 1; batch <= version; ++batch)
        expected.push_back(name_of(batch));
    ASSERT_EQ(table.files(version), expected);
    ASSERT_EQ(snapshot->txn_version("loader"), version == 0 ? -1 : version);
    const auto verified = verify_checksum(table.location(), *snapshot);
    ASSERT_TRUE(verified || verified.error().code == ErrorCode::kNotFound) << verified.error().message;
}

void sweep(const Load& load, FaultyStore::Kind kind, ErrorCode code) {
    for (int k = 1;; ++k) {
        ASSERT_LT(k, 200);
        SCOPED_TRACE(fmt::format("operation {}", k));
        DeltaTable table;
        FaultyStore store(table.store(), {.kind = kind, .at = k, .code = code});
        const int acknowledged = run(load, table, store);

        // What the store holds now, seen by another process.
        const auto after = read_snapshot(table.location());
        if (after) {
            ASSERT_GE((*after)->version, acknowledged);
            for (Version version = 0; version <= (*after)->version; ++version)
                check(load, table, static_cast<int>(version));
        } else {
            ASSERT_EQ(after.error().code, ErrorCode::kNotFound);
            ASSERT_EQ(acknowledged, 0);
        }

        ASSERT_EQ(run(load, table, table.store()), kBatches);
        ASSERT_EQ(newest_version(table.location()).value(), kBatches);
        for (int version = 0; version <= kBatches; ++version) check(load, table, version);
        if (!store.tripped()) {
            ASSERT_EQ(acknowledged, kBatches);
            break;
        }
    }
}

TEST(CrashSweep, OneWriteFails) {
    sweep(kPlain, FaultyStore::Kind::kFail, ErrorCode::kUnavailable);
    sweep(kFull, FaultyStore::Kind::kFail, ErrorCode::kUnavailable);
}
TEST(CrashSweep, DiskIsFullOnce) {
    sweep(kPlain, FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(CrashSweep, ProcessDies) {
    sweep(kPlain, FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
    sweep(kFull, FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(CrashSweep, OneAnswerIsLost) {
    sweep(kPlain, FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
    sweep(kFull, FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa::delta
