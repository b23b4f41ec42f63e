// Goal: the cache keeps what was used last, within its bound, and never mixes versions of an object.
#include "store/impl/block_cache.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

BlockCache::Block block(std::size_t bytes) {
    return std::make_shared<const std::string>(bytes, 'x');
}

TEST(BlockCache, ForgetsWhatWasUsedLongestAgo) {
    BlockCache cache(100);
    cache.insert("a", 0, block(40));
    cache.insert("a", 1, block(40));
    EXPECT_NE(cache.find("a", 0), nullptr);
    cache.insert("a", 2, block(40));
    EXPECT_EQ(cache.find("a", 1), nullptr);
    EXPECT_NE(cache.find("a", 0), nullptr);
    EXPECT_NE(cache.find("a", 2), nullptr);
}

TEST(BlockCache, KeepsNothingThatIsLargerThanItself) {
    BlockCache cache(10);
    cache.insert("a", 0, block(11));
    EXPECT_EQ(cache.find("a", 0), nullptr);
}

TEST(BlockCache, TellsVersionsApart) {
    BlockCache cache(100);
    cache.insert(std::string("k\0v1", 4), 0, block(1));
    EXPECT_EQ(cache.find(std::string("k\0v2", 4), 0), nullptr);
    EXPECT_EQ(cache.find("k", 0), nullptr);
}

}  // namespace
}  // namespace lagoa
