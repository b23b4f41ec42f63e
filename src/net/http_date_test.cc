// Goal: HTTP's dates are read, and nothing else is taken for one.
#include "net/http_date.h"

#include <gtest/gtest.h>

namespace lagoa::net {
namespace {

TEST(HttpDate, ReadsTheFormThatIsSent) {
    EXPECT_EQ(format_instant(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()), "1994-11-06T08:49:37.000000Z");
    EXPECT_EQ(format_instant(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT").value()), "2024-02-29T23:59:59.000000Z");
}

TEST(HttpDate, RefusesTheRest) {
    for (const char* text :
         {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 30 Feb 2024 00:00:00 GMT",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun, 0x Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"})
        EXPECT_FALSE(parse_http_date(text)) << text;
}

}  // namespace
}  // namespace lagoa::net
