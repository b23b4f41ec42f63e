// DELETE FROM and TRUNCATE: the places of rows that go (table_change.h).
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"

namespace lagoa {

/// Raises kUnsupported for RETURNING.
duckdb::PhysicalOperator& plan_delete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalDelete& op, duckdb::PhysicalOperator& rows);

}  // namespace lagoa
