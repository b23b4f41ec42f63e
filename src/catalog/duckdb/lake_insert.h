// INSERT INTO and CREATE TABLE [AS]: rows are staged as files (lake_sink.h), and the transaction commits them.
#pragma once

#include "duckdb.hpp"
#include "duckdb/common/index_vector.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"

#include "catalog/duckdb/lake_table.h"
#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/row_rules.h"

namespace lagoa {

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> rows);

duckdb::PhysicalOperator& plan_create_table_as(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                               duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& rows);

/// The creation of a table without rows, from CREATE [OR REPLACE] TABLE: columns, NOT NULL, PARTITIONED BY, WITH
/// (properties). A table that is replaced, or was dropped, keeps its history. Raises kAlreadyExists, kUnsupported for
/// what a Delta table cannot keep (keys, checks, defaults) and for a table with a contract.
TableWrite table_creation(LakeTransaction& transaction, const duckdb::BoundCreateTableInfo& info);

/// The generated and identity columns that rows come without. `columns`: by column, where a statement has its values
/// (INVALID_INDEX: it has none); empty: it has all. Raises kUnsupported for a column left out whose default cannot be
/// evaluated here.
ComputedColumns columns_to_compute(const LakeTable& table, const delta::Metadata& metadata,
                                   const duckdb::physical_index_vector_t<duckdb::idx_t>& columns);

/// Raises kUnsupported for a table with a contract: SQL does not check it.
void check_no_contract(LakeTransaction& transaction, const TableName& table);

}  // namespace lagoa
