// Goal: what a vacuum plans to remove is needed by nobody, however logs spell their paths. Method: logs whose files are
// bytes only, in memory and on a local disk, with deletion vectors and absolute paths; ages by a clock.
#include "delta/vacuum.h"

#include <gtest/gtest.h>

#include "delta/commit.h"
#include "delta/deletion_vector.h"
#include "store/local_store.h"
#include "support/dated_store.h"
#include "support/delta_table.h"
#include "support/temp_dir.h"

namespace lagoa::delta {
namespace {

using test::DeltaTable;

class VacuumPlans : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(delta::commit(table(), nullptr, DeltaTable::creation({{"delta.enableDeletionVectors", "true"}}),
                                  {.clock = &clock_}));
    }
    TableLocation table() { return {.store = store_.get(), .parquet = &parquet_, .path = "stocks"}; }
    void commit(CommitRequest request) {
        for (const auto& add : request.adds)
            if (const auto path = path_in_folder(add.path); !store_->head("stocks/" + path)) put(path);
        const auto done =
            delta::commit(table(), read_snapshot(table()).value(), std::move(request), {.clock = &clock_});
        ASSERT_TRUE(done) << done.error().message;
    }
    static std::string path_in_folder(const std::string& log_path) {
        const bool is_absolute = log_path.starts_with("file:") || log_path.starts_with('/');
        return decode_path(is_absolute ? log_path.substr(log_path.rfind('/') + 1) : log_path);
    }
    void put(const std::string& path) { ASSERT_TRUE(store_->put("stocks/" + path, "x")); }
    std::vector<std::string> plan(VacuumScope scope = {}) {
        scope.cutoff_ms = std::chrono::floor<std::chrono::milliseconds>(clock_.now() - std::chrono::hours(24 * 7))
                              .time_since_epoch()
                              .count();
        const auto made = plan_vacuum(table(), read_snapshot(table()).value(), scope);
        if (!made) return {"error: " + made.error().message};
        std::vector<std::string> paths;
        for (const auto& file : made->files) paths.push_back(file.path);
        return paths;
    }

    const test::TempDir folder_;
    test::FakeClock clock_;
    test::FakeParquetIo parquet_;
    const std::unique_ptr<ObjectStore> inner_ = open_local_store(folder_.path()).value();
    const std::unique_ptr<test::DatedStore> store_ = std::make_unique<test::DatedStore>(*inner_, clock_);
};

TEST_F(VacuumPlans, SpareTheTablesFilesHoweverTheyAreSpelled) {
    const std::string here = folder_.path().native() + "/stocks/";
    commit(DeltaTable::append({"a%20b", "file:" + here + "absolute", here + "plain"}));
    put("orphan");
    put("plain");
    clock_.advance(std::chrono::hours(24 * 30));
    EXPECT_EQ(plan(), (std::vector<std::string>{"orphan"}));
}

TEST_F(VacuumPlans, SpareNamesThatAnUnknownAddressMayMean) {
    CommitRequest request = DeltaTable::append({"own"});
    request.adds.push_back(DeltaTable::add("file:///mnt/link/stocks/linked"));  // this folder by another way, perhaps
    put("linked");
    put("other");
    commit(std::move(request));
    clock_.advance(std::chrono::hours(24 * 30));
    EXPECT_EQ(plan(), (std::vector<std::string>{"other"}));
}

TEST_F(VacuumPlans, KeepVectorsAsLongAsTheirFiles) {
    CommitRequest first = DeltaTable::append({});
    first.adds.push_back(DeltaTable::add("a", 10));
    commit(std::move(first));
    const auto mark = [&](std::uint64_t row) {
        const auto base = read_snapshot(table()).value();
        AddFile file = *base->files.begin();
        CommitRequest request;
        request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
        const std::vector rows{row};
        const std::vector deleted{DeletedRows(rows)};
        file.deletion_vector = write_deletion_vectors(table(), deleted).value().front();
        request.adds.push_back(file);
        commit(std::move(request));
        return deletion_vector_path(*file.deletion_vector).value();
    };
    const std::string old_vector = mark(1);
    clock_.advance(std::chrono::hours(1));
    const std::string new_vector = mark(2);
    EXPECT_TRUE(plan().empty());
    clock_.advance(std::chrono::hours(24 * 30));
    EXPECT_EQ(plan(), (std::vector<std::string>{old_vector}));
    EXPECT_EQ(plan({.lite = true}), (std::vector<std::string>{old_vector}));
    EXPECT_TRUE(plan({.keep = {2}}).empty()) << "a version that stays needs it";
    EXPECT_TRUE(plan({.keep = {2}, .lite = true}).empty());
    EXPECT_NE(old_vector, new_vector);
}

TEST_F(VacuumPlans, ALiteOneTakesWhatTheLogRemovedOnly) {
    commit(DeltaTable::append({"a", "b", "c"}));  // version 1
    commit(DeltaTable::replace({"a"}, {"d"}));    // 2
    put("orphan");
    clock_.advance(std::chrono::hours(24 * 30));
    commit(DeltaTable::replace({"b"}, {"e"}));  // 3: young
    const auto made = plan_vacuum(
        table(), read_snapshot(table()).value(),
        {.cutoff_ms = std::chrono::floor<std::chrono::milliseconds>(clock_.now() - std::chrono::hours(24 * 7))
                          .time_since_epoch()
                          .count(),
         .lite = true});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_EQ(made->files.size(), 1u);
    EXPECT_EQ(made->files[0].path, "a");
    EXPECT_EQ(made->files[0].size_bytes, 1u);
    EXPECT_EQ(made->done_until, 2);
    ASSERT_TRUE(note_vacuum(table(), *made->done_until));
    EXPECT_TRUE(plan({.lite = true}).empty());
    commit(DeltaTable::append({"a"}));  // it is back
    EXPECT_EQ(plan({}), (std::vector<std::string>{"orphan"}));
}

TEST_F(VacuumPlans, WhatCameBackIsSpared) {
    commit(DeltaTable::append({"a"}));
    commit(DeltaTable::replace({"a"}, {"b"}));
    clock_.advance(std::chrono::hours(24 * 30));
    VacuumScope scope;
    scope.cutoff_ms = std::chrono::floor<std::chrono::milliseconds>(clock_.now()).time_since_epoch().count() - 1;
    auto made = plan_vacuum(table(), read_snapshot(table()).value(), scope).value();
    ASSERT_EQ(made.files.size(), 1u);
    commit(DeltaTable::append({"a"}));
    spare_live_files(made, table(), *read_snapshot(table()).value());
    EXPECT_TRUE(made.files.empty());
    EXPECT_EQ(remove_files(table(), made).files_removed, 0u);
    EXPECT_TRUE(store_->head("stocks/a"));
}

}  // namespace
}  // namespace lagoa::delta
