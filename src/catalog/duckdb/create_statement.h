// CREATE TABLE as Delta's users write it: USING DELTA, TBLPROPERTIES, COMMENT, CLUSTER BY, identity columns, SHALLOW
// CLONE.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "catalog/duckdb/statement_reader.h"
#include "engine/duckdb/sql_rewrite.h"

namespace lagoa {

/// CREATE TABLE … SHALLOW CLONE … as a call; nullopt for another statement.
std::optional<std::string> clone_statement(const StatementReader& statement);

/// Makes DuckDB's clauses of those before a CREATE TABLE's AS. Returns the token behind them, the first one for another
/// statement. Raises kUnsupported for a format that is not Delta, or a LOCATION.
std::size_t rewrite_creation(const StatementReader& statement, SqlEdits& edits);

}  // namespace lagoa
