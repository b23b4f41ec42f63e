// The filters of a scan, as one file can be asked them whose columns have older types than the table's.
//
// DuckDB casts a filter's constant to the file's type, which is exact between integers only: `x > 1.5` asked of a file
// of integers would become `x > 2`. All other filters on widened columns are evaluated after the values are cast.
#pragma once

#include "duckdb.hpp"
#include "duckdb/planner/table_filter.hpp"

#include "catalog/duckdb/column_matching.h"

namespace lagoa {

/// `filters` (by place in `column_ids`) for a file with `file_columns`, renamed by ColumnMatcher. Filters that are
/// hints only (of joins and top-N) are left out where the types differ.
duckdb::unique_ptr<duckdb::TableFilterSet> local_filters(const duckdb::TableFilterSet& filters,
                                                         const duckdb::vector<duckdb::ColumnIndex>& column_ids,
                                                         const FileColumns& table_columns,
                                                         const FileColumns& file_columns);

}  // namespace lagoa
