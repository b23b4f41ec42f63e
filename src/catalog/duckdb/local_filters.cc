#include "catalog/duckdb/local_filters.h"

#include <algorithm>

#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/filter/expression_filter.hpp"
#include "duckdb/planner/filter/list.hpp"

#include "catalog/duckdb/row_tracking.h"

namespace lagoa {
namespace {

using duckdb::TableFilter;
using duckdb::TableFilterType;
using FilterPtr = duckdb::unique_ptr<TableFilter>;

template <class Conjunction>
duckdb::vector<FilterPtr> required_parts(const Conjunction& conjunction);

// What of `filter` decides rows; nullptr if nothing does.
FilterPtr required_part(const TableFilter& filter) {
    switch (filter.filter_type) {
        case TableFilterType::OPTIONAL_FILTER:
        case TableFilterType::DYNAMIC_FILTER:
        case TableFilterType::BLOOM_FILTER:
            return nullptr;
        case TableFilterType::CONJUNCTION_AND: {
            auto parts = required_parts(filter.Cast<duckdb::ConjunctionAndFilter>());
            if (parts.empty()) return nullptr;
            auto result = duckdb::make_uniq<duckdb::ConjunctionAndFilter>();
            result->child_filters = std::move(parts);
            return result;
        }
        case TableFilterType::CONJUNCTION_OR: {
            const auto& either = filter.Cast<duckdb::ConjunctionOrFilter>();
            auto parts = required_parts(either);
            if (parts.size() < either.child_filters.size()) return nullptr;
            auto result = duckdb::make_uniq<duckdb::ConjunctionOrFilter>();
            result->child_filters = std::move(parts);
            return result;
        }
        default:
            return filter.Copy();
    }
}

template <class Conjunction>
duckdb::vector<FilterPtr> required_parts(const Conjunction& conjunction) {
    duckdb::vector<FilterPtr> parts;
    for (const auto& child : conjunction.child_filters)
        if (FilterPtr part = required_part(*child)) parts.push_back(std::move(part));
    return parts;
}

bool is_integer(const duckdb::LogicalType& type) {
    return type.IsIntegral() && type.id() != duckdb::LogicalTypeId::BOOLEAN;
}

}  // namespace

duckdb::unique_ptr<duckdb::TableFilterSet> local_filters(const duckdb::TableFilterSet& filters,
                                                         const duckdb::vector<duckdb::ColumnIndex>& column_ids,
                                                         const FileColumns& table_columns,
                                                         const FileColumns& file_columns) {
    auto result = duckdb::make_uniq<duckdb::TableFilterSet>();
    for (const auto& [place, filter] : filters.filters) {
        const auto column = column_ids[place].GetPrimaryIndex();
        if (is_row_tracking_column(column)) continue;  // a join's hint: others are not pushed
        const auto file_column = duckdb::IsVirtualColumn(column)
                                     ? file_columns.end()
                                     : std::ranges::find_if(file_columns, [&, index = column](const auto& local) {
                                           return duckdb::StringUtil::CIEquals(local.name, table_columns[index].name);
                                       });
        if (file_column == file_columns.end() || file_column->type == table_columns[column].type) {
            result->filters.emplace(place, filter->Copy());
            continue;
        }
        FilterPtr part = required_part(*filter);
        if (!part) continue;
        const duckdb::LogicalType& type = table_columns[column].type;
        if (!is_integer(type) || !is_integer(file_column->type))
            part = duckdb::make_uniq<duckdb::ExpressionFilter>(
                part->ToExpression(duckdb::BoundReferenceExpression(type, 0)));
        result->filters.emplace(place, std::move(part));
    }
    return result;
}

}  // namespace lagoa
