#include "delta/column_rules.h"

#include <algorithm>

namespace lagoa::delta {
namespace {

constexpr std::string_view kStart = "delta.identity.start";
constexpr std::string_view kStep = "delta.identity.step";
constexpr std::string_view kMark = "delta.identity.highWaterMark";
constexpr std::string_view kAllowExplicit = "delta.identity.allowExplicitInsert";

std::optional<std::string> text_of(const Field& column, std::string_view member) {
    const json::Value* const value = column.metadata.find(member);
    return value != nullptr && value->is_string() ? std::optional(*value->string()) : std::nullopt;
}

std::optional<std::int64_t> number_of(const Field& column, std::string_view member) {
    const json::Value* const value = column.metadata.find(member);
    return value != nullptr && value->is_number() ? value->number()->to_int64() : std::nullopt;
}

bool has_identity(const Field& column) {
    return std::ranges::any_of(column.metadata,
                               [](const auto& member) { return member.first.starts_with(kIdentityPrefix); });
}

// `{"expression": {"expression": "x > 3"}}`
Result<std::string> invariant_of(const std::string& name, const json::Value& member) {
    const auto value = member.is_string() ? json::parse(*member.string()) : Result<json::Value>(json::Value());
    const json::Value* const outer = value ? value->find("expression") : nullptr;
    const auto text = outer == nullptr ? std::nullopt : outer->string_at("expression");
    if (!text) return fail(ErrorCode::kCorruption, "column {}: its {} is no expression", name, kInvariants);
    return *text;
}

Result<> add_invariants(const std::vector<Field>& fields, const std::string& parent, bool is_inside_list,
                        std::vector<RowCondition>& conditions) {
    for (const Field& field : fields) {
        const std::string name = parent + field.name;
        if (const json::Value* const member = field.metadata.find(kInvariants)) {
            if (is_inside_list) return fail(ErrorCode::kUnsupported, "{} has an invariant, inside a list or map", name);
            std::string expression = LAGOA_TRY(invariant_of(name, *member));
            conditions.push_back({.name = name, .expression = std::move(expression)});
        }
        const bool is_list = field.type.kind == TypeKind::kList || field.type.kind == TypeKind::kMap;
        LAGOA_TRY(add_invariants(field.type.children, name + ".", is_inside_list || is_list, conditions));
    }
    return {};
}

bool has_invariant(const std::vector<Field>& fields) {
    return std::ranges::any_of(fields, [](const Field& field) {
        return field.metadata.contains(kInvariants) || has_invariant(field.type.children);
    });
}

}  // namespace

Result<std::vector<RowCondition>> row_conditions(const Metadata& metadata) {
    std::vector<RowCondition> conditions;
    for (const auto& [name, value] : metadata.configuration)
        if (name.starts_with(kConstraintProperty))
            conditions.push_back({.name = name.substr(kConstraintProperty.size()), .expression = value});
    LAGOA_TRY(add_invariants(metadata.schema.fields, "", false, conditions));
    return conditions;
}

std::optional<std::string> generation_expression(const Field& column) {
    return text_of(column, kGenerationExpression);
}

std::optional<std::string> default_expression(const Field& column) {
    return text_of(column, kDefaultExpression);
}

Result<std::optional<IdentityColumn>> identity_of(const Field& column) {
    if (!has_identity(column)) return std::nullopt;
    const auto start = number_of(column, kStart);
    const auto step = number_of(column, kStep);
    const auto mark = number_of(column, kMark);
    const json::Value* const is_allowed = column.metadata.find(kAllowExplicit);
    const bool has_bad_mark = column.metadata.contains(kMark) && !column.metadata.find(kMark)->is_null() && !mark;
    if (!start || !step || *step == 0 || has_bad_mark || is_allowed == nullptr || !is_allowed->is_bool())
        return fail(ErrorCode::kCorruption, "identity column {}: start, step or what it allows cannot be read",
                    column.name);
    return IdentityColumn{
        .start = *start, .step = *step, .allow_explicit = *is_allowed->boolean(), .high_water_mark = mark};
}

void set_identity(Field& column, const IdentityColumn& identity) {
    column.metadata.set(kStart, identity.start);
    column.metadata.set(kStep, identity.step);
    column.metadata.set(kAllowExplicit, identity.allow_explicit);
    if (identity.high_water_mark) column.metadata.set(kMark, *identity.high_water_mark);
}

void set_identity_marks(Metadata& metadata, const std::map<std::string, std::int64_t>& marks) {
    for (Field& field : metadata.schema.fields)
        if (const auto mark = marks.find(field.name); mark != marks.end()) field.metadata.set(kMark, mark->second);
}

bool has_row_rules(const Metadata& metadata) {
    const auto is_rule = [](const Field& field) {
        return has_identity(field) || field.metadata.contains(kGenerationExpression) ||
               field.metadata.contains(kDefaultExpression);
    };
    return std::ranges::any_of(metadata.schema.fields, is_rule) || has_invariant(metadata.schema.fields) ||
           std::ranges::any_of(metadata.configuration,
                               [](const auto& property) { return property.first.starts_with(kConstraintProperty); });
}

}  // namespace lagoa::delta
