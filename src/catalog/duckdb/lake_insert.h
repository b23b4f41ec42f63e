// INSERT INTO and CREATE TABLE AS: DuckDB's own Parquet writer stages the rows in the table's folder, an
// operator above it turns the statistics of the files into add actions, and the transaction commits them.
#pragma once

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"

#include "catalog/duckdb/lake_transaction.h"

namespace lagoa {

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> rows);

duckdb::PhysicalOperator& plan_create_table_as(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                               duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& rows);

/// The creation of a table without rows, from CREATE TABLE: columns, NOT NULL, PARTITIONED BY, WITH (properties).
/// Raises kAlreadyExists, kUnsupported for what a Delta table cannot keep (keys, checks, defaults) and for a table
/// with a contract.
TableWrite table_creation(LakeTransaction& transaction, const duckdb::BoundCreateTableInfo& info);

}  // namespace lagoa
