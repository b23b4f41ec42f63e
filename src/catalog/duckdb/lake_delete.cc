#include "catalog/duckdb/lake_delete.h"

#include "duckdb/planner/expression/bound_reference_expression.hpp"

#include "catalog/duckdb/table_change.h"
#include "engine/duckdb/error.h"

namespace lagoa {

duckdb::PhysicalOperator& plan_delete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalDelete& op, duckdb::PhysicalOperator& rows) {
    if (op.return_chunk) raise({ErrorCode::kUnsupported, "DELETE … RETURNING is not supported in the lake yet"});
    const TableChange change(context, op.table.Cast<LakeTable>(), rows, "DELETE");
    const auto place = [&](std::size_t i) { return op.expressions[i]->Cast<duckdb::BoundReferenceExpression>().index; };
    // With USING several rows may point to one that goes.
    return plan_lake_sink(context, planner, rows,
                          {.target = {},
                           .computed = {},
                           .places = PlaceColumns{.file_index = place(0), .file_row_number = place(1)},
                           .gathering = change.gather(Gathering::Repeats::kAllowed)});
}

}  // namespace lagoa
