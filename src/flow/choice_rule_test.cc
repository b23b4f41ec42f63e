// Goal: rules decide as ASL says, also on values of another type and on fields that are not there. Method: tables of
// rule, input, verdict. The recorded executions cover the plain comparisons.
#include "flow/impl/choice_rule.h"

#include <gtest/gtest.h>

namespace lagoa::flow {
namespace {

std::string decide(const std::string& rule, std::string_view input) {
    const auto document = Document::parse("rule.json", rule).value();
    const auto parsed = parse_choice_rule(FieldReader::open(document, "", document.root()).value());
    if (!parsed) return "refused";
    const json::Value value = json::parse(input).value();
    const json::Value context;
    Random random(1);
    const auto verdict = holds(*parsed, {value, context, random});
    return verdict ? (*verdict ? "true" : "false") : verdict.error().error.error;
}

TEST(ChoiceRule, JoinsInOrder) {
    const std::string guarded =
        R"({"And":[{"Variable":"$.a","IsPresent":true},{"Variable":"$.a","NumericGreaterThan":1}]})";
    EXPECT_EQ(decide(guarded, R"({"a":2})"), "true");
    EXPECT_EQ(decide(guarded, R"({"a":1})"), "false");
    EXPECT_EQ(decide(guarded, "{}"), "false") << "the guard keeps the comparison from running";
    const std::string either =
        R"({"Or":[{"Variable":"$.a","IsNull":true},{"Not":{"Variable":"$.b","StringEquals":"x"}}]})";
    EXPECT_EQ(decide(either, R"({"a":null})"), "true");
    EXPECT_EQ(decide(either, R"({"a":1,"b":"x"})"), "false");
    EXPECT_EQ(decide(either, R"({"a":1,"b":"y"})"), "true");
    EXPECT_EQ(decide(either, R"({"a":1})"), "States.Runtime");
}

TEST(ChoiceRule, ComparesOnlyItsOwnType) {
    EXPECT_EQ(decide(R"({"Variable":"$","NumericEquals":1})", "1.0"), "true");
    EXPECT_EQ(decide(R"({"Variable":"$","NumericEquals":1})", "\"1\""), "false");
    EXPECT_EQ(decide(R"({"Variable":"$","NumericEquals":9007199254740993})", "9007199254740992"), "false")
        << "beyond a double";
    EXPECT_EQ(decide(R"({"Variable":"$","StringLessThan":"b"})", "\"a\""), "true");
    EXPECT_EQ(decide(R"({"Variable":"$","BooleanEquals":true})", "\"true\""), "false");
    EXPECT_EQ(decide(R"({"Variable":"$","TimestampEquals":"2026-01-01T00:00:00Z"})", "\"2025-12-31T21:00:00-03:00\""),
              "true");
    EXPECT_EQ(decide(R"({"Variable":"$","TimestampEquals":"2026-01-01T00:00:00Z"})", "\"2026-01-01 00:00:00Z\""),
              "false");
    EXPECT_EQ(decide(R"({"Variable":"$.a","NumericLessThanPath":"$.b"})", R"({"a":1,"b":2})"), "true");
    EXPECT_EQ(decide(R"({"Variable":"$.a","NumericLessThanPath":"$.b"})", R"({"a":1})"), "States.Runtime");
    EXPECT_EQ(decide(R"({"Variable":"$","IsTimestamp":true})", "\"2026-01-01T00:00:00Z\""), "true");
    EXPECT_EQ(decide(R"({"Variable":"$","IsTimestamp":false})", "\"soon\""), "true");
}

TEST(ChoiceRule, RefusesRulesThatSayNothingOrTooMuch) {
    for (const char* rule :
         {"{}", R"({"Variable":"$"})", R"({"StringEquals":"a"})", R"({"Variable":"$","Nope":1})",
          R"({"Variable":"$","StringEquals":"a","IsNull":true})", R"({"Variable":"$","StringEquals":1})",
          R"({"Variable":"$","TimestampEquals":"noon"})", R"({"And":[]})", R"({"And":{}})",
          R"({"And":[{"Variable":"$","IsNull":true,"Next":"X"}]})", R"({"Not":[]})",
          R"({"And":[{"Variable":"$","IsNull":true}],"Or":[]})", R"({"Variable":"$","StringMatchesPath":"$"})",
          R"({"Variable":"$","IsNullPath":"$"})", R"({"Variable":"a","IsNull":true})"})
        EXPECT_EQ(decide(rule, "{}"), "refused") << rule;
}

TEST(ChoiceRule, MatchesPatterns) {
    EXPECT_TRUE(matches_pattern("foo23.log", "foo*.log"));
    EXPECT_TRUE(matches_pattern("zebra.log", "*.log"));
    EXPECT_TRUE(matches_pattern("foobar.zebra", "foo*.*"));
    EXPECT_TRUE(matches_pattern("", "*"));
    EXPECT_TRUE(matches_pattern("", ""));
    EXPECT_TRUE(matches_pattern("abcabd", "*ab*d"));
    EXPECT_TRUE(matches_pattern("a*b", R"(a\*b)"));
    EXPECT_TRUE(matches_pattern(R"(a\b)", R"(a\\b)"));
    EXPECT_FALSE(matches_pattern("aXb", R"(a\*b)"));
    EXPECT_FALSE(matches_pattern("abc", "ab"));
    EXPECT_FALSE(matches_pattern("ab", "abc"));
    EXPECT_FALSE(matches_pattern("abc", "*b"));
    EXPECT_FALSE(matches_pattern(std::string(2000, 'a'), std::string("*a*a*a*a*a*a*b")));
}

}  // namespace
}  // namespace lagoa::flow
