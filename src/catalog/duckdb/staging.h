// Rows → data files of a Delta table: DuckDB's own Parquet writer, told what the table's files look like.
//
// Files have columns, partition folders and field ids by the table's column mapping: physical names, those of members
// of structs too. Both ways in, SQL's INSERT and Lake::write, plan the same two operators: PhysicalCopyToFile writes
// the files, and a collector above it turns their statistics into add actions. Files are durable when the statement
// ends, and nobody knows of them before a commit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"

#include "catalog/impl/staged_file.h"
#include "engine/engine.h"

namespace lagoa {

struct StagedRows {
    std::vector<delta::AddFile> files;
    std::uint64_t rows = 0;
};

/// Takes over what a statement has staged, at its end; raises an error.
using AcceptStaged = std::function<void(duckdb::ClientContext& context, StagedRows staged)>;

/// Adds to `rows`, whose columns are those of the target's schema and its hidden ones, in order, the operators that
/// write them. The plan answers the number of rows. Raises kDataRejected for a NULL where there may be none; a plan
/// that fails removes its files.
duckdb::PhysicalOperator& plan_staging(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::PhysicalOperator& rows, StagingTarget target, AcceptStaged accept);

/// Makes stage_rows() work in sessions of `engine`. Once an engine.
Result<> register_staging(Engine& engine);

/// Runs `select` in `session` and stages its rows. Errors as the SELECT's and plan_staging's.
Result<StagedRows> stage_rows(Session& session, const std::string& select, const StagingTarget& target);

}  // namespace lagoa
