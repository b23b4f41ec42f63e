#include "catalog/duckdb/row_tracking.h"

#include <algorithm>
#include <optional>

#include "duckdb/function/function_binder.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_operator_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"

#include "delta/table_properties.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::Value;
using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

ExpressionPtr constant(const std::optional<std::int64_t>& value) {
    return duckdb::make_uniq<duckdb::BoundConstantExpression>(value ? Value::BIGINT(*value)
                                                                    : Value(LogicalType::BIGINT));
}

ExpressionPtr reference(duckdb::idx_t place) {
    return duckdb::make_uniq<duckdb::BoundReferenceExpression>(LogicalType::BIGINT, place);
}

ExpressionPtr sum(duckdb::ClientContext& context, ExpressionPtr left, ExpressionPtr right) {
    duckdb::vector<ExpressionPtr> operands;
    operands.push_back(std::move(left));
    operands.push_back(std::move(right));
    duckdb::ErrorData error;
    auto result =
        duckdb::FunctionBinder(context).BindScalarFunction(DEFAULT_SCHEMA, "+", std::move(operands), error, true);
    if (!result) error.Throw();
    return result;
}

std::optional<duckdb::idx_t> materialized_column(const delta::Metadata& metadata, std::string_view property,
                                                 const duckdb::BaseFileReader& reader) {
    const auto name = delta::property_of(metadata, property);
    if (!name) return std::nullopt;
    const auto column = std::ranges::find_if(reader.columns, [&](const auto& local) { return local.name == *name; });
    if (column == reader.columns.end() || column->type != LogicalType::BIGINT) return std::nullopt;
    return static_cast<duckdb::idx_t>(column - reader.columns.begin());
}

}  // namespace

bool has_row_tracking(const delta::Metadata& metadata) {
    return delta::is_enabled(metadata, delta::kRowTrackingProperty);
}

ExpressionPtr row_tracking_expression(duckdb::ClientContext& context, duckdb::column_t column,
                                      const delta::Metadata& metadata, const delta::AddFile& file,
                                      duckdb::BaseFileReader& reader, duckdb::idx_t place) {
    const bool is_row_id = column == kRowIdColumn;
    const auto materialized = materialized_column(
        metadata, is_row_id ? delta::kRowIdColumnProperty : delta::kRowCommitVersionColumnProperty, reader);
    ExpressionPtr stored;
    if (materialized) {
        reader.column_ids.push_back(duckdb::MultiFileLocalColumnId(*materialized));
        reader.column_indexes.emplace_back(*materialized);
        stored = reference(place++);
    }
    ExpressionPtr fallback;
    if (is_row_id && file.base_row_id)
        fallback = sum(context, reference(place), constant(file.base_row_id));
    else
        fallback = constant(is_row_id ? std::nullopt : file.default_row_commit_version);
    if (!stored) return fallback;
    auto either = duckdb::make_uniq<duckdb::BoundOperatorExpression>(duckdb::ExpressionType::OPERATOR_COALESCE,
                                                                     LogicalType::BIGINT);
    either->children.push_back(std::move(stored));
    either->children.push_back(std::move(fallback));
    return either;
}

}  // namespace lagoa
