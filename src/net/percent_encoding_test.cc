// Goal: any text survives a URL. Method: encode known texts, decode them back, and refuse broken escapes.
#include "net/percent_encoding.h"

#include <gtest/gtest.h>

#include "net/http_client.h"

namespace lagoa::net {
namespace {

TEST(PercentEncoding, KeepsUnreservedAndEscapesTheRest) {
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("a b/ç&=+%"), "a%20b%2F%C3%A7%26%3D%2B%25");
    EXPECT_EQ(percent_encode(std::string("\0\xFF", 2)), "%00%FF");
    EXPECT_EQ(encode_query({{"a", "1"}, {"b", "x y"}, {"", ""}}), "a=1&b=x%20y&=");
    EXPECT_EQ(encode_query({}), "");
}

TEST(PercentEncoding, DecodesWhatItEncoded) {
    std::string every_byte;
    for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
    EXPECT_EQ(percent_decode(percent_encode(every_byte)), every_byte);

    const std::vector<std::pair<std::string, std::string>> pairs = {{"k&", "v="}, {"k&", every_byte}};
    EXPECT_EQ(decode_query(encode_query(pairs)), pairs);
}

TEST(PercentEncoding, ReadsQueriesAsBrowsersWriteThem) {
    const auto pairs = decode_query("&a=1&&b&c=x+y%2b&a=2");
    ASSERT_TRUE(pairs.has_value());
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"a", "1"}, {"b", ""}, {"c", "x y+"}, {"a", "2"}};
    EXPECT_EQ(*pairs, expected);
}

TEST(PercentEncoding, RefusesBrokenEscapes) {
    for (const char* text : {"%", "%4", "a%zz", "%4g", "%%41"}) {
        EXPECT_FALSE(percent_decode(text).has_value()) << text;
        EXPECT_FALSE(decode_query(std::string("a=") + text).has_value()) << text;
    }
}

}  // namespace
}  // namespace lagoa::net
