// The row id and the row's commit version of a table with row tracking, as virtual columns of its scan.
//
// A file that was written with ids of its own has them in a column that the table's properties name; where that is
// absent or NULL the id is the file's first one plus the row's place, and the version the one that added the file.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Row Tracking)
#pragma once

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"

#include "delta/actions.h"

namespace lagoa {

// Beyond the virtual columns that DuckDB has itself.
constexpr duckdb::column_t kRowIdColumn = duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILENAME + 1'000;
constexpr duckdb::column_t kRowCommitVersionColumn = kRowIdColumn + 1;

inline bool is_row_tracking_column(duckdb::column_t column) {
    return column == kRowIdColumn || column == kRowCommitVersionColumn;
}

/// Whether every row of the table has an id.
bool has_row_tracking(const delta::Metadata& metadata);

/// The value of `column` in `reader`'s file, which is `file`: an expression over the columns that are read from `place`
/// on. Makes `reader` read the column with materialised values, if it has one, at `place`; the caller adds
/// `file_row_number` after it.
duckdb::unique_ptr<duckdb::Expression> row_tracking_expression(duckdb::ClientContext& context, duckdb::column_t column,
                                                               const delta::Metadata& metadata,
                                                               const delta::AddFile& file,
                                                               duckdb::BaseFileReader& reader, duckdb::idx_t place);

}  // namespace lagoa
