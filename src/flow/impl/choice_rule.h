// The rules of a Choice state: comparisons of typed values, joined by And, Or and Not.
//
// Source: https://states-language.net/spec.html#choice-state
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "flow/impl/expression.h"
#include "flow/impl/field_reader.h"

namespace lagoa::flow {

/// One test of one value. A value of another type than the operator's is not an error: the test is false.
struct Comparison {
    enum class Type { kString, kNumeric, kBoolean, kTimestamp };
    enum class Relation {
        kEquals,
        kLess,
        kLessOrEquals,
        kGreater,
        kGreaterOrEquals,
        kMatches,
        kIsNull,
        kIsPresent,
        kIsNumeric,
        kIsString,
        kIsBoolean,
        kIsTimestamp,
    };
    JsonPath variable;
    Type type = Type::kString;
    Relation relation = Relation::kEquals;
    std::string field;                             ///< `NumericEqualsPath`, for messages.
    std::variant<json::Value, JsonPath> expected;  ///< A path in the …Path forms.
};

struct ChoiceRule {
    enum class Kind { kComparison, kAnd, kOr, kNot };
    Kind kind = Kind::kComparison;
    Comparison comparison;          ///< kComparison
    std::vector<ChoiceRule> parts;  ///< The others.
};

/// Reads the test that `reader` stands on, without its Next.
Result<ChoiceRule> parse_choice_rule(const FieldReader& reader);

/// `States.Runtime` if a path leads nowhere (except under IsPresent).
Outcome<bool> holds(const ChoiceRule& rule, const Evaluation& evaluation);

/// StringMatches: `*` stands for any text, `\*` and `\\` for themselves.
bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace lagoa::flow
