// MERGE INTO: DuckDB's operator decides what becomes of each row, and each of its actions ends in a sink of ours
// (lake_sink.h), which gather together.
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_merge_into.hpp"

namespace lagoa {

/// Two rows of the source that change one row are kDataRejected, unless all that a match does is to delete. Raises
/// kUnsupported for RETURNING and for a table with a contract.
duckdb::PhysicalOperator& plan_merge(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& rows);

}  // namespace lagoa
