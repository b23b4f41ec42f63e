// Which column of a Parquet file is which field of a Delta table.
//
// A field is found by its id where the table maps columns by id, else by its physical name; the parts of lists and maps
// by their place. A file's columns that are found get their fields' own names, inner ones too, so that DuckDB's mapping
// by name does the rest: it puts members in order, casts what was widened since, and gives NULL for what the file
// lacks.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Column Mapping, Type Widening)
#pragma once

#include <string>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_data.hpp"

#include "delta/column_mapping.h"

namespace lagoa {

using FileColumns = duckdb::vector<duckdb::MultiFileColumnDefinition>;

/// Immutable.
class ColumnMatcher {
public:
    explicit ColumnMatcher(const delta::Metadata& metadata);

    /// The table's columns as DuckDB's mapping expects them: a column without a match is NULL.
    FileColumns table_columns() const;

    /// Gives `columns` of one file the names of the fields that they are. kCorruption (raised) for a file without ids
    /// in a table that finds its columns by them; `file` is named.
    void rename(FileColumns& columns, const std::string& file) const;

    /// table_columns() for a file whose columns were renamed: the parts of maps that need no change are left out, for
    /// which DuckDB would copy each map.
    static void simplify(FileColumns& table_columns, const FileColumns& file_columns);

private:
    void rename_members(const std::vector<Field>& fields, FileColumns& columns) const;
    void match_type(const Type& type, duckdb::MultiFileColumnDefinition& column) const;
    const Field* find(const std::vector<Field>& fields, const duckdb::MultiFileColumnDefinition& column) const;

    Schema schema_;
    bool by_id_;
};

}  // namespace lagoa
