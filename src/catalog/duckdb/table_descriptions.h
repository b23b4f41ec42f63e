// DESCRIBE HISTORY, DESCRIBE DETAIL and SHOW TBLPROPERTIES: what a table's log says of it, in Spark's columns.
#pragma once

#include "duckdb.hpp"

namespace lagoa {

/// `lagoa_history`, `lagoa_detail` and `lagoa_properties`. A history goes to the newest version, the others tell of the
/// version that the session reads.
void register_table_descriptions(duckdb::DatabaseInstance& instance);

}  // namespace lagoa
