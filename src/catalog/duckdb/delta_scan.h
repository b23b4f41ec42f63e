// The scan of a Delta snapshot: DuckDB's own Parquet scan, told by us which files to read, what they
// should look like, and which constants stand for the partition columns.
//
// Filters reach it twice. DuckDB hands them over before it plans (pruning shows in estimates) and again
// when the scan starts, then with what joins learnt; each time files that cannot match are dropped
// by partition values and statistics (file_pruning.h). What is left is filtered by the Parquet reader.
//
// A row's identity is (file_index, file_row_number): the file's slot in Snapshot::files, whatever was
// pruned, and the row's place in the file, deleted rows counted. Both, and `filename`, are virtual columns; so are
// `_row_id` and `_row_commit_version` of a table with row tracking.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "duckdb.hpp"

#include "catalog/duckdb/only_rows.h"
#include "delta/snapshot.h"
#include "engine/duckdb/file_system.h"

namespace lagoa {

/// What is scanned.
struct ScanSource {
    std::shared_ptr<const delta::Snapshot> snapshot;  // shared with plans and running scans
    std::string root;  ///< The table's folder as SQL opens it: `lagoa://bronze/stocks` or `/data/stocks`.
    /// The same folder, from which deletion vectors are read; without a store: found by `root`.
    delta::TableLocation table = {};
    std::shared_ptr<ObjectStore> store = {};    ///< Of `table`, kept alive by its scans; nullptr: the engine keeps it.
    Mounts* mounts = nullptr;                   ///< Of the engine; set by bind_delta_scan.
    std::shared_ptr<const OnlyRows> only = {};  ///< nullptr: of no file. Shared with plans and running scans.

    /// nullptr if all rows of the file at `slot` are scanned.
    std::shared_ptr<const delta::DeletedRows> only_rows(delta::Slot slot) const;
};

/// A scan of `source` and, in `bind_data`, its binding. `table` is the catalog's entry, if there is one.
duckdb::TableFunction bind_delta_scan(duckdb::ClientContext& context, ScanSource source,
                                      duckdb::optional_ptr<duckdb::TableCatalogEntry> table,
                                      duckdb::unique_ptr<duckdb::FunctionData>& bind_data);

/// A table function `name` of which `bind` says what it scans, by bind_delta_rows(): `delta()` and the like.
duckdb::TableFunction delta_scan_function(duckdb::DatabaseInstance& instance, const char* name,
                                          duckdb::table_function_bind_t bind);

/// What the bind of such a function returns for `source`, and its columns.
duckdb::unique_ptr<duckdb::FunctionData> bind_delta_rows(duckdb::ClientContext& context, ScanSource source,
                                                         duckdb::vector<duckdb::LogicalType>& types,
                                                         duckdb::vector<duckdb::string>& names);

/// Makes scans of tables known by name, so that the optimiser can copy plans over them. Once an instance.
void register_delta_scan(duckdb::DatabaseInstance& instance);

/// The virtual columns of a scan of `snapshot`: filename, file_row_number, file_index and, where the table has row
/// tracking, _row_id and _row_commit_version.
duckdb::virtual_column_map_t delta_virtual_columns(const delta::Snapshot& snapshot);

/// How SQL opens the data file of `log_path` (as in the log) of the table scanned.
std::string data_file_path(const ScanSource& source, const std::string& log_path);

}  // namespace lagoa
