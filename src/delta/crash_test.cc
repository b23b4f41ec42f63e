// Goal: a process may die, or a single write may fail, at any step of commit and checkpoint: what was
// committed stays, what was not is invisible, and running again succeeds. Method: the sweep of
// faulty_store.h over a load of twelve commits with a checkpoint among them.
#include <gtest/gtest.h>

#include "support/delta_table.h"
#include "support/faulty_store.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;
using test::FaultyStore;

constexpr int kBatches = 12;

// What a loader does: batch n carries txn n, so that a repeat of a finished batch is seen as done.
// Returns how many batches are known to be in the table when it ends or fails.
int load(DeltaTable& table, ObjectStore& store) {
    const auto location = table.location(&store);
    auto base = read_snapshot(location);
    if (!base && base.error().code == ErrorCode::kNotFound) {
        const auto made =
            commit(location, nullptr, DeltaTable::creation({{"delta.checkpointInterval", "5"}}), table.options());
        if (!made) return 0;
    } else if (!base) {
        return 0;
    }
    for (int batch = 1; batch <= kBatches; ++batch) {
        base = read_snapshot(location);
        if (!base) return batch - 1;
        auto request = DeltaTable::append({fmt::format("batch-{:02}", batch)});
        request.txns = {{.app_id = "loader", .version = batch, .last_updated_ms = {}}};
        const auto made = commit(location, *base, std::move(request), table.options());
        if (!made && made.error().code != ErrorCode::kAlreadyExists) return batch - 1;
    }
    return kBatches;
}

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    for (int k = 1;; ++k) {
        ASSERT_LT(k, 200);
        SCOPED_TRACE(fmt::format("operation {}", k));
        DeltaTable table;
        FaultyStore store(table.store(), {.kind = kind, .at = k, .code = code});
        const int acknowledged = load(table, store);

        // What the store holds now, seen by another process.
        const auto after = read_snapshot(table.location());
        if (after) {
            const auto& files = (*after)->files;
            ASSERT_GE(files.size(), static_cast<std::size_t>(acknowledged));
            for (std::size_t i = 0; i < files.size(); ++i) ASSERT_EQ(files[i].path, fmt::format("batch-{:02}", i + 1));
            ASSERT_EQ((*after)->version, static_cast<Version>(files.size()));
            ASSERT_EQ((*after)->txn_version("loader"), files.empty() ? -1 : static_cast<std::int64_t>(files.size()));
        } else {
            ASSERT_EQ(after.error().code, ErrorCode::kNotFound);
            ASSERT_EQ(acknowledged, 0);
        }

        ASSERT_EQ(load(table, table.store()), kBatches);
        ASSERT_EQ(table.files().size(), static_cast<std::size_t>(kBatches));
        ASSERT_EQ(newest_version(table.location()).value(), kBatches);
        for (Version version = 0; version <= kBatches; ++version)
            ASSERT_EQ(table.files(version).size(), static_cast<std::size_t>(version));
        if (!store.tripped()) {
            ASSERT_EQ(acknowledged, kBatches);
            break;
        }
    }
}

TEST(CrashSweep, OneWriteFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kUnavailable);
}
TEST(CrashSweep, DiskIsFullOnce) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(CrashSweep, ProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(CrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa::delta
