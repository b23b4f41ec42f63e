// Goal: what is read by several threads is used once each and in order, never too far ahead, and an error ends it all.
// Method: reads that take turns in finishing; counters of what is under way.
#include "delta/impl/read_ahead.h"

#include <atomic>

#include <gtest/gtest.h>

namespace lagoa::delta {
namespace {

TEST(ReadAhead, UsesResultsInOrderWhateverTheyTake) {
    for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 200U}) {
        std::atomic<std::size_t> reading = 0;
        std::atomic<std::size_t> used = 0;
        std::atomic<bool> bounded = true;
        const std::function<Result<std::size_t>(std::size_t)> read = [&](std::size_t i) -> Result<std::size_t> {
            if (++reading > 4 || i >= used + 5) bounded = false;
            for (unsigned spin = static_cast<unsigned>(i * 7919 % 13); spin > 0; --spin) std::this_thread::yield();
            --reading;
            return i * i;
        };
        const auto use = [&](std::size_t i, Result<std::size_t> result) -> Result<> {
            EXPECT_EQ(i, used);
            EXPECT_EQ(*result, i * i);
            ++used;
            return {};
        };
        ASSERT_TRUE(read_in_order<std::size_t>(count, {.readers = 4, .ahead = 4}, read, use));
        EXPECT_EQ(used, count);
        EXPECT_TRUE(bounded);
    }
}

TEST(ReadAhead, EndsWithTheFirstError) {
    for (const std::size_t bad : {0U, 1U, 5U, 99U}) {
        std::atomic<std::size_t> reads = 0;
        std::size_t used = 0;
        const std::function<Result<int>(std::size_t)> read = [&](std::size_t i) -> Result<int> {
            ++reads;
            if (i >= bad) return fail(ErrorCode::kUnavailable, "{}", i);
            return 1;
        };
        const auto use = [&](std::size_t, Result<int> result) -> Result<> {
            if (!result) return pass_on(result.error());
            ++used;
            return {};
        };
        const auto done = read_in_order<int>(100, {.readers = 8, .ahead = 16}, read, use);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().message, std::to_string(bad));  // the first in order, not in time
        EXPECT_EQ(used, bad);
        EXPECT_LE(reads, bad + 1 + 16 + 1);
    }
}

}  // namespace
}  // namespace lagoa::delta
