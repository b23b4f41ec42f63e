// ALTER TABLE and COMMENT ON: one commit that changes a table's columns or properties, no file.
#pragma once

#include <optional>
#include <span>

#include "duckdb.hpp"
#include "duckdb/parser/parsed_data/alter_info.hpp"

#include "catalog/duckdb/lake_transaction.h"
#include "catalog/table_operations.h"

namespace lagoa {

/// The change of a rule that `info` is, which reads rows and takes effect at once: SET NOT NULL. nullopt for another.
std::optional<RuleChange> rule_change_of(const duckdb::AlterInfo& info);

/// What `changes` do to `table`, one after the other; nullopt if IF [NOT] EXISTS makes them nothing. Raises
/// kUnsupported for a change that a Delta table cannot have, or not without rewriting its files, and for a table with a
/// contract; else as delta/schema_change.h.
std::optional<TableWrite> table_alteration(LakeTransaction& transaction, const TableName& table,
                                           std::span<const duckdb::AlterInfo* const> changes);

}  // namespace lagoa
