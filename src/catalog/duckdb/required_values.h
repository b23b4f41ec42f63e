// Rows on their way into a table: a NULL where the schema allows none stops the statement.
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"

#include "model/schema.h"

namespace lagoa {

/// `rows`, whose first columns are those of `schema`, checked as they pass: columns, and inside them members of
/// structs, elements and map values that may not be NULL where what holds them is there. `rows` itself if all may be
/// NULL. The plan raises kDataRejected with the column's name.
duckdb::PhysicalOperator& plan_required_values(duckdb::PhysicalPlanGenerator& planner, duckdb::PhysicalOperator& rows,
                                               const Schema& schema);

}  // namespace lagoa
