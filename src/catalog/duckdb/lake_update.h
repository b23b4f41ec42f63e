// UPDATE: rows go, and come again with their new values (table_change.h).
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_update.hpp"

namespace lagoa {

/// Raises kUnsupported for RETURNING and for a table with a contract.
duckdb::PhysicalOperator& plan_update(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& rows);

}  // namespace lagoa
