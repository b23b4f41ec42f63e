// Delta's SQL that DuckDB does not have, rewritten to SQL that it does: statements (OPTIMIZE, VACUUM, RESTORE, DESCRIBE
// HISTORY, …) to calls of private functions (lake_functions.h), clauses to DuckDB's own. docs/reference/sql.md has them
// all.
#pragma once

#include <optional>
#include <string>

#include "engine/duckdb/sql_rewrite.h"

namespace lagoa {

/// As SqlRewrite. What it makes it leaves alone; a text without Delta's words it does not scan.
std::optional<SqlEdits> rewrite_lake_statements(const std::string& sql);

}  // namespace lagoa
