#include "catalog/duckdb/file_pruning.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/planner/expression/list.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"
#include "duckdb/planner/filter/list.hpp"

#include "catalog/duckdb/column_bounds.h"

namespace lagoa {
namespace {

using duckdb::ExpressionType;
using duckdb::LogicalType;
using duckdb::TableFilterType;
using duckdb::Value;

// One pushed filter and the column, or member of a struct, that it is about.
struct ColumnFilter {
    const duckdb::TableFilter* filter;
    std::optional<LoggedColumn> column;  // nullopt: file_index
};

bool may_compare(ExpressionType comparison, const Value& filter_constant, const ColumnBounds& bounds) {
    Value constant = filter_constant;
    if (constant.IsNull() || !constant.DefaultTryCastAs(bounds.compared_as)) return true;
    if (bounds.only_null) return false;
    const auto& [low, high] = std::tie(bounds.minimum, bounds.maximum);
    switch (comparison) {
        case ExpressionType::COMPARE_EQUAL:
            // NaN is only equal to NaN, which is above every maximum.
            if (high && *high < constant) return bounds.may_have_nan && !(std::isfinite(constant.GetValue<double>()));
            return !(low && *low > constant);
        case ExpressionType::COMPARE_GREATERTHAN:
            return bounds.may_have_nan || !high || *high > constant;
        case ExpressionType::COMPARE_GREATERTHANOREQUALTO:
            return bounds.may_have_nan || !high || *high >= constant;
        case ExpressionType::COMPARE_LESSTHAN:
            return !low || *low < constant;
        case ExpressionType::COMPARE_LESSTHANOREQUALTO:
            return !low || *low <= constant;
        case ExpressionType::COMPARE_NOTEQUAL:
            return !(bounds.exact && low && high && *low == constant && *high == constant);
        default:
            return true;
    }
}

bool is_column(const duckdb::Expression& expression) {
    return expression.GetExpressionType() == ExpressionType::BOUND_REF;
}

bool may_match_comparison(const duckdb::BoundComparisonExpression& comparison, const ColumnBounds& bounds) {
    const bool flipped = is_column(*comparison.right);
    const auto& column = flipped ? comparison.right : comparison.left;
    const auto& other = flipped ? comparison.left : comparison.right;
    if (!is_column(*column) || other->GetExpressionType() != ExpressionType::VALUE_CONSTANT) return true;
    const ExpressionType type = comparison.GetExpressionType();
    return may_compare(flipped ? duckdb::FlipComparisonExpression(type) : type,
                       other->Cast<duckdb::BoundConstantExpression>().value, bounds);
}

// A predicate that DuckDB keeps as an expression over the one column: what of it we can judge.
bool may_match_expression(const duckdb::Expression& expression, const ColumnBounds& bounds) {
    const auto may_match_child = [&](const auto& child) { return may_match_expression(*child, bounds); };
    switch (expression.GetExpressionType()) {
        case ExpressionType::OPERATOR_IS_NULL:
            return bounds.may_have_null || !is_column(*expression.Cast<duckdb::BoundOperatorExpression>().children[0]);
        case ExpressionType::OPERATOR_IS_NOT_NULL:
            return !bounds.only_null || !is_column(*expression.Cast<duckdb::BoundOperatorExpression>().children[0]);
        case ExpressionType::CONJUNCTION_AND:
            return std::ranges::all_of(expression.Cast<duckdb::BoundConjunctionExpression>().children, may_match_child);
        case ExpressionType::CONJUNCTION_OR:
            return std::ranges::any_of(expression.Cast<duckdb::BoundConjunctionExpression>().children, may_match_child);
        default:
            return expression.GetExpressionClass() != duckdb::ExpressionClass::BOUND_COMPARISON ||
                   may_match_comparison(expression.Cast<duckdb::BoundComparisonExpression>(), bounds);
    }
}

bool may_match(duckdb::ClientContext& context, const duckdb::TableFilter& filter, const ColumnBounds& bounds);

bool may_match_dynamic(duckdb::ClientContext& context, const duckdb::DynamicFilter& filter,
                       const ColumnBounds& bounds) {
    if (!filter.filter_data) return true;
    const duckdb::lock_guard<duckdb::mutex> guard(filter.filter_data->lock);
    const bool known = filter.filter_data->initialized && filter.filter_data->filter;
    return !known || may_match(context, *filter.filter_data->filter, bounds);
}

bool may_match(duckdb::ClientContext& context, const duckdb::TableFilter& filter, const ColumnBounds& bounds) {
    const auto may_match_child = [&](const auto& child) { return may_match(context, *child, bounds); };
    switch (filter.filter_type) {
        case TableFilterType::CONSTANT_COMPARISON: {
            const auto& comparison = filter.Cast<duckdb::ConstantFilter>();
            return may_compare(comparison.comparison_type, comparison.constant, bounds);
        }
        case TableFilterType::IS_NULL:
            return bounds.may_have_null;
        case TableFilterType::IS_NOT_NULL:
            return !bounds.only_null;
        case TableFilterType::IN_FILTER:
            return std::ranges::any_of(filter.Cast<duckdb::InFilter>().values, [&](const Value& value) {
                return may_compare(ExpressionType::COMPARE_EQUAL, value, bounds);
            });
        case TableFilterType::CONJUNCTION_AND:
            return std::ranges::all_of(filter.Cast<duckdb::ConjunctionAndFilter>().child_filters, may_match_child);
        case TableFilterType::CONJUNCTION_OR:
            return std::ranges::any_of(filter.Cast<duckdb::ConjunctionOrFilter>().child_filters, may_match_child);
        case TableFilterType::OPTIONAL_FILTER: {
            const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
            return !child || may_match_child(child);
        }
        case TableFilterType::DYNAMIC_FILTER:
            return may_match_dynamic(context, filter.Cast<duckdb::DynamicFilter>(), bounds);
        case TableFilterType::EXPRESSION_FILTER: {
            const auto& expression = filter.Cast<duckdb::ExpressionFilter>().expr;
            if (!bounds.constant) return may_match_expression(*expression, bounds);
            return duckdb::ExpressionFilter(expression->Copy()).EvaluateWithConstant(context, *bounds.constant);
        }
        case TableFilterType::STRUCT_EXTRACT:
        case TableFilterType::BLOOM_FILTER:
            return true;
    }
    return true;
}

ColumnFilter resolve(const duckdb::TableFilter* filter, const Field* field) {
    LoggedColumn column(*field);
    while (filter->filter_type == TableFilterType::STRUCT_EXTRACT) {
        const auto& extract = filter->Cast<duckdb::StructFilter>();
        field = &column.enter(*field, extract.child_idx);
        filter = extract.child_filter.get();
    }
    return {filter, std::move(column)};
}

std::vector<ColumnFilter> resolve_all(const delta::Snapshot& snapshot, const std::vector<PushedFilter>& filters) {
    std::vector<ColumnFilter> result;
    for (const auto& [column, filter] : filters) {
        if (column == duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX) {
            result.push_back({filter, std::nullopt});
        } else if (!duckdb::IsVirtualColumn(column)) {
            result.push_back(resolve(filter, &snapshot.metadata.schema.fields[column]));
        }
    }
    return result;
}

ColumnBounds bounds_of_slot(delta::Slot slot) {
    const Value place = Value::UBIGINT(slot);
    return {.minimum = place,
            .maximum = place,
            .compared_as = LogicalType::UBIGINT,
            .may_have_null = false,
            .exact = true,
            .constant = place};
}

bool may_hold_match(duckdb::ClientContext& context, const delta::Snapshot& snapshot, delta::Slot slot,
                    const std::vector<ColumnFilter>& filters) {
    FileBounds file(snapshot.files[slot]);
    for (const ColumnFilter& filter : filters) {
        const auto bounds = filter.column ? file.of(*filter.column) : bounds_of_slot(slot);
        if (bounds && !may_match(context, *filter.filter, *bounds)) return false;
    }
    return true;
}

}  // namespace

std::vector<delta::Slot> prune_files(duckdb::ClientContext& context, const delta::Snapshot& snapshot,
                                     const std::vector<delta::Slot>& candidates,
                                     const std::vector<PushedFilter>& filters) {
    const std::vector<ColumnFilter> resolved = resolve_all(snapshot, filters);
    if (resolved.empty()) return candidates;
    std::vector<delta::Slot> kept;
    for (const delta::Slot slot : candidates) {
        if (may_hold_match(context, snapshot, slot, resolved)) kept.push_back(slot);
    }
    return kept;
}

}  // namespace lagoa
