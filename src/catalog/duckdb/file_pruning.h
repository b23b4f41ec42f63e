// Which files of a snapshot may hold a row that passes the filters pushed into a scan, by partition
// values and by the statistics in the log (column_bounds.h). A file is dropped only if no row of it can pass.
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
