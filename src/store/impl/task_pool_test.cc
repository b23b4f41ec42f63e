// Goal: work is shared, its first failure ends it, and nothing of it outlives the call.
#include "store/impl/task_pool.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(TaskPool, RunsEachIndexOnce) {
    TaskPool pool(4);
    std::vector<std::atomic<int>> times(1000);
    ASSERT_TRUE(pool.for_each(times.size(), [&](std::size_t index) -> Result<> {
        ++times[index];
        return {};
    }));
    for (const auto& count : times) EXPECT_EQ(count, 1);
}

// Each of three waits for the other two: only three threads at once get through.
TEST(TaskPool, WorksSideBySide) {
    TaskPool pool(3);
    std::latch all(3);
    EXPECT_TRUE(pool.for_each(3, [&](std::size_t) -> Result<> {
        all.arrive_and_wait();
        return {};
    }));
}

TEST(TaskPool, BeginsNothingAfterAFailure) {
    TaskPool pool(1);  // the calling thread only
    int begun = 0;
    const auto done = pool.for_each(10, [&](std::size_t index) -> Result<> {
        ++begun;
        if (index == 2) return fail(ErrorCode::kNotFound, "third");
        return {};
    });
    EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(begun, 3);
}

TEST(TaskPool, FinishesWhatIsQueuedBeforeItEnds) {
    std::atomic<int> done = 0;
    {
        TaskPool pool(2);
        for (int i = 0; i < 100; ++i) pool.submit([&] { ++done; });
    }
    EXPECT_EQ(done, 100);
}

}  // namespace
}  // namespace lagoa
