// Goal: a pattern matches what a shell's would. Method: a pair for each rule.
#include "engine/impl/glob.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(Glob, MatchesSegmentBySegment) {
    EXPECT_TRUE(matches_glob("a/b.json", "a/*.json"));
    EXPECT_FALSE(matches_glob("a/c/b.json", "a/*.json"));
    EXPECT_TRUE(matches_glob("a/c/d/b.json", "a/**/*.json"));
    EXPECT_TRUE(matches_glob("a/b.json", "a/**/*.json"));
    EXPECT_TRUE(matches_glob("a/b7.json", "?/b[0-9].json"));
    EXPECT_FALSE(matches_glob("a/bx.json", "?/b[0-9].json"));
    EXPECT_FALSE(matches_glob("a", "a/*"));
}

}  // namespace
}  // namespace lagoa
