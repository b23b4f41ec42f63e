#include "catalog/duckdb/file_pruning.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/planner/expression/list.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"
#include "duckdb/planner/filter/list.hpp"

#include "catalog/duckdb/partition_value.h"
#include "delta/column_mapping.h"
#include "delta/stats.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::ExpressionType;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::TableFilterType;
using duckdb::Value;

// What is known of one column in one file.
struct Bounds {
    std::optional<Value> minimum;  // of the values that are neither NULL nor NaN, of type `compared_as`
    std::optional<Value> maximum;
    LogicalType compared_as;
    bool may_have_null = true;
    bool only_null = false;
    bool may_have_nan = false;
    bool exact = false;             // minimum and maximum are as the values are, not widened
    std::optional<Value> constant;  // every row has it: a partition column's value, or NULL
};

constexpr std::int64_t kInstantSlackMicros = 999;  // maxima are cut to milliseconds

// A decimal of more than 15 digits may come from a writer that prints doubles.
bool may_be_rounded(const LogicalType& type) {
    return type.id() == LogicalTypeId::DECIMAL &&
           duckdb::DecimalType::GetWidth(type) > std::numeric_limits<double>::digits10;
}

// Wide enough to hold a widened bound of `type`.
LogicalType compared_as(const LogicalType& type) {
    return may_be_rounded(type)
               ? LogicalType::DECIMAL(duckdb::DecimalType::MaxWidth(), duckdb::DecimalType::GetScale(type))
               : type;
}

// Outwards by what a double of that size is rounded by. One of up to 15 digits was printed exactly.
Value widen_decimal(const Value& value, bool is_maximum) {
    constexpr std::int64_t kExactInDouble = 1'000'000'000'000'000;
    constexpr int kDoubleBits = 52;
    const auto unscaled = value.GetValueUnsafe<duckdb::hugeint_t>();
    const duckdb::hugeint_t size = unscaled < 0 ? -unscaled : unscaled;
    if (size < kExactInDouble) return value;
    const duckdb::hugeint_t slack = (size >> kDoubleBits) + 1;
    return Value::DECIMAL(is_maximum ? unscaled + slack : unscaled - slack, duckdb::DecimalType::MaxWidth(),
                          duckdb::DecimalType::GetScale(value.type()));
}

bool is_float(const LogicalType& type) {
    return type.id() == LogicalTypeId::DOUBLE || type.id() == LogicalTypeId::FLOAT;
}

bool is_instant(const LogicalType& type) {
    return type.id() == LogicalTypeId::TIMESTAMP || type.id() == LogicalTypeId::TIMESTAMP_TZ;
}

// The text of a float's bound, such as 0.1, is another number when it is read as the double that the float was widened to.
Value widen_float(const Value& bound, const json::Value& stat, bool is_maximum) {
    Value narrow(stat.number() != nullptr ? stat.number()->text : *stat.string());
    if (!narrow.DefaultTryCastAs(LogicalType::FLOAT) || !narrow.DefaultTryCastAs(LogicalType::DOUBLE)) return bound;
    const bool further = is_maximum ? bound < narrow : bound > narrow;
    return further ? narrow : bound;
}

std::optional<Value> bound_from_json(const json::Value* stat, const LogicalType& type, bool was_float,
                                     bool is_maximum) {
    if (stat == nullptr) return std::nullopt;
    Value value;
    if (stat->string() != nullptr)
        value = Value(*stat->string());
    else if (stat->number() != nullptr)
        value = Value(stat->number()->text);
    else if (stat->boolean() != nullptr)
        value = Value::BOOLEAN(*stat->boolean());
    else
        return std::nullopt;
    if (!value.DefaultTryCastAs(compared_as(type), true)) return std::nullopt;

    if (is_float(type) && std::isnan(value.GetValue<double>())) return std::nullopt;
    if (was_float && stat->boolean() == nullptr) value = widen_float(value, *stat, is_maximum);
    if (may_be_rounded(type)) value = widen_decimal(value, is_maximum);
    if (is_maximum && is_instant(type)) {
        const std::int64_t micros = value.GetValueUnsafe<std::int64_t>();
        if (micros > std::numeric_limits<std::int64_t>::max() - kInstantSlackMicros - 1) return std::nullopt;
        const duckdb::timestamp_t widened(micros + kInstantSlackMicros);
        value = type.id() == LogicalTypeId::TIMESTAMP ? Value::TIMESTAMP(widened)
                                                      : Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(widened.value));
    }
    return value;
}

Bounds bounds_of_partition(const std::optional<std::string>& text, const LogicalType& type) {
    Bounds bounds{.compared_as = type, .exact = true};
    const Value value = unwrap(partition_value(text, type));
    bounds.only_null = value.IsNull();
    bounds.may_have_null = value.IsNull();
    if (!value.IsNull()) bounds.minimum = bounds.maximum = value;
    bounds.constant = value;
    return bounds;
}

// One pushed filter and the column, or member of a struct, that it is about.
struct ColumnFilter {
    const duckdb::TableFilter* filter;
    std::vector<std::string> path;  // of physical names; empty: file_index
    LogicalType type;
    bool was_float = false;  // when some files were written
};

Bounds bounds_from_stats(const delta::FileStats& stats, const ColumnFilter& of) {
    const delta::ColumnPath column = of.path;
    const LogicalType& type = of.type;
    Bounds bounds{.compared_as = compared_as(type), .may_have_nan = is_float(type)};
    bounds.exact = !is_float(type) && !may_be_rounded(type) && !is_instant(type);
    if (type.IsNested()) return bounds;
    bounds.minimum = bound_from_json(stats.min(column), type, of.was_float, false);
    bounds.maximum = bound_from_json(stats.max(column), type, of.was_float, true);
    const std::int64_t nulls = stats.null_count(column).value_or(-1);
    bounds.may_have_null = nulls != 0;
    bounds.only_null = nulls >= 0 && nulls == stats.row_count().value_or(-1);
    if (bounds.only_null) bounds.constant = Value(type);
    return bounds;
}

bool may_compare(ExpressionType comparison, const Value& filter_constant, const Bounds& bounds) {
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

bool may_match_comparison(const duckdb::BoundComparisonExpression& comparison, const Bounds& bounds) {
    const bool flipped = is_column(*comparison.right);
    const auto& column = flipped ? comparison.right : comparison.left;
    const auto& other = flipped ? comparison.left : comparison.right;
    if (!is_column(*column) || other->GetExpressionType() != ExpressionType::VALUE_CONSTANT) return true;
    const ExpressionType type = comparison.GetExpressionType();
    return may_compare(flipped ? duckdb::FlipComparisonExpression(type) : type,
                       other->Cast<duckdb::BoundConstantExpression>().value, bounds);
}

// A predicate that DuckDB keeps as an expression over the one column: what of it we can judge.
bool may_match_expression(const duckdb::Expression& expression, const Bounds& bounds) {
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

bool may_match(duckdb::ClientContext& context, const duckdb::TableFilter& filter, const Bounds& bounds);

bool may_match_dynamic(duckdb::ClientContext& context, const duckdb::DynamicFilter& filter, const Bounds& bounds) {
    if (!filter.filter_data) return true;
    const duckdb::lock_guard<duckdb::mutex> guard(filter.filter_data->lock);
    const bool known = filter.filter_data->initialized && filter.filter_data->filter;
    return !known || may_match(context, *filter.filter_data->filter, bounds);
}

bool may_match(duckdb::ClientContext& context, const duckdb::TableFilter& filter, const Bounds& bounds) {
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

bool was_float(const Field& field) {
    const json::Value* const changes = field.metadata.find("delta.typeChanges");
    return changes != nullptr && changes->is_array() &&
           std::ranges::any_of(*changes->array(),
                               [](const json::Value& change) { return change.string_at("fromType") == "float"; });
}

ColumnFilter resolve(const duckdb::TableFilter* filter, const Field* field) {
    std::vector<std::string> path{delta::physical_name(*field)};
    while (filter->filter_type == TableFilterType::STRUCT_EXTRACT) {
        const auto& extract = filter->Cast<duckdb::StructFilter>();
        field = &field->type.children[extract.child_idx];
        filter = extract.child_filter.get();
        path.push_back(delta::physical_name(*field));
    }
    return {filter, std::move(path), to_duckdb(field->type), was_float(*field)};
}

std::vector<ColumnFilter> resolve_all(const delta::Snapshot& snapshot, const std::vector<PushedFilter>& filters) {
    std::vector<ColumnFilter> result;
    for (const auto& [column, filter] : filters) {
        if (column == duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX) {
            result.push_back({filter, {}, LogicalType::UBIGINT});
        } else if (!duckdb::IsVirtualColumn(column)) {
            result.push_back(resolve(filter, &snapshot.metadata.schema.fields[column]));
        }
    }
    return result;
}

bool may_hold_match(duckdb::ClientContext& context, const delta::Snapshot& snapshot, delta::Slot slot,
                    const std::vector<ColumnFilter>& filters) {
    const delta::AddFile& file = snapshot.files[slot];
    std::optional<delta::FileStats> stats;  // parsed when a filter needs them
    for (const ColumnFilter& filter : filters) {
        if (filter.path.empty()) {
            const Value place = Value::UBIGINT(slot);
            if (!may_match(context, *filter.filter,
                           {.minimum = place, .maximum = place, .compared_as = filter.type, .may_have_null = false}))
                return false;
            continue;
        }
        const auto partition = file.partition_values.find(filter.path.front());
        if (partition != file.partition_values.end()) {
            if (!may_match(context, *filter.filter, bounds_of_partition(partition->second, filter.type))) return false;
            continue;
        }
        if (file.stats.empty()) continue;
        if (!stats) stats = delta::FileStats::parse(file.stats).value_or(delta::FileStats{});  // damaged ones are none
        if (!may_match(context, *filter.filter, bounds_from_stats(*stats, filter))) return false;
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
