#include "catalog/duckdb/creation_clauses.h"

#include <algorithm>

#include "duckdb/common/string_util.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"

#include "base/text.h"
#include "codec/json.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kOption = "lagoa.creation";

json::Object to_json(const ColumnClauses& clauses) {
    json::Object object = json::make_object({{"column", clauses.column}});
    if (clauses.comment) object.set("comment", *clauses.comment);
    if (clauses.identity)
        object.set("identity", json::make_object({{"start", clauses.identity->start},
                                                  {"step", clauses.identity->step},
                                                  {"explicit", clauses.identity->allow_explicit}}));
    return object;
}

std::int64_t integer(const json::Value& object, std::string_view key) {
    const json::Value* value = object.find(key);
    const auto number = value != nullptr && value->is_number() ? value->number()->to_int64() : std::nullopt;
    if (!number) raise({ErrorCode::kInvalidArgument, fmt::format("{}: no number {}", kOption, key)});
    return *number;
}

ColumnClauses column_of(const json::Value& value) {
    ColumnClauses clauses{.column = value.string_at("column").value_or(""), .comment = {}, .identity = {}};
    if (const auto comment = value.string_at("comment")) clauses.comment = *comment;
    if (const json::Value* identity = value.find("identity"))
        clauses.identity = {.start = integer(*identity, "start"),
                            .step = integer(*identity, "step"),
                            .allow_explicit = identity->find("explicit") != nullptr &&
                                              identity->find("explicit")->is_bool() &&
                                              *identity->find("explicit")->boolean()};
    return clauses;
}

}  // namespace

std::string to_option(const CreationClauses& clauses) {
    json::Object object;
    if (clauses.comment) object.set("comment", *clauses.comment);
    json::Array columns;
    for (const ColumnClauses& column : clauses.columns) columns.push_back(to_json(column));
    object.set("clusterBy", json::Array(clauses.cluster_by.begin(), clauses.cluster_by.end()));
    object.set("columns", std::move(columns));
    return fmt::format("{} = {}", quote_literal(kOption), quote_literal(json::dump(object)));
}

CreationClauses take_creation_clauses(TableOptions& options) {
    CreationClauses clauses;
    const auto option = options.find(kOption);
    if (option == options.end()) return clauses;
    std::string text;
    if (option->second->GetExpressionType() == duckdb::ExpressionType::VALUE_CONSTANT)
        text = option->second->Cast<duckdb::ConstantExpression>().value.ToString();
    const json::Value value = unwrap(json::parse(text));
    options.erase(option);
    if (const auto comment = value.string_at("comment")) clauses.comment = *comment;
    if (const json::Value* cluster = value.find("clusterBy"); cluster != nullptr && cluster->is_array())
        for (const json::Value& column : *cluster->array())
            if (column.is_string()) clauses.cluster_by.push_back(*column.string());
    if (const json::Value* columns = value.find("columns"); columns != nullptr && columns->is_array())
        for (const json::Value& column : *columns->array()) clauses.columns.push_back(column_of(column));
    return clauses;
}

void apply_clauses(const CreationClauses& clauses, delta::Metadata& metadata) {
    if (clauses.comment) metadata.description = *clauses.comment;
    for (const ColumnClauses& column : clauses.columns) {
        const auto field = std::ranges::find_if(metadata.schema.fields, [&](const Field& each) {
            return duckdb::StringUtil::CIEquals(each.name, column.column);
        });
        if (field == metadata.schema.fields.end())
            raise({ErrorCode::kNotFound, fmt::format("the table has no column {}", column.column)});
        if (column.comment) field->metadata.set("comment", *column.comment);
        if (!column.identity) continue;
        field->metadata.set("delta.identity.start", column.identity->start);
        field->metadata.set("delta.identity.step", column.identity->step);
        field->metadata.set("delta.identity.allowExplicitInsert", column.identity->allow_explicit);
    }
}

}  // namespace lagoa
