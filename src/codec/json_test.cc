// Goal: JSON reads exactly, prints back, and refuses what RFC 8259 refuses, saying where.
#include "codec/json.h"

#include <gtest/gtest.h>

namespace lagoa::json {
namespace {

TEST(Json, KeepsNumbersAsWritten) {
    const auto value =
        parse(R"({"marketCap":282010155659.43243,"big":123456789012345678901234567890,"e":1E+2})").value();
    EXPECT_EQ(dump(value), R"({"marketCap":282010155659.43243,"big":123456789012345678901234567890,"e":1E+2})");
    EXPECT_EQ(value.int64_at("e"), 100);
    EXPECT_EQ(value.int64_at("big"), std::nullopt);
    EXPECT_DOUBLE_EQ(value.find("marketCap")->number()->to_double(), 282010155659.43243);
}

TEST(Json, ComparesNumbersByValueAndObjectsWithoutOrder) {
    EXPECT_EQ(parse(R"({"a":1,"b":[10e-1,-0.0]})").value(), parse(R"({"b":[1.0,0],"a":1.00})").value());
    EXPECT_FALSE(parse("0.1").value() == parse("0.10000000000000001").value());
}

TEST(Json, SaysWhereItStopsBeingJson) {
    const auto cut = parse("{\"results\": [\n  {\"symbol\": \"PETR4\"");
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(cut.error().message.find("line 2"), std::string::npos) << cut.error().message;
    for (const auto* bad : {"", "{", "[1,]", "{\"a\":1} x", "\"\xC1\"", "01", "NaN", "'a'"})
        EXPECT_FALSE(parse(bad).has_value()) << bad;
}

TEST(Json, BoundsItsDepth) {
    EXPECT_TRUE(parse(std::string(100, '[') + std::string(100, ']')).has_value());
    EXPECT_FALSE(parse(std::string(100'000, '[')).has_value());
}

TEST(Json, FindsByPointer) {
    const auto value = parse(R"({"a/b":{"~":[1,{"c":2}]}})").value();
    ASSERT_NE(at_pointer(value, "/a~1b/~0/1/c"), nullptr);
    EXPECT_EQ(at_pointer(value, "/a~1b/~0/2"), nullptr);
    EXPECT_EQ(at_pointer(value, "/a~1b/~0/-1"), nullptr);
    EXPECT_EQ(at_pointer(value, ""), &value);
}

TEST(Json, PrintsIndented) {
    EXPECT_EQ(dump(parse(R"({"a":[1],"b":{}})").value(), 2), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
}

}  // namespace
}  // namespace lagoa::json
