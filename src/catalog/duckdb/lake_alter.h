// ALTER TABLE and COMMENT ON: one commit that changes a table's columns or properties, no file.
#pragma once

#include <optional>

#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/alter_info.hpp"

#include "catalog/duckdb/lake_transaction.h"

namespace lagoa {

/// What `info` does to `table`; nullopt if IF [NOT] EXISTS makes it nothing. Raises kUnsupported for a change that a
/// Delta table cannot have, or not without rewriting its files, and for a table with a contract; else as
/// delta/schema_change.h.
std::optional<TableWrite> table_alteration(LakeTransaction& transaction, const TableName& table,
                                           const duckdb::AlterInfo& info);

}  // namespace lagoa
