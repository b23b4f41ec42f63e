// Rows on their way into a table: a NULL where the schema allows none stops the statement.
#pragma once

#include "duckdb.hpp"

#include "model/schema.h"

namespace lagoa {

/// Whether anything of `schema` may not be NULL.
bool requires_values(const Schema& schema);

/// Checks `rows`, whose first columns are those of `schema`: columns, and inside them members of structs, elements and
/// map values that may not be NULL where what holds them is there. Raises kDataRejected with the column's name.
void check_required_values(const Schema& schema, duckdb::DataChunk& rows);

}  // namespace lagoa
