// The one way rows go into a table by SQL, and the places of those that go out.
//
// INSERT, CREATE TABLE AS, COPY (FORMAT lagoa_files), UPDATE, DELETE and the actions of MERGE end in this sink. Rows
// are checked and filled in by the table's rules on their way (row_rules.h), and written by DuckDB's Parquet writer,
// which the sink drives by hand: DuckDB's MERGE calls the sinks of its actions itself, so that nothing can stand
// between. Places are noted by each thread as runs, and put together at its end. Nothing is rewritten here
// (row_changes.h).
#pragma once

#include <memory>
#include <optional>

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"

#include "catalog/duckdb/gathered_rows.h"
#include "catalog/duckdb/row_rules.h"
#include "catalog/impl/staged_file.h"

namespace lagoa {

/// The columns of a sink's rows that say which row of the table each was: virtual columns of the scan (delta_scan.h).
struct PlaceColumns {
    duckdb::idx_t file_index = 0;
    duckdb::idx_t file_row_number = 0;
};

struct LakeSinkParts {
    /// What rows are written for: their first columns are those of its schema, then its hidden ones. nullopt: none is
    /// written, they go.
    std::optional<StagingTarget> target;
    AddedKind kind = AddedKind::kInserted;
    ComputedColumns computed;              ///< Of `target`'s.
    std::optional<PlaceColumns> places;    ///< Of the rows that go, or that the rows written take the place of.
    bool unmatched = false;                ///< No row of a MERGE's source matched those.
    std::shared_ptr<Gathering> gathering;  ///< Shared by the sinks of one statement, and owned by its plan.
};

/// A sink without children, for an operator that calls it. `ordered`: rows are to keep the order that they come in. It
/// answers the number of rows written, or gone. Raises what RowRules raises; a statement that fails removes its files.
duckdb::PhysicalOperator& make_lake_sink(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         LakeSinkParts parts, bool ordered, duckdb::idx_t estimated_rows);

/// The sink of `rows`.
duckdb::PhysicalOperator& plan_lake_sink(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         duckdb::PhysicalOperator& rows, LakeSinkParts parts);

}  // namespace lagoa
