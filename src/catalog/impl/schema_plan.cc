#include "catalog/impl/schema_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace lagoa {
namespace {

constexpr std::string_view kNtzFeature = "timestampNtz";

// Equal but for what only describes: nullability and metadata of members.
bool same_type(const Type& a, const Type& b) {
    if (a.kind != b.kind || a.precision != b.precision || a.scale != b.scale || a.children.size() != b.children.size())
        return false;
    for (std::size_t i = 0; i < a.children.size(); ++i) {
        const bool named = a.kind == TypeKind::kStruct;
        if (named && to_lower(a.children[i].name) != to_lower(b.children[i].name)) return false;
        if (!same_type(a.children[i].type, b.children[i].type)) return false;
    }
    return true;
}

// Digits of an integer type, as a decimal holds them; 0 for other types.
int integer_digits(TypeKind kind) {
    switch (kind) {
        case TypeKind::kInt8:
            return 3;
        case TypeKind::kInt16:
            return 5;
        case TypeKind::kInt32:
            return 10;
        case TypeKind::kInt64:
            return 19;
        default:
            return 0;
    }
}

// Whether every value of `from` is exactly one of `to`.
bool holds(const Type& to, const Type& from) {
    if (from.kind == TypeKind::kVoid || same_type(to, from)) return true;
    const int digits = integer_digits(from.kind);
    if (digits > 0 && integer_digits(to.kind) > digits) return true;
    if (to.kind == TypeKind::kDecimal && digits > 0) return to.precision - to.scale >= digits;
    if (to.kind == TypeKind::kDecimal && from.kind == TypeKind::kDecimal)
        return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    if (to.kind == TypeKind::kDouble) return from.kind == TypeKind::kFloat || (digits > 0 && digits <= 10);
    return false;
}

bool contains_ntz(const Type& type) {
    return type.kind == TypeKind::kTimestampNtz ||
           std::ranges::any_of(type.children, [](const Field& child) { return contains_ntz(child.type); });
}

std::string select_as(const std::string& expression, const Field& field) {
    return fmt::format("CAST({} AS {}) AS {}", expression, to_sql(field.type), quote_identifier(field.name));
}

Result<Field> new_field(const Column& column, const std::map<std::string, std::string>& comments) {
    if (column.type.kind == TypeKind::kVoid)
        return fail_with_hint(ErrorCode::kInvalidArgument,
                              fmt::format("Write CAST(NULL AS VARCHAR) AS {}.", column.name),
                              "new column {} is NULL and has no type", column.name);
    Field field{.name = column.name, .type = column.type};
    if (const auto comment = comments.find(column.name); comment != comments.end() && !comment->second.empty())
        field.metadata.set("comment", comment->second);
    return field;
}

void add_feature(std::vector<std::string>& features, std::string_view feature) {
    if (std::ranges::find(features, feature) == features.end()) features.emplace_back(feature);
}

}  // namespace

Result<> check_column_name(std::string_view name) {
    for (const std::string_view taken : {"file_index", "filename", "file_row_number"})
        if (to_lower(name) == taken)
            return fail_with_hint(ErrorCode::kInvalidArgument, "Give the column another name.",
                                  "column {}: every table of the lake has that of its own", name);
    return {};
}

Result<SchemaPlan> plan_schema(const Schema* current, std::span<const Column> columns,
                               const std::map<std::string, std::string>& comments) {
    std::map<std::string, const Column*> by_name;
    for (const Column& column : columns)
        if (!by_name.emplace(to_lower(column.name), &column).second)
            return fail(ErrorCode::kInvalidArgument, "two columns are named {}", column.name);

    SchemaPlan plan;
    plan.changed = current == nullptr;
    std::set<std::string> known;
    for (const Field& field : current ? current->fields : std::vector<Field>{}) {
        known.insert(to_lower(field.name));
        const auto source = by_name.find(to_lower(field.name));
        if (source != by_name.end() && !holds(field.type, source->second->type))
            return fail_with_hint(ErrorCode::kDataRejected,
                                  fmt::format("Cast it in the job: CAST({} AS {}).", field.name, to_sql(field.type)),
                                  "column {} is {} in the table and {} in what is written", field.name,
                                  to_sql(field.type), to_sql(source->second->type));
        if (source == by_name.end() && !field.nullable)
            return fail(ErrorCode::kDataRejected, "column {} may not be NULL and is not among what is written",
                        field.name);
        plan.select.push_back(
            select_as(source == by_name.end() ? "NULL" : quote_identifier(source->second->name), field));
        plan.schema.fields.push_back(field);
    }
    for (const Column& column : columns) {
        if (known.contains(to_lower(column.name))) continue;
        Field field = LAGOA_TRY(new_field(column, comments));
        plan.select.push_back(select_as(quote_identifier(column.name), field));
        plan.schema.fields.push_back(std::move(field));
        plan.changed = true;
    }
    for (const Field& field : plan.schema.fields) LAGOA_TRY(check_column_name(field.name));
    if (plan.schema.fields.empty()) return fail(ErrorCode::kInvalidArgument, "a table needs at least one column");
    return plan;
}

std::optional<delta::Protocol> raised_protocol(const Schema& schema, const delta::Protocol& current) {
    if (std::ranges::none_of(schema.fields, [](const Field& field) { return contains_ntz(field.type); }))
        return std::nullopt;
    if (current.min_writer_version == 7 &&
        std::ranges::find(current.writer_features, kNtzFeature) != current.writer_features.end())
        return std::nullopt;
    delta::Protocol raised = current;
    // The features that writer version 2 stands for must be named when it becomes 7.
    if (raised.min_writer_version < 7)
        for (const char* feature : {"appendOnly", "invariants"}) add_feature(raised.writer_features, feature);
    raised.min_reader_version = 3;
    raised.min_writer_version = 7;
    add_feature(raised.reader_features, kNtzFeature);
    add_feature(raised.writer_features, kNtzFeature);
    return raised;
}

}  // namespace lagoa
