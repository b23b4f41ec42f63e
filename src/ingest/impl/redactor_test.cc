// Goal: a secret known by value stands nowhere in what leaves, and foreign bytes become one readable line.
#include "ingest/impl/redactor.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lagoa::ingest {
namespace {

TEST(Redactor, HidesSecretsAlsoInUrls) {
    Redactor redact;
    redact.add("");
    redact.add("abc");
    redact.add("abc/def");
    EXPECT_EQ(redact("abc/def abc?t=abc%2Fdef"), "*** ***?t=***");
    const Error error = redact(Error{ErrorCode::kNotFound, "no abc", "try abc/def"});
    EXPECT_EQ(error.message + error.hint, "no ***try ***");
}

TEST(OneLine, IsShortReadableUtf8) {
    EXPECT_EQ(one_line("  a \r\n\tb\x01 "), "a b?");
    EXPECT_EQ(one_line("a\xE7o"), "a?o");
    const std::string cut = one_line(std::string(99, 'x') + "ção", 100);
    EXPECT_TRUE(is_utf8(cut));
    EXPECT_EQ(cut, std::string(99, 'x') + "…");
}

}  // namespace
}  // namespace lagoa::ingest
