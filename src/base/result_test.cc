// Goal: an error travels with its code, its hint and one prefix a boundary.
#include "base/result.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

Result<int> inner(bool good) {
    if (!good) return fail_with_hint(ErrorCode::kUnavailable, "Try again.", "PUT timed out after {} s", 30);
    return 7;
}

Result<int> outer(bool good) {
    const int value = LAGOA_TRY(inner(good), "committing version {}", 8);
    return value + 1;
}

Result<> nothing(bool good) {
    LAGOA_TRY(outer(good));
    return {};
}

TEST(Result, PassesValuesThrough) {
    EXPECT_EQ(outer(true).value(), 8);
    EXPECT_TRUE(nothing(true).has_value());
}

TEST(Result, PrefixesTheMessageAndKeepsCodeAndHint) {
    const auto result = nothing(false);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(result.error().message, "committing version 8: PUT timed out after 30 s");
    EXPECT_EQ(result.error().hint, "Try again.");
}

TEST(ErrorCode, TableIsComplete) {
    EXPECT_EQ(info(ErrorCode::kInternal).exit_code, 70);
    EXPECT_EQ(info(ErrorCode::kDeadlineExceeded).asl_error, "States.Timeout");
}

}  // namespace
}  // namespace lagoa
