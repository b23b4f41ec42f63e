// Goal: intrinsic functions answer as Step Functions documents, and bad calls have names. Method: tables of expression,
// input, expected; digests against the test vectors of their standards.
#include "flow/impl/intrinsics.h"

#include <gtest/gtest.h>

#include "flow/impl/expression.h"
#include "flow/impl/hash.h"

namespace lagoa::flow {
namespace {

std::string evaluate(std::string_view text, std::string_view input = "{}") {
    const auto expression = Expression::parse(text);
    if (!expression) return "refused: " + expression.error().message;
    const json::Value value = json::parse(input).value();
    const json::Value context;
    Random random(1);
    const auto result = expression->evaluate({value, context, random}, "x.$");
    return result ? json::dump(*result) : result.error().error.error;
}

TEST(Intrinsics, Text) {
    EXPECT_EQ(evaluate("States.Format('{} has {} of {}', 'a', 1.50, $.o)", R"({"o":{"k":[1,"b"]}})"),
              R"("a has 1.50 of {k=[1, b]}")");
    EXPECT_EQ(evaluate(R"(States.Format('it\'s \{literal\} {}', null))"), R"("it's {literal} null")");
    EXPECT_EQ(evaluate("States.Format('{}')"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.Format('none', 1)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.StringSplit('a,b;;c', ',;')"), R"(["a","b","c"])");
    EXPECT_EQ(evaluate("States.StringToJson('{\"a\": 12345678901234567890.10}')"), R"({"a":12345678901234567890.10})");
    EXPECT_EQ(evaluate("States.StringToJson('{')"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.JsonToString($)", R"({"a": [1, 2]})"), R"("{\"a\":[1,2]}")");
    EXPECT_EQ(evaluate("States.Base64Encode('a')"), "\"YQ==\"");
    EXPECT_EQ(evaluate("States.Base64Decode('YWI=')"), "\"ab\"");
    EXPECT_EQ(evaluate("States.Base64Decode('*')"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.Base64Decode('/w==')"), "States.IntrinsicFailure") << "not UTF-8";
}

TEST(Intrinsics, Arrays) {
    EXPECT_EQ(evaluate("States.Array(1, 'a', $.b, States.Array())", R"({"b":{}})"), R"([1,"a",{},[]])");
    EXPECT_EQ(evaluate("States.ArrayPartition($, 2)", "[1,2,3]"), "[[1,2],[3]]");
    EXPECT_EQ(evaluate("States.ArrayPartition($, 0)", "[1]"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.ArrayContains($, 1.0)", "[1]"), "true");
    EXPECT_EQ(evaluate("States.ArrayRange(1, 9, 2)"), "[1,3,5,7,9]");
    EXPECT_EQ(evaluate("States.ArrayRange(3, 1, -1)"), "[3,2,1]");
    EXPECT_EQ(evaluate("States.ArrayRange(1, 0, 1)"), "[]");
    EXPECT_EQ(evaluate("States.ArrayRange(1, 1000, 1)").size(), evaluate("States.ArrayRange(1, 999, 1)").size() + 5);
    EXPECT_EQ(evaluate("States.ArrayRange(1, 1001, 1)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.ArrayRange(9223372036854775806, 9223372036854775807, 1)").find("States"),
              std::string::npos);
    EXPECT_EQ(evaluate("States.ArrayRange(1, 2, 0)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.ArrayGetItem($, 1)", "[1,2]"), "2");
    EXPECT_EQ(evaluate("States.ArrayGetItem($, 2)", "[1,2]"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.ArrayLength($)", "[1,2]"), "2");
    EXPECT_EQ(evaluate("States.ArrayUnique($)", "[1,1.0,\"1\",{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]"),
              R"([1,"1",{"a":1,"b":2}])");
    EXPECT_EQ(evaluate("States.ArrayLength($)", "{}"), "States.IntrinsicFailure");
}

TEST(Intrinsics, NumbersAndObjects) {
    EXPECT_EQ(evaluate("States.MathAdd(1, -2)"), "-1");
    EXPECT_EQ(evaluate("States.MathAdd(9223372036854775807, 1)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.MathAdd(1e300, 1)"), "States.IntrinsicFailure");
    EXPECT_EQ(evaluate("States.JsonMerge($.a, $.b, false)", R"({"a":{"x":1,"y":1},"b":{"y":2}})"), R"({"x":1,"y":2})");
    EXPECT_EQ(evaluate("States.JsonMerge($.a, $.b, true)", R"({"a":{},"b":{}})"), "States.IntrinsicFailure");
    for (int i = 0; i < 100; ++i) {
        const auto drawn = std::stoi(evaluate("States.MathRandom(-3, 3)"));
        EXPECT_TRUE(drawn >= -3 && drawn < 3);
    }
    EXPECT_EQ(evaluate("States.MathRandom(0, 1000000, 7)"), evaluate("States.MathRandom(0, 1000000, 7)"));
    EXPECT_EQ(evaluate("States.MathRandom(1, 1)"), "States.IntrinsicFailure");
    const std::string uuid = evaluate("States.UUID()");
    EXPECT_EQ(uuid.size(), 38U);
    EXPECT_EQ(uuid[15], '4');
    EXPECT_NE(std::string("89ab").find(uuid[20]), std::string::npos);
}

TEST(Intrinsics, RefusesBadExpressions) {
    for (const char* text : {"", "1", "'text'", "States.Nope()", "States.Array(", "States.Array(1,)",
                             "States.Array(1 2)", "States.Array('open)", "States.Array() x", "States.UUID(1)",
                             "States.MathAdd(1)", "States.Array", "States.Array({})"})
        EXPECT_TRUE(evaluate(text).starts_with("refused")) << text << " gives " << evaluate(text);
    std::string deep = "1";
    for (int i = 0; i < 11; ++i) deep = "States.Array(" + deep + ")";
    EXPECT_TRUE(evaluate(deep).starts_with("refused"));
    EXPECT_EQ(evaluate("$.nothing"), "States.Runtime");
}

// RFC 1321, A.5; FIPS 180-4's examples (NIST CSRC); one message longer than a block each.
TEST(Hash, KnowsTheStandardsVectors) {
    EXPECT_EQ(hash_hex("MD5", ""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(hash_hex("MD5", "12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
              "57edf4a22be3c955ac49da2e2107b67a");
    EXPECT_EQ(hash_hex("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hash_hex("SHA-1", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    EXPECT_EQ(hash_hex("SHA-256", "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hash_hex("SHA-256", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hash_hex("SHA-384", "abc"),
              "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    EXPECT_EQ(hash_hex("SHA-512", "abc"),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423"
              "643ce80e2a9ac94fa5"
              "4ca49f");
    EXPECT_EQ(hash_hex("CRC32", "abc"), std::nullopt);
}

}  // namespace
}  // namespace lagoa::flow
