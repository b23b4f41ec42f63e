// Goal: both forms of Retry-After are read, and nothing else is taken for one.
#include "ingest/http/retry_after.h"

#include <gtest/gtest.h>

namespace lagoa::ingest {
namespace {

TEST(RetryAfter, ReadsSecondsAndDates) {
    const Instant now = parse_instant("2026-11-25T10:00:00.5Z").value();
    EXPECT_EQ(parse_retry_after("60", now), std::chrono::seconds(60));
    EXPECT_EQ(parse_retry_after(" 0 ", now), std::chrono::seconds(0));
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 10:01:00 GMT", now), std::chrono::seconds(60));
    EXPECT_EQ(parse_retry_after("Wed, 25 Nov 2026 09:00:00 GMT", now), std::chrono::seconds(0));
    for (const auto* text : {"", "soon", "-1", "1.5", "25/11/2026"})
        EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
}

}  // namespace
}  // namespace lagoa::ingest
