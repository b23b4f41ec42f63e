#include "flow/impl/choice_rule.h"

#include <algorithm>
#include <array>

#include "flow/impl/timestamp.h"

namespace lagoa::flow {
namespace {

using Type = Comparison::Type;
using Relation = Comparison::Relation;

struct Operator {
    std::string_view name;
    Type type;
    Relation relation;
    bool has_path_form;
};

constexpr std::array kOperators = {
    Operator{"StringEquals", Type::kString, Relation::kEquals, true},
    Operator{"StringLessThan", Type::kString, Relation::kLess, true},
    Operator{"StringLessThanEquals", Type::kString, Relation::kLessOrEquals, true},
    Operator{"StringGreaterThan", Type::kString, Relation::kGreater, true},
    Operator{"StringGreaterThanEquals", Type::kString, Relation::kGreaterOrEquals, true},
    Operator{"StringMatches", Type::kString, Relation::kMatches, false},
    Operator{"NumericEquals", Type::kNumeric, Relation::kEquals, true},
    Operator{"NumericLessThan", Type::kNumeric, Relation::kLess, true},
    Operator{"NumericLessThanEquals", Type::kNumeric, Relation::kLessOrEquals, true},
    Operator{"NumericGreaterThan", Type::kNumeric, Relation::kGreater, true},
    Operator{"NumericGreaterThanEquals", Type::kNumeric, Relation::kGreaterOrEquals, true},
    Operator{"BooleanEquals", Type::kBoolean, Relation::kEquals, true},
    Operator{"TimestampEquals", Type::kTimestamp, Relation::kEquals, true},
    Operator{"TimestampLessThan", Type::kTimestamp, Relation::kLess, true},
    Operator{"TimestampLessThanEquals", Type::kTimestamp, Relation::kLessOrEquals, true},
    Operator{"TimestampGreaterThan", Type::kTimestamp, Relation::kGreater, true},
    Operator{"TimestampGreaterThanEquals", Type::kTimestamp, Relation::kGreaterOrEquals, true},
    Operator{"IsNull", Type::kBoolean, Relation::kIsNull, false},
    Operator{"IsPresent", Type::kBoolean, Relation::kIsPresent, false},
    Operator{"IsNumeric", Type::kBoolean, Relation::kIsNumeric, false},
    Operator{"IsString", Type::kBoolean, Relation::kIsString, false},
    Operator{"IsBoolean", Type::kBoolean, Relation::kIsBoolean, false},
    Operator{"IsTimestamp", Type::kBoolean, Relation::kIsTimestamp, false},
};

bool is_timestamp(const json::Value& value) {
    return value.is_string() && parse_timestamp(*value.string()).has_value();
}

bool has_type(const json::Value& value, Type type) {
    switch (type) {
        case Type::kString:
            return value.is_string();
        case Type::kNumeric:
            return value.is_number();
        case Type::kBoolean:
            return value.is_bool();
        default:
            return is_timestamp(value);
    }
}

template <class T>
int order_of(const T& a, const T& b) {
    return a < b ? -1 : b < a ? 1 : 0;
}

// Both are of `type`.
int compare(const json::Value& a, const json::Value& b, Type type) {
    if (type == Type::kString) return order_of(*a.string(), *b.string());
    if (type == Type::kBoolean) return order_of(*a.boolean(), *b.boolean());
    if (type == Type::kTimestamp) return order_of(*parse_timestamp(*a.string()), *parse_timestamp(*b.string()));
    const auto left = a.number()->to_int64();
    const auto right = b.number()->to_int64();
    if (left && right) return order_of(*left, *right);
    return order_of(a.number()->to_double(), b.number()->to_double());
}

bool is_kind(const json::Value& value, Relation relation) {
    switch (relation) {
        case Relation::kIsNull:
            return value.is_null();
        case Relation::kIsNumeric:
            return value.is_number();
        case Relation::kIsString:
            return value.is_string();
        case Relation::kIsBoolean:
            return value.is_bool();
        case Relation::kIsTimestamp:
            return is_timestamp(value);
        default:
            return true;  // kIsPresent
    }
}

Outcome<bool> holds(const Comparison& comparison, const Evaluation& evaluation) {
    const auto value = comparison.variable.find(evaluation.input, evaluation.context);
    if (comparison.relation >= Relation::kIsNull) {
        const bool wanted = *std::get<json::Value>(comparison.expected).boolean();
        if (!value && comparison.relation == Relation::kIsPresent) return !wanted;
        if (value) return is_kind(*value, comparison.relation) == wanted;
    }
    if (!value)
        return fail_evaluation(kRuntimeError,
                               "Invalid path '{}': The choice state's condition path references an invalid value.",
                               comparison.variable.text());
    std::optional<json::Value> expected;
    if (const auto* path = std::get_if<JsonPath>(&comparison.expected)) {
        expected = path->find(evaluation.input, evaluation.context);
        if (!expected)
            return fail_evaluation(kRuntimeError,
                                   "Invalid path '{}': The choice state's condition path references an invalid value.",
                                   path->text());
    } else {
        expected = std::get<json::Value>(comparison.expected);
    }
    if (!has_type(*value, comparison.type) || !has_type(*expected, comparison.type)) return false;
    if (comparison.relation == Relation::kMatches) return matches_pattern(*value->string(), *expected->string());
    const int order = compare(*value, *expected, comparison.type);
    switch (comparison.relation) {
        case Relation::kEquals:
            return order == 0;
        case Relation::kLess:
            return order < 0;
        case Relation::kLessOrEquals:
            return order <= 0;
        case Relation::kGreater:
            return order > 0;
        default:
            return order >= 0;
    }
}

// The comparison of `key`, if that is an operator.
Result<std::optional<Comparison>> parse_operator(const FieldReader& reader, const std::string& key) {
    for (const Operator& candidate : kOperators) {
        const bool path_form =
            candidate.has_path_form && key.ends_with("Path") && key.substr(0, key.size() - 4) == candidate.name;
        if (key != candidate.name && !path_form) continue;
        Comparison comparison;
        comparison.type = candidate.type;
        comparison.relation = candidate.relation;
        comparison.field = key;
        if (path_form) {
            comparison.expected = LAGOA_TRY(reader.path(key)).value();
        } else {
            const json::Value& value = *reader.find(key);
            if (!has_type(value, candidate.type))
                return reader.wrong(key, fmt::format("{} cannot be compared with this {}", key, value.kind()));
            comparison.expected = value;
        }
        return std::optional(std::move(comparison));
    }
    return std::optional<Comparison>();
}

Result<ChoiceRule> parse_comparison(const FieldReader& reader) {
    std::optional<Comparison> found;
    for (const auto& [key, value] : reader.object()) {
        if (key == "Variable" || key == "Next" || key == "Comment") continue;
        auto comparison = LAGOA_TRY(parse_operator(reader, key));
        if (!comparison) {
            if (key == "Condition" || key == "Assign") return reader.unsupported(key, key + " is not supported yet");
            return reader.wrong(key, fmt::format("a choice rule has no field {}", key));
        }
        if (found)
            return reader.wrong(key, fmt::format("a rule has one comparison, this has {} and {}", found->field, key));
        found = std::move(comparison);
    }
    if (!found) return reader.document().fail_at(reader.pointer(), "a choice rule needs a comparison, And, Or or Not");
    auto variable = LAGOA_TRY(reader.path("Variable"));
    if (!variable) return reader.document().fail_at(reader.pointer(), "Variable is missing");
    found->variable = std::move(*variable);
    return ChoiceRule{.kind = ChoiceRule::Kind::kComparison, .comparison = std::move(*found), .parts = {}};
}

}  // namespace

// The depth of nesting is bounded by what a Document accepts.
Result<ChoiceRule> parse_choice_rule(const FieldReader& reader) {
    constexpr std::array<std::string_view, 3> kJoins = {"And", "Or", "Not"};
    const auto is_there = [&](std::string_view name) { return reader.has(name); };
    const auto* join = std::ranges::find_if(kJoins, is_there);
    if (join == kJoins.end()) return parse_comparison(reader);

    const std::array<std::string_view, 3> known = {*join, "Next", "Comment"};
    LAGOA_TRY(reader.allow_only(fmt::format("a rule with {}", *join), known));
    ChoiceRule rule;
    std::vector<std::pair<std::string, const json::Value*>> parts;
    if (*join == "Not") {
        rule.kind = ChoiceRule::Kind::kNot;
        parts.emplace_back(reader.pointer_to(*join), reader.find(*join));
    } else {
        rule.kind = *join == "And" ? ChoiceRule::Kind::kAnd : ChoiceRule::Kind::kOr;
        const json::Array* items = LAGOA_TRY(reader.required_array(*join));
        for (std::size_t i = 0; i < items->size(); ++i)
            parts.emplace_back(fmt::format("{}/{}", reader.pointer_to(*join), i), &(*items)[i]);
    }
    for (const auto& [pointer, value] : parts) {
        const FieldReader part = LAGOA_TRY(FieldReader::open(reader.document(), pointer, *value));
        if (part.has("Next")) return part.wrong("Next", "Next belongs to the outermost rule");
        rule.parts.push_back(LAGOA_TRY(parse_choice_rule(part)));
    }
    return rule;
}

Outcome<bool> holds(const ChoiceRule& rule, const Evaluation& evaluation) {
    if (rule.kind == ChoiceRule::Kind::kComparison) return holds(rule.comparison, evaluation);
    if (rule.kind == ChoiceRule::Kind::kNot) return !LAGOA_TRY(holds(rule.parts[0], evaluation));
    // The first part that decides ends it: `IsPresent` in front guards the comparison behind.
    const bool decisive = rule.kind == ChoiceRule::Kind::kOr;
    for (const ChoiceRule& part : rule.parts) {
        const bool found = LAGOA_TRY(holds(part, evaluation));
        if (found == decisive) return decisive;
    }
    return !decisive;
}

bool matches_pattern(std::string_view text, std::string_view pattern) {
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;  // where the last `*` stands, and how much text it has taken
    std::size_t taken = 0;
    while (t < text.size() || p < pattern.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            taken = t;
            continue;
        }
        const bool escape =
            p + 1 < pattern.size() && pattern[p] == '\\' && (pattern[p + 1] == '*' || pattern[p + 1] == '\\');
        const std::size_t literal = escape ? p + 1 : p;
        if (t < text.size() && literal < pattern.size() && text[t] == pattern[literal]) {
            ++t;
            p = literal + 1;
            continue;
        }
        if (star == std::string_view::npos || taken >= text.size()) return false;
        t = ++taken;  // the star takes one more character
        p = star;
    }
    return true;
}

}  // namespace lagoa::flow
