#include "catalog/duckdb/column_matching.h"

#include <algorithm>

#include "duckdb/parser/expression/constant_expression.hpp"

#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::MultiFileColumnDefinition;
using duckdb::StringUtil;

// What DuckDB calls the parts of lists and maps when it remaps them.
constexpr const char* kElement = "list";
constexpr const char* kKey = "key";
constexpr const char* kValue = "value";

bool holds_struct(const Type& type) {
    return type.kind == TypeKind::kStruct ||
           std::ranges::any_of(type.children, [](const Field& part) { return holds_struct(part.type); });
}

// Lists and maps without a struct in them are cast as a whole: no parts.
MultiFileColumnDefinition definition(const std::string& name, const Type& type) {
    MultiFileColumnDefinition column(name, to_duckdb(type));
    if (type.kind == TypeKind::kStruct) {
        for (const Field& member : type.children) column.children.push_back(definition(member.name, member.type));
    } else if (type.kind == TypeKind::kList && holds_struct(type)) {
        column.children.push_back(definition(kElement, type.children[0].type));
    } else if (type.kind == TypeKind::kMap && holds_struct(type)) {
        column.children.push_back(definition(kKey, type.children[0].type));
        column.children.push_back(definition(kValue, type.children[1].type));
    }
    return column;
}

bool is_time(const LogicalType& type) {
    return type.id() == LogicalTypeId::TIMESTAMP || type.id() == LogicalTypeId::TIMESTAMP_TZ;
}

// An instant and a wall-clock time of microseconds are the same integers and are taken for each other without DuckDB's
// cast, which would shift them by the session's time zone. (Spark's INT96 instants carry no zone in Parquet.)
LogicalType read_as(const LogicalType& local, const LogicalType& wanted) {
    return is_time(local) && is_time(wanted) ? wanted : local;
}

void simplify_column(MultiFileColumnDefinition& of_table, const MultiFileColumnDefinition& of_file) {
    if (of_table.type.id() == LogicalTypeId::MAP) {
        if (of_table.type == of_file.type) of_table.children.clear();
        return;
    }
    for (auto& child : of_table.children) {
        const auto same = std::ranges::find_if(
            of_file.children, [&](const auto& column) { return StringUtil::CIEquals(column.name, child.name); });
        if (same != of_file.children.end()) simplify_column(child, *same);
    }
}

bool has_ids(const FileColumns& columns) {
    return std::ranges::any_of(columns, [](const auto& column) { return !column.identifier.IsNull(); });
}

}  // namespace

ColumnMatcher::ColumnMatcher(const delta::Metadata& metadata)
    : schema_(metadata.schema), by_id_(unwrap(delta::column_mapping_of(metadata)) == delta::ColumnMapping::kId) {}

FileColumns ColumnMatcher::table_columns() const {
    FileColumns columns;
    for (const Field& field : schema_.fields) {
        columns.push_back(definition(field.name, field.type));
        auto& column = columns.back();
        column.default_expression = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(column.type));
    }
    return columns;
}

const Field* ColumnMatcher::find(const std::vector<Field>& fields, const MultiFileColumnDefinition& column) const {
    const bool has_id = !column.identifier.IsNull();
    const auto found = std::ranges::find_if(fields, [&](const Field& field) {
        const auto id = by_id_ ? delta::field_id(field) : std::nullopt;
        if (id) return has_id && *id == column.GetIdentifierFieldId();
        return StringUtil::CIEquals(delta::physical_name(field), column.name);  // a change file's _change_type, too
    });
    return found == fields.end() ? nullptr : &*found;
}

void ColumnMatcher::rename_members(const std::vector<Field>& fields, FileColumns& columns) const {
    const auto is_field = [&](const std::string& name) {
        return std::ranges::any_of(fields, [&](const Field& field) { return StringUtil::CIEquals(field.name, name); });
    };
    for (auto& column : columns) {
        if (const Field* const field = find(fields, column); field != nullptr) {
            match_type(field->type, column);
            column.name = field->name;
        } else {
            // A dropped column may have the physical name that a newer one bears now.
            while (is_field(column.name)) column.name += " (dropped)";
        }
        column.identifier = duckdb::Value();
    }
}

void ColumnMatcher::match_type(const Type& type, MultiFileColumnDefinition& column) const {
    auto& children = column.children;
    if (type.kind == TypeKind::kStruct && column.type.id() == LogicalTypeId::STRUCT) {
        rename_members(type.children, children);
        duckdb::child_list_t<LogicalType> members;
        for (const auto& child : children) members.emplace_back(child.name, child.type);
        column.type = LogicalType::STRUCT(std::move(members));
    } else if (type.kind == TypeKind::kList && column.type.id() == LogicalTypeId::LIST && children.size() == 1) {
        match_type(type.children[0].type, children[0]);
        children[0].name = kElement;
        children[0].identifier = duckdb::Value();
        column.type = LogicalType::LIST(children[0].type);
        if (!holds_struct(type)) children.clear();
    } else if (type.kind == TypeKind::kMap && column.type.id() == LogicalTypeId::MAP && children.size() == 1 &&
               children[0].children.size() == 2) {
        auto& parts = children[0].children;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            match_type(type.children[i].type, parts[i]);
            parts[i].name = i == 0 ? kKey : kValue;
            parts[i].identifier = duckdb::Value();
        }
        column.type = LogicalType::MAP(parts[0].type, parts[1].type);
        if (!holds_struct(type) || column.type == to_duckdb(type)) children.clear();
    } else {
        column.type = read_as(column.type, to_duckdb(type));
    }
}

void ColumnMatcher::rename(FileColumns& columns, const std::string& file) const {
    if (by_id_ && !has_ids(columns))
        raise({ErrorCode::kCorruption,
               "reading " + file + ": the table finds columns by field id, and the file has no ids"});
    rename_members(schema_.fields, columns);
}

void ColumnMatcher::simplify(FileColumns& table_columns, const FileColumns& file_columns) {
    for (auto& column : table_columns) {
        const auto same = std::ranges::find_if(
            file_columns, [&](const auto& local) { return StringUtil::CIEquals(local.name, column.name); });
        if (same != file_columns.end()) simplify_column(column, *same);
    }
}

}  // namespace lagoa
