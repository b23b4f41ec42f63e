#include "catalog/duckdb/lake_update.h"

#include <utility>

#include "duckdb/execution/operator/projection/physical_projection.hpp"

#include "catalog/duckdb/lake_insert.h"
#include "catalog/duckdb/table_change.h"
#include "engine/duckdb/error.h"

namespace lagoa {

duckdb::PhysicalOperator& plan_update(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& rows) {
    auto& table = op.table.Cast<LakeTable>();
    if (op.return_chunk) raise({ErrorCode::kUnsupported, "UPDATE … RETURNING is not supported in the lake yet"});
    check_no_contract(LakeTransaction::of(context, table.ParentCatalog()), table.table_name());
    const TableChange change(context, table, rows, "UPDATE");
    // DuckDB binds the row id columns last.
    const RowIdColumns ids{rows.types.size() - table.GetRowIdColumns().size()};
    UpdateSink sink =
        update_sink(change, updated_columns(table, op.columns, std::move(op.expressions), op.bound_defaults), ids,
                    change.gather(Gathering::Repeats::kRefused));
    duckdb::vector<duckdb::LogicalType> types;
    for (const auto& value : sink.row) types.push_back(value->return_type);
    auto& projection =
        planner.Make<duckdb::PhysicalProjection>(std::move(types), std::move(sink.row), rows.estimated_cardinality);
    projection.children.push_back(rows);
    return plan_lake_sink(context, planner, projection, std::move(sink.parts));
}

}  // namespace lagoa
