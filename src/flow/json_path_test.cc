// Goal: paths find what Step Functions finds, and refuse what is not a path. Method: tables of path, value, expected.
#include "flow/impl/json_path.h"

#include <gtest/gtest.h>

namespace lagoa::flow {
namespace {

json::Value value_of(std::string_view text) {
    return json::parse(text).value();
}

std::string find(std::string_view path, std::string_view input, std::string_view context = "{}") {
    const auto parsed = JsonPath::parse(path);
    if (!parsed) return "not a path: " + parsed.error().message;
    const auto found = parsed->find(value_of(input), value_of(context));
    return found ? json::dump(*found) : "nothing";
}

TEST(JsonPath, DefinitePathsLeadToOneValueOrNone) {
    EXPECT_EQ(find("$", R"({"a":1})"), R"({"a":1})");
    EXPECT_EQ(find("$.a.b", R"({"a":{"b":2}})"), "2");
    EXPECT_EQ(find("$.a.c", R"({"a":{"b":2}})"), "nothing");
    EXPECT_EQ(find("$['a b'][\"c.d\"]", R"({"a b":{"c.d":3}})"), "3");
    EXPECT_EQ(find(R"($['it\'s'])", R"({"it's":4})"), "4");
    EXPECT_EQ(find("$.input-value", R"({"input-value":5})"), "5");
    EXPECT_EQ(find("$.preço", R"({"preço":6})"), "6");
    EXPECT_EQ(find("$.a[1]", R"({"a":[1,2]})"), "2");
    EXPECT_EQ(find("$.a[-1]", R"({"a":[1,2]})"), "2");
    EXPECT_EQ(find("$.a[2]", R"({"a":[1,2]})"), "nothing");
    EXPECT_EQ(find("$[0][1]", "[[1,2]]"), "2");
    EXPECT_EQ(find("$.a", "null"), "nothing");
    EXPECT_EQ(find("$.a", R"({"a":null})"), "null");
}

TEST(JsonPath, IndefinitePathsLeadToAnArray) {
    EXPECT_EQ(find("$.a[*]", R"({"a":[1,2]})"), "[1,2]");
    EXPECT_EQ(find("$.*", R"({"a":1,"b":2})"), "[1,2]");
    EXPECT_EQ(find("$.a[0,2]", R"({"a":[1,2,3]})"), "[1,3]");
    EXPECT_EQ(find("$.a[1:]", R"({"a":[1,2,3]})"), "[2,3]");
    EXPECT_EQ(find("$.a[:2]", R"({"a":[1,2,3]})"), "[1,2]");
    EXPECT_EQ(find("$.a[-2:]", R"({"a":[1,2,3]})"), "[2,3]");
    EXPECT_EQ(find("$.a[:-1]", R"({"a":[1,2,3]})"), "[1,2]");
    EXPECT_EQ(find("$.a[5:9]", R"({"a":[1,2,3]})"), "[]");
    EXPECT_EQ(find("$..b", R"({"b":1,"a":{"b":2,"c":[{"b":3}]}})"), "[1,2,3]");
    EXPECT_EQ(find("$.missing[*].b", "{}"), "[]");
}

TEST(JsonPath, FiltersKeepWhatHolds) {
    const std::string_view rows = R"([{"n":1,"s":"a"},{"n":2},{"n":3,"s":"c"}])";
    EXPECT_EQ(find("$[?(@.n == 2)]", rows), R"([{"n":2}])");
    EXPECT_EQ(find("$[?(@.n>=2 && @.s)]", rows), R"([{"n":3,"s":"c"}])");
    EXPECT_EQ(find("$[?(@.n < 2 || @.s == 'c')].n", rows), "[1,3]");
    EXPECT_EQ(find("$[?(!@.s)].n", rows), "[2]");
    EXPECT_EQ(find("$[?(!(@.n == 1))].n", rows), "[2,3]");
    EXPECT_EQ(find("$[?(@.s < 'b')].n", rows), "[1]");
    EXPECT_EQ(find("$[?(@.n == true)].n", rows), "[]");
    EXPECT_EQ(find("$.rows[?(@.n == $.wanted)].n", R"({"wanted":3,"rows":[{"n":1},{"n":3}]})"), "[3]");
}

TEST(JsonPath, TwoDollarsReadTheContext) {
    EXPECT_EQ(find("$$.Execution.Id", "{}", R"({"Execution":{"Id":"r"}})"), "\"r\"");
    EXPECT_EQ(find("$$", "1", "2"), "2");
}

TEST(JsonPath, RefusesWhatIsNotAPath) {
    for (const char* text :
         {"", "a", "$.", "$a b", "$.a b", "$[", "$[]", "$['a", "$['a','b']", "$[1", "$[99999999999999999999]", "$..",
          "$.a.length()", "$[?(@.a)", "$[?@.a]", "$[?(1)]", "$[?(@.a = 1)]", "$[?(@.a == [1])]", "$.a]"}) {
        const auto parsed = JsonPath::parse(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_TRUE(parsed.error().code == ErrorCode::kInvalidArgument || text[1] == 'a') << text;
    }
    EXPECT_EQ(JsonPath::parse("$variable.a").error().code, ErrorCode::kUnsupported);
    std::string nested = "$";
    for (int i = 0; i < 100'000; ++i) nested += "[?(@";
    EXPECT_EQ(JsonPath::parse(nested).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(JsonPath::parse("$[?(" + std::string(100'000, '!') + "@.a)]").error().code, ErrorCode::kInvalidArgument);
}

TEST(JsonPath, ReferencePathsAreWrittenTo) {
    const auto assign = [](std::string_view path, std::string_view root, std::string_view value) -> std::string {
        json::Value target = value_of(root);
        return JsonPath::parse_reference(path).value().assign(target, value_of(value)) ? json::dump(target) : "refused";
    };
    EXPECT_EQ(assign("$", R"({"a":1})", "2"), "2");
    EXPECT_EQ(assign("$.a", R"({"a":1,"b":2})", "[3]"), R"({"a":[3],"b":2})");
    EXPECT_EQ(assign("$.x.y.z", "{}", "1"), R"({"x":{"y":{"z":1}}})");
    EXPECT_EQ(assign("$.a[1].b", R"({"a":[0,{}]})", "1"), R"({"a":[0,{"b":1}]})");
    EXPECT_EQ(assign("$.a[2]", R"({"a":[0]})", "1"), "refused");
    EXPECT_EQ(assign("$.a.b", R"({"a":"text"})", "1"), "refused");
    EXPECT_EQ(assign("$.a", "[1]", "1"), "refused");
    for (const char* text : {"$$.a", "$.a[*]", "$..a", "$.a[-1]", "$.a[0,1]", "$.a[0:1]", "$.a[?(@.b)]"})
        EXPECT_FALSE(JsonPath::parse_reference(text).has_value()) << text;
}

}  // namespace
}  // namespace lagoa::flow
