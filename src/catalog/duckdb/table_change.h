// What DELETE, UPDATE and MERGE have in common: the table that they change, at the version that they are bound to.
//
// Whatever a session reads, a change builds on the table's newest version, or on what its transaction has made of it. A
// statement that was bound to an older one is bound again (LakeTransaction::begin_change).
#pragma once

#include <memory>
#include <set>
#include <string>

#include "duckdb.hpp"
#include "duckdb/execution/physical_plan_generator.hpp"
#include "duckdb/planner/operator/logical_update.hpp"

#include "catalog/duckdb/lake_sink.h"
#include "catalog/duckdb/lake_table.h"
#include "catalog/duckdb/table_reads.h"
#include "catalog/duckdb/table_write.h"

namespace lagoa {

/// Where in the rows of a plan its table's row id columns begin: file_index, file_row_number and, where the table
/// tracks rows, _row_id (LakeTable::GetRowIdColumns).
struct RowIdColumns {
    duckdb::idx_t first = 0;

    PlaceColumns places() const { return {.file_index = first, .file_row_number = first + 1}; }
    duckdb::idx_t row_id() const { return first + 2; }
};

/// One statement's change of one table.
class TableChange {
public:
    /// `plan` makes the rows by which the statement changes its table; `acts_on_absence` as for TableReads. Raises what
    /// LakeTransaction::begin_change raises.
    TableChange(duckdb::ClientContext& context, LakeTable& table, const duckdb::PhysicalOperator& plan,
                const char* operation, bool acts_on_absence = false);

    const LakeTable& table() const { return table_; }
    const delta::Metadata& metadata() const { return write_.metadata; }

    /// What the new values of rows are written for; with their ids where the table tracks rows.
    StagingTarget updated_rows() const;
    StagingTarget inserted_rows() const;

    /// Takes over what the statement gathers: into its transaction, or into a commit.
    std::shared_ptr<Gathering> gather(Gathering::Repeats repeats) const;

private:
    LakeTable& table_;
    TableWrite write_;
    std::shared_ptr<const TableReads> reads_;  // shared with what gather() returns
    delta::TableLocation location_;
};

using Expressions = duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>;

/// The columns of an UPDATE, apart: `values` by column of the table, and the names of those that it sets.
struct UpdatedColumns {
    Expressions values;
    std::set<std::string> set;
};

/// Makes an update's plan have every column of its table: an update is a deletion and an insertion. For
/// TableCatalogEntry::BindUpdateConstraints.
void bind_whole_row(LakeTable& table, duckdb::LogicalGet& get, duckdb::LogicalProjection& projection,
                    duckdb::LogicalUpdate& update);

/// What bind_whole_row() has made of `columns` and their `expressions`.
UpdatedColumns updated_columns(const LakeTable& table, const duckdb::vector<duckdb::PhysicalIndex>& columns,
                               Expressions expressions, const Expressions& defaults);

/// The sink of rows with new values, and what it is to be fed: the row's new values, its id where the table tracks
/// rows, and its place. `ids`: where the plan's rows have the table's row id columns.
struct UpdateSink {
    LakeSinkParts parts;
    Expressions row;
};
UpdateSink update_sink(const TableChange& change, UpdatedColumns columns, RowIdColumns ids,
                       std::shared_ptr<Gathering> gathering);

}  // namespace lagoa
