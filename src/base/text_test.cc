// Goal: text operations hold at their edges: nothing, only separators, bad bytes.
#include "base/text.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(Text, TrimsAndSplits) {
    EXPECT_EQ(trim(" \t a b \n"), "a b");
    EXPECT_EQ(trim("  "), "");
    EXPECT_EQ(split("", ',').size(), 1u);
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
}

TEST(Text, QuotesForJsonAndSql) {
    EXPECT_EQ(quote_json("a\"\\\n\x01z"), R"("a\"\\\n\u0001z")");
    EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(quote_literal("d'água"), "'d''água'");
}

TEST(Text, ReplacesEveryOccurrenceOnce) {
    EXPECT_EQ(replace_all("aXbXX", "X", "XX"), "aXXbXXXX");
}

TEST(Text, TellsUtf8FromOtherBytes) {
    EXPECT_TRUE(is_utf8("FUNDO DE INVESTIMENTO IMOBILIÁRIO €𝄞"));
    for (const auto* bad : {"\xC1rea", "\xE9", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace lagoa
