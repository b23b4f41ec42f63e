// The private functions that Delta's statements are rewritten to (lake_statements.h): table functions where a statement
// returns rows, pragmas where it returns none.
//
// They call the TableOperations of the connection's lake, on the newest version of their table, and take effect at
// once: inside a BEGIN block they are kUnsupported. What a session has changed it sees, whatever its cut.
#pragma once

#include "duckdb.hpp"

namespace lagoa {

/// Once an instance.
void register_lake_functions(duckdb::DatabaseInstance& instance);

}  // namespace lagoa
