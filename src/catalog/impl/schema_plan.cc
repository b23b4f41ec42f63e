#include "catalog/impl/schema_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/spark_expression.h"
#include "delta/column_mapping.h"
#include "delta/column_rules.h"
#include "delta/schema_change.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

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

bool contains_void(const Type& type) {
    return type.kind == TypeKind::kVoid ||
           std::ranges::any_of(type.children, [](const Field& child) { return contains_void(child.type); });
}

// What the table's types become so that they hold a source's.
class TypeMerger {
public:
    struct Widening {
        std::vector<std::string> path;
        Type type;
    };

    explicit TypeMerger(bool may_be_widened) : may_widen_(may_be_widened) {}

    Result<Type> merge(const Type& table, const Type& source, std::vector<std::string> path) {
        if (same_type(table, source) || source.kind == TypeKind::kVoid) return table;
        if (table.kind == source.kind && !table.children.empty())
            return table.kind == TypeKind::kStruct ? merge_struct(table, source, path)
                                                   : merge_parts(table, source, path);
        if (holds(table, source)) return table;
        if (!may_widen_ || !delta::can_widen(table, source))
            return fail_with_hint(ErrorCode::kDataRejected,
                                  fmt::format("Cast it in the job: CAST({} AS {}).", path.front(), to_sql(table)),
                                  "column {} is {} in the table and {} in what is written", fmt::join(path, "."),
                                  to_sql(table), to_sql(source));
        widened.push_back({std::move(path), source});
        return source;
    }

    std::vector<Widening> widened;
    bool added = false;  // a member

private:
    Result<Type> merge_parts(const Type& table, const Type& source, const std::vector<std::string>& path) {
        Type merged = table;
        for (std::size_t i = 0; i < merged.children.size(); ++i)
            merged.children[i].type =
                LAGOA_TRY(merge(table.children[i].type, source.children[i].type, inside(path, table.children[i].name)));
        return merged;
    }

    Result<Type> merge_struct(const Type& table, const Type& source, const std::vector<std::string>& path) {
        const auto find = [](const Type& type, const Field& wanted) {
            return std::ranges::find_if(type.children,
                                        [&](const Field& f) { return to_lower(f.name) == to_lower(wanted.name); });
        };
        Type merged = table;
        std::size_t shared = 0;
        for (Field& member : merged.children) {
            const auto found = find(source, member);
            if (found == source.children.end() && !member.nullable)
                return fail(ErrorCode::kDataRejected, "{} may not be NULL and is not among what is written",
                            fmt::join(inside(path, member.name), "."));
            if (found == source.children.end()) continue;
            ++shared;
            member.type = LAGOA_TRY(merge(member.type, found->type, inside(path, member.name)));
        }
        if (shared == 0)
            return fail(ErrorCode::kDataRejected, "column {} is {} in the table and {} in what is written",
                        fmt::join(path, "."), to_sql(table), to_sql(source));
        for (const Field& member : source.children) {
            if (find(table, member) != table.children.end()) continue;
            if (contains_void(member.type))
                return fail(ErrorCode::kInvalidArgument, "new member {} is NULL and has no type",
                            fmt::join(inside(path, member.name), "."));
            merged.children.push_back(member);
            added = true;
        }
        return merged;
    }

    static std::vector<std::string> inside(std::vector<std::string> path, const std::string& name) {
        path.push_back(name);
        return path;
    }

    const bool may_widen_;
};

// Adds to `target` the members that only `merged` has.
void add_members(Type& target, const Type& merged) {
    for (std::size_t i = 0; i < merged.children.size(); ++i) {
        if (i == target.children.size()) target.children.push_back(merged.children[i]);
        add_members(target.children[i].type, merged.children[i].type);
    }
}

Result<bool> is_computed_column(const Field& field) {
    const auto identity = LAGOA_TRY(delta::identity_of(field));
    return identity || delta::generation_expression(field);
}

// What a column is in rows whose source lacks it; NULL where it is yet to be computed.
Result<std::string> value_without_source(const Field& field) {
    const auto text = delta::default_expression(field);
    if (!text) return "NULL";
    const auto value =
        LAGOA_TRY(translate_spark_as(*text, Schema{}, field.type), "the default of column {} ({})", field.name, *text);
    return value.sql;
}

using SourceColumns = std::map<std::string, const Column*>;  // by lowered name

// The table's columns, which stay, with the types they get.
Result<> plan_known(SchemaPlan& plan, const delta::Metadata& current, const SourceColumns& sources) {
    plan.metadata = current;
    TypeMerger merger(delta::is_enabled(current, "delta.enableTypeWidening"));
    std::vector<Type> merged;
    for (const Field& field : current.schema.fields) {
        const auto source = sources.find(to_lower(field.name));
        const bool is_computed = source == sources.end() && LAGOA_TRY(is_computed_column(field));
        if (is_computed) plan.computed.insert(field.name);
        if (source == sources.end() && !field.nullable && !is_computed && !delta::default_expression(field))
            return fail(ErrorCode::kDataRejected, "column {} may not be NULL and is not among what is written",
                        field.name);
        Type type = field.type;
        if (source != sources.end()) type = LAGOA_TRY(merger.merge(field.type, source->second->type, {field.name}));
        merged.push_back(std::move(type));
    }
    for (const auto& [path, type] : merger.widened)
        plan.metadata = LAGOA_TRY(delta::widen_column(std::move(plan.metadata), path, type));
    for (std::size_t i = 0; i < merged.size(); ++i) {
        Field& field = plan.metadata.schema.fields[i];
        add_members(field.type, merged[i]);
        const auto source = sources.find(to_lower(field.name));
        std::string value = source == sources.end() ? "" : quote_identifier(source->second->name);
        if (source == sources.end()) value = LAGOA_TRY(value_without_source(field));
        plan.select.push_back(select_as(value, field));
    }
    plan.changed = merger.added || !merger.widened.empty();
    return {};
}

// The columns of `what` replaces the table's: what both have under one name and type stays what it is.
Field replacing(const delta::Metadata& current, Field field) {
    const Field* const known = current.schema.find(field.name);
    if (known == nullptr || !same_type(known->type, field.type)) return field;
    return *known;
}

}  // namespace

Result<> check_column_name(std::string_view name) {
    for (const std::string_view taken : {"file_index", "filename", "file_row_number"})
        if (to_lower(name) == taken)
            return fail_with_hint(ErrorCode::kInvalidArgument, "Give the column another name.",
                                  "column {}: every table of the lake has that of its own", name);
    return {};
}

Result<SchemaPlan> plan_schema(const delta::Metadata* current, std::span<const Column> columns,
                               const std::map<std::string, std::string>& comments, Columns what) {
    SourceColumns sources;
    for (const Column& column : columns)
        if (!sources.emplace(to_lower(column.name), &column).second)
            return fail(ErrorCode::kInvalidArgument, "two columns are named {}", column.name);

    SchemaPlan plan;
    const bool evolves = current != nullptr && what == Columns::kEvolve;
    if (evolves) LAGOA_TRY(plan_known(plan, *current, sources));
    if (current != nullptr && !evolves) {
        plan.metadata = *current;
        plan.metadata.schema.fields.clear();
    }
    for (const Column& column : columns) {
        if (evolves && current->schema.find(column.name) != nullptr) continue;
        Field field = LAGOA_TRY(new_field(column, comments));
        if (current != nullptr && !evolves) field = replacing(*current, std::move(field));
        plan.select.push_back(select_as(quote_identifier(column.name), field));
        plan.metadata.schema.fields.push_back(std::move(field));
        plan.changed = true;
    }
    if (current != nullptr && !evolves) plan.changed = plan.metadata.schema != current->schema;
    for (const Field& field : plan.metadata.schema.fields) LAGOA_TRY(check_column_name(field.name));
    if (plan.metadata.schema.fields.empty())
        return fail(ErrorCode::kInvalidArgument, "a table needs at least one column");
    return plan;
}

void keep_column_mapping(delta::Metadata& metadata, const delta::Metadata& before) {
    for (const char* kept : {"delta.columnMapping.mode", "delta.columnMapping.maxColumnId"})
        if (const auto was = before.configuration.find(kept); was != before.configuration.end())
            metadata.configuration.insert(*was);
}

Result<delta::Protocol> prepare_metadata(delta::Metadata& metadata, const delta::Snapshot* base) {
    const delta::Protocol protocol = LAGOA_TRY(delta::protocol_for(metadata, base ? &base->protocol : nullptr));
    bool was_mapped = false;
    if (base) was_mapped = LAGOA_TRY(delta::column_mapping_of(base->metadata)) != delta::ColumnMapping::kNone;
    LAGOA_TRY(delta::assign_column_mapping(metadata, was_mapped, base == nullptr));
    LAGOA_TRY(delta::check_writable(protocol, metadata));
    return protocol;
}

}  // namespace lagoa
