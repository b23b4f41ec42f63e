#include "catalog/duckdb/bound_rule.h"

#include "duckdb/parser/parser.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/expression_binder/check_binder.hpp"

#include "engine/duckdb/types.h"

namespace lagoa {

RuleBinder::RuleBinder(duckdb::ClientContext& context, const Schema& schema) : context_(context), schema_(schema) {
    for (const Field& field : schema.fields)
        columns_.AddColumn(duckdb::ColumnDefinition(field.name, to_duckdb(field.type)));
}

duckdb::unique_ptr<duckdb::Expression> RuleBinder::bind(const std::string& sql, const duckdb::LogicalType& type) const {
    // The parser's own options, not the session's, which may change what `/` means.
    auto parsed = duckdb::Parser::ParseExpressionList(sql);
    const auto binder = duckdb::Binder::CreateBinder(context_);
    duckdb::physical_index_set_t used;
    duckdb::CheckBinder of_columns(*binder, context_, "", columns_, used);
    of_columns.target_type = type;
    return of_columns.Bind(parsed.at(0));
}

std::vector<std::size_t> RuleBinder::indexes(const SparkExpression& expression) const {
    std::vector<std::size_t> indexes;
    for (std::size_t i = 0; i < schema_.fields.size(); ++i)
        if (expression.columns.contains(schema_.fields[i].name)) indexes.push_back(i);
    return indexes;
}

}  // namespace lagoa
