// What the data files of a Delta table look like: DuckDB's own Parquet writer, told of it.
//
// Files have columns, partition folders and field ids by the table's column mapping: physical names, those of members
// of structs too.
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/operator/persistent/physical_copy_to_file.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"

#include "catalog/impl/staged_file.h"

namespace lagoa {

/// An operator of the plan that writes files of the target: rows with its columns and its hidden ones, in order. It has
/// no children: who made it drives it, as lake_sink.h does. `ordered`: rows keep the order that they come in.
duckdb::PhysicalCopyToFile& plan_file_writer(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                             const StagingTarget& target, bool ordered, duckdb::idx_t estimated_rows);

}  // namespace lagoa
