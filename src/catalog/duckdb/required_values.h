// Rows on their way into a table: a NULL where the schema allows none stops the statement.
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"

#include "model/schema.h"

namespace lagoa {

/// Whether anything of `schema` may not be NULL.
bool requires_values(const Schema& schema);

/// Checks `rows`, whose first columns are those of `schema`: columns, and inside them members of structs, elements and
/// map values that may not be NULL where what holds them is there. Raises kDataRejected with the column's name.
void check_required_values(const Schema& schema, duckdb::DataChunk& rows);

/// `rows`, checked so as they pass; `rows` itself if all may be NULL.
duckdb::PhysicalOperator& plan_required_values(duckdb::PhysicalPlanGenerator& planner, duckdb::PhysicalOperator& rows,
                                               const Schema& schema);

}  // namespace lagoa
