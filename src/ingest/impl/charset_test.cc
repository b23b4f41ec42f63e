// Goal: bytes of any charset become UTF-8 exactly, or the first wrong one is named.
#include "ingest/impl/charset.h"

#include <gtest/gtest.h>

namespace lagoa::ingest {
namespace {

TEST(DecodeText, ReadsLatinAsBrowsersDo) {
    EXPECT_EQ(decode_text("Gest\xE3o", "ISO-8859-1").value(), "Gestão");
    EXPECT_EQ(decode_text("\x80 5 \x93x\x94", "latin1").value(), "€ 5 “x”");
    EXPECT_EQ(decode_text("plain", "us-ascii").value(), "plain");
}

TEST(DecodeText, ReadsOtherCharsets) {
    EXPECT_EQ(decode_text("Gestão", "UTF-8").value(), "Gestão");
    EXPECT_EQ(decode_text(std::string_view("A\0B\0", 4), "UTF-16LE").value(), "AB");
    EXPECT_EQ(decode_text("\xA4", "iso-8859-15").value(), "€");
}

TEST(DecodeText, NamesTheFirstWrongByte) {
    for (const auto* text : {"ab\xE7", "ab\xE7\xE3o"}) {
        const auto decoded = decode_text(text, "utf-8");
        EXPECT_EQ(decoded.error().code, ErrorCode::kDataRejected);
        EXPECT_NE(decoded.error().message.find("byte 2"), std::string::npos) << decoded.error().message;
    }
    EXPECT_EQ(decode_text("a", "klingon").error().code, ErrorCode::kInvalidConfig);
}

}  // namespace
}  // namespace lagoa::ingest
