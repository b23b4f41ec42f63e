// ALTER TABLE as Delta's users write it.
#pragma once

#include <optional>
#include <string>

#include "catalog/duckdb/statement_reader.h"

namespace lagoa {

/// What `statement` becomes; nullopt for what DuckDB parses as it is meant. Raises kUnsupported for what no table of
/// the lake can have.
std::optional<std::string> alter_statement(const StatementReader& statement);

}  // namespace lagoa
