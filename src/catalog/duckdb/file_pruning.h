// Which files of a snapshot may hold a row that passes the filters pushed into a scan, by partition
// values and by the statistics in the log. A file is dropped only if no row of it can pass.
//
// What statistics may be relied on for: `minValues` and `maxValues` are bounds, not values that occur
// (long texts are cut, maxima of instants are cut to milliseconds, so are widened here again); they
// leave out NULLs and, in Parquet's tradition, NaN, which is greater than every number in SQL; decimals
// beyond a double's precision may have been rounded by their writer. Files keep the statistics of the type they were
// written with when a column is widened, and those of deleted rows. Any of them may be missing.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Per-file Statistics)
#pragma once

#include <cstddef>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/planner/table_filter.hpp"

#include "delta/snapshot.h"

namespace lagoa {

/// A filter on one column: its place in the schema, or a virtual column.
struct PushedFilter {
    duckdb::column_t column;
    const duckdb::TableFilter* filter;  // borrowed
};

/// Those of `candidates` (places in Snapshot::files) that may hold a row that passes all `filters`.
std::vector<delta::Slot> prune_files(duckdb::ClientContext& context, const delta::Snapshot& snapshot,
                                     const std::vector<delta::Slot>& candidates,
                                     const std::vector<PushedFilter>& filters);

}  // namespace lagoa
