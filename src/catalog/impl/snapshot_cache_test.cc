// Goal: the cache answers as reading the table does, follows it instead of reading it again, and one busy table does
// not push out the others. Method: tables in memory; whether a snapshot was read again is told by its address and by
// the files that it shares.
#include "catalog/impl/snapshot_cache.h"

#include <gtest/gtest.h>

#include "support/delta_table.h"

namespace lagoa {
namespace {

using test::DeltaTable;

void fill(DeltaTable& table, delta::Version last) {
    ASSERT_TRUE(table.create());
    for (delta::Version version = 1; version <= last; ++version)
        ASSERT_TRUE(table.commit(DeltaTable::append({fmt::format("f{:02}", version)})));
}

TEST(SnapshotCache, FollowsTheNewestVersion) {
    DeltaTable table;
    fill(table, 3);
    SnapshotCache cache(10);
    const auto first = cache.newest(table.location()).value();
    EXPECT_EQ(cache.newest(table.location()).value(), first);
    ASSERT_TRUE(table.commit(DeltaTable::append({"f04"})));
    const auto second = cache.newest(table.location()).value();
    EXPECT_EQ(second->version, 4);
    EXPECT_EQ(second->files.size(), 4U);
    EXPECT_EQ(&*first->files.begin(), &*second->files.begin());  // shared: only the new commit was read
    EXPECT_EQ(cache.read(table.location(), 3).value(), first);
    EXPECT_EQ(cache.read(table.location(), 4).value(), second);
    EXPECT_EQ(cache.read(table.location(), 2).value()->files.size(), 2U);
    EXPECT_EQ(cache.read(table.location(), 5).error().code, ErrorCode::kNotFound);
}

TEST(SnapshotCache, ABusyTableLeavesRoomForOthers) {
    DeltaTable quiet;
    DeltaTable busy;
    fill(quiet, 1);
    fill(busy, 0);
    SnapshotCache cache(10);
    const auto kept = cache.newest(quiet.location()).value();
    for (int i = 1; i <= 30; ++i) {
        ASSERT_TRUE(busy.commit(DeltaTable::append({fmt::format("f{:02}", i)})));
        ASSERT_EQ(cache.newest(busy.location()).value()->version, i);
    }
    EXPECT_EQ(cache.read(quiet.location(), 1).value(), kept);
}

TEST(SnapshotCache, ATableMadeAnewHasNothingOfTheOldOne) {
    DeltaTable table;
    fill(table, 3);
    SnapshotCache cache(10);
    for (const delta::Version version : {1, 2, 3}) ASSERT_TRUE(cache.read(table.location(), version));
    const auto objects = table.store().list("stocks/").value();
    for (const auto& object : objects) ASSERT_TRUE(table.store().remove(object.key));
    ASSERT_TRUE(table.create());
    for (const auto* path : {"x", "y", "z"}) ASSERT_TRUE(table.commit(DeltaTable::append({path})));
    EXPECT_TRUE(cache.newest(table.location()).value()->files.find("z"));
    EXPECT_FALSE(cache.read(table.location(), 2).value()->files.find("f01"));
}

}  // namespace
}  // namespace lagoa
