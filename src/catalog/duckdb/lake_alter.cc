#include "catalog/duckdb/lake_alter.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "duckdb/parser/expression/cast_expression.hpp"
#include "duckdb/parser/parsed_data/alter_table_info.hpp"
#include "duckdb/parser/parsed_data/comment_on_column_info.hpp"

#include "base/text.h"
#include "catalog/duckdb/lake_insert.h"
#include "catalog/duckdb/spark_text.h"
#include "catalog/duckdb/table_options.h"
#include "catalog/impl/rule_change.h"
#include "catalog/impl/schema_plan.h"
#include "delta/column_rules.h"
#include "delta/schema_change.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"
#include "model/schema_delta.h"

namespace lagoa {
namespace {

using Path = std::vector<std::string>;

// A change of the metadata, or why there is none, with what the commit says of it.
struct Alteration {
    Result<delta::Metadata> metadata;
    std::string operation;
    json::Object parameters;
    std::optional<ErrorCode> ignored = {};  // the error that IF [NOT] EXISTS forgives
};

[[noreturn]] void refuse(std::string_view what, std::string_view hint = "") {
    raise({ErrorCode::kUnsupported, fmt::format("{} is not supported in the lake", what), std::string(hint)});
}

std::string print(const Path& path) {
    return fmt::format("{}", fmt::join(path, "."));
}

std::string text_of(const duckdb::Value& comment) {
    return comment.IsNull() ? "" : comment.ToString();
}

Path to_path(const duckdb::vector<duckdb::string>& names) {
    return {names.begin(), names.end()};
}

Alteration add(delta::Metadata metadata, const Path& parent, const duckdb::ColumnDefinition& column, bool if_absent) {
    if (column.Generated()) refuse("a generated column");
    if (column.HasDefaultValue())
        refuse("ADD COLUMN … DEFAULT", "Add the column, then ALTER COLUMN … SET DEFAULT, which is for new rows.");
    Field field{.name = column.Name(), .type = from_duckdb(column.Type())};
    unwrap(check_column_name(field.name));
    const Schema added{{field}};
    Alteration done{.metadata = delta::add_column(std::move(metadata), parent, std::move(field)),
                    .operation = "ADD COLUMNS",
                    .parameters = {}};
    json::Array columns = *to_delta(added).find("fields")->array();
    Path path = parent;
    path.push_back(column.Name());
    done.parameters = json::make_object(
        {{"columns", json::dump(json::Array{json::make_object({{"column", columns.at(0)}, {"path", print(path)}})})}});
    if (if_absent) done.ignored = ErrorCode::kAlreadyExists;
    return done;
}

Alteration rename(delta::Metadata metadata, const Path& path, const std::string& new_name) {
    unwrap(check_column_name(new_name));
    Path renamed = path;
    renamed.back() = new_name;
    return {.metadata = delta::rename_column(std::move(metadata), path, new_name),
            .operation = "RENAME COLUMN",
            .parameters = json::make_object({{"oldColumnPath", print(path)}, {"newColumnPath", print(renamed)}})};
}

Alteration drop(delta::Metadata metadata, const Path& path, bool if_there) {
    Alteration done{.metadata = delta::drop_column(std::move(metadata), path),
                    .operation = "DROP COLUMNS",
                    .parameters = json::make_object({{"columns", json::dump(json::Array{print(path)})}})};
    if (if_there) done.ignored = ErrorCode::kNotFound;
    return done;
}

Alteration change_type(delta::Metadata metadata, const duckdb::ChangeColumnTypeInfo& info) {
    const auto* cast = info.expression && info.expression->GetExpressionClass() == duckdb::ExpressionClass::CAST
                           ? &info.expression->Cast<duckdb::CastExpression>()
                           : nullptr;
    if (info.expression && (cast == nullptr || cast->child->GetExpressionType() != duckdb::ExpressionType::COLUMN_REF))
        refuse("SET DATA TYPE … USING", "Write the table anew: CREATE OR REPLACE TABLE … AS SELECT …");
    const Path path{info.column_name};
    const Type type = from_duckdb(info.target_type);
    return {.metadata = delta::widen_column(std::move(metadata), path, type),
            .operation = "CHANGE COLUMN",
            .parameters = json::make_object({{"column", print(path)}, {"type", to_sql(type)}})};
}

Alteration allow_null(delta::Metadata metadata, const std::string& column) {
    const Path path{column};
    return {.metadata = delta::drop_not_null(std::move(metadata), path),
            .operation = "CHANGE COLUMN",
            .parameters = json::make_object({{"column", column}, {"nullable", true}})};
}

// DuckDB's SET DEFAULT without an expression is its DROP DEFAULT.
Alteration change_default(delta::Metadata metadata, const duckdb::SetDefaultInfo& info) {
    const Field* const found = metadata.schema.find(info.column_name);
    if (found == nullptr) raise({ErrorCode::kNotFound, fmt::format("there is no column {}", info.column_name)});
    Field& field = metadata.schema.fields[static_cast<std::size_t>(found - metadata.schema.fields.data())];
    json::Object parameters = json::make_object({{"column", field.name}});
    if (info.expression) {
        const std::string text = to_spark_text(*info.expression);
        if (const auto fits = check_column_default(field, text); !fits)
            return {.metadata = pass_on(fits.error(), "DEFAULT of {} ({})", field.name, text),
                    .operation = {},
                    .parameters = {}};
        field.metadata.set(delta::kDefaultExpression, text);
        parameters.set("default", text);
    } else {
        field.metadata.erase(delta::kDefaultExpression);
    }
    return {.metadata = std::move(metadata), .operation = "CHANGE COLUMN", .parameters = std::move(parameters)};
}

Alteration set_properties(delta::Metadata metadata, const TableOptions& options) {
    json::Object properties;
    for (const auto& [name, value] : table_properties(options)) {
        properties.set(name, value);
        metadata.configuration[name] = value;
    }
    return {.metadata = std::move(metadata),
            .operation = "SET TBLPROPERTIES",
            .parameters = json::make_object({{"properties", json::dump(properties)}})};
}

Alteration reset_properties(delta::Metadata metadata, const duckdb::case_insensitive_set_t& names) {
    json::Array properties;
    for (const auto& lowered : names) {
        const std::string name = property_name(lowered);
        properties.emplace_back(name);
        metadata.configuration.erase(name);
    }
    return {.metadata = std::move(metadata),
            .operation = "UNSET TBLPROPERTIES",
            .parameters = json::make_object({{"properties", json::dump(properties)}, {"ifExists", true}})};
}

Alteration alter_table(delta::Metadata metadata, const duckdb::AlterTableInfo& info) {
    using enum duckdb::AlterTableType;
    switch (info.alter_table_type) {
        case ADD_COLUMN: {
            const auto& added = info.Cast<duckdb::AddColumnInfo>();
            return add(std::move(metadata), {}, added.new_column, added.if_column_not_exists);
        }
        case ADD_FIELD: {
            const auto& added = info.Cast<duckdb::AddFieldInfo>();
            return add(std::move(metadata), to_path(added.column_path), added.new_field, added.if_field_not_exists);
        }
        case RENAME_COLUMN: {
            const auto& renamed = info.Cast<duckdb::RenameColumnInfo>();
            return rename(std::move(metadata), {renamed.old_name}, renamed.new_name);
        }
        case RENAME_FIELD: {
            const auto& renamed = info.Cast<duckdb::RenameFieldInfo>();
            return rename(std::move(metadata), to_path(renamed.column_path), renamed.new_name);
        }
        case REMOVE_COLUMN: {
            const auto& removed = info.Cast<duckdb::RemoveColumnInfo>();
            return drop(std::move(metadata), {removed.removed_column}, removed.if_column_exists);
        }
        case REMOVE_FIELD: {
            const auto& removed = info.Cast<duckdb::RemoveFieldInfo>();
            return drop(std::move(metadata), to_path(removed.column_path), removed.if_column_exists);
        }
        case ALTER_COLUMN_TYPE:
            return change_type(std::move(metadata), info.Cast<duckdb::ChangeColumnTypeInfo>());
        case DROP_NOT_NULL:
            return allow_null(std::move(metadata), info.Cast<duckdb::DropNotNullInfo>().column_name);
        case SET_DEFAULT:
            return change_default(std::move(metadata), info.Cast<duckdb::SetDefaultInfo>());
        case SET_TABLE_OPTIONS:
            return set_properties(std::move(metadata), info.Cast<duckdb::SetTableOptionsInfo>().table_options);
        case RESET_TABLE_OPTIONS:
            return reset_properties(std::move(metadata), info.Cast<duckdb::ResetTableOptionsInfo>().table_options);
        default:
            refuse(info.ToString());
    }
}

Alteration alter(delta::Metadata metadata, const duckdb::AlterInfo& info) {
    switch (info.type) {
        case duckdb::AlterType::ALTER_TABLE:
            return alter_table(std::move(metadata), info.Cast<duckdb::AlterTableInfo>());
        case duckdb::AlterType::SET_COMMENT: {
            metadata.description = text_of(info.Cast<duckdb::SetCommentInfo>().comment_value);
            json::Object parameters =
                json::make_object({{"properties", json::dump(json::make_object({{"comment", metadata.description}}))}});
            return {
                .metadata = std::move(metadata), .operation = "SET TBLPROPERTIES", .parameters = std::move(parameters)};
        }
        case duckdb::AlterType::SET_COLUMN_COMMENT: {
            const auto& comment = info.Cast<duckdb::SetColumnCommentInfo>();
            const Path path{comment.column_name};
            return {.metadata = delta::comment_column(std::move(metadata), path, text_of(comment.comment_value)),
                    .operation = "CHANGE COLUMN",
                    .parameters = json::make_object(
                        {{"column", comment.column_name}, {"comment", text_of(comment.comment_value)}})};
        }
        default:
            refuse(info.ToString());
    }
}

// Columns that are added or dropped together are one list; what else is done to them, such as a comment, is not told.
void join_parameters(json::Object& parameters, const Alteration& more) {
    constexpr std::string_view kColumns = "columns";
    const auto columns = [](const json::Object& of) -> std::optional<json::Array> {
        const auto list = json::parse(json::Value(of).string_at(kColumns).value_or(""));
        return list && list->is_array() ? std::optional(*list->array()) : std::nullopt;
    };
    auto joined = columns(parameters);
    const auto added = columns(more.parameters);
    if (!joined || !added) return;
    joined->insert(joined->end(), added->begin(), added->end());
    parameters.set(kColumns, json::dump(*std::move(joined)));
}

}  // namespace

std::optional<RuleChange> rule_change_of(const duckdb::AlterInfo& info) {
    if (info.type != duckdb::AlterType::ALTER_TABLE) return std::nullopt;
    const auto& table = info.Cast<duckdb::AlterTableInfo>();
    if (table.alter_table_type != duckdb::AlterTableType::SET_NOT_NULL) return std::nullopt;
    return RuleChange{.kind = RuleChange::Kind::kSetNotNull,
                      .name = table.Cast<duckdb::SetNotNullInfo>().column_name,
                      .text = {},
                      .columns = {}};
}

std::optional<TableWrite> table_alteration(LakeTransaction& transaction, const TableName& table,
                                           std::span<const duckdb::AlterInfo* const> changes) {
    check_no_contract(transaction, table);
    TableWrite write = transaction.begin_write(table);
    std::optional<Alteration> first;
    for (const duckdb::AlterInfo* const info : changes) {
        Alteration altered = alter(write.metadata, *info);
        if (!altered.metadata) {
            if (altered.metadata.error().code == altered.ignored) continue;
            raise({altered.metadata.error().code,
                   fmt::format("altering {}: {}", table.text(), altered.metadata.error().message),
                   altered.metadata.error().hint});
        }
        write.metadata = *altered.metadata;
        if (first)
            join_parameters(first->parameters, altered);
        else
            first = std::move(altered);
    }
    if (!first) return std::nullopt;
    write.protocol = unwrap(prepare_metadata(write.metadata, write.base.get()));
    if (!write.changes_metadata) {  // else the transaction has created or altered it: that is what it is
        write.operation = std::move(first->operation);
        write.operation_parameters = std::move(first->parameters);
    }
    write.changes_metadata = true;
    return write;
}

}  // namespace lagoa
