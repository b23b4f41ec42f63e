// Rows of a table's files that are written again as they are: what is selected, and for which files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/impl/staged_file.h"
#include "delta/actions.h"

namespace lagoa {

/// The columns in which the files of a table that tracks rows keep the ids of rows that were written again; empty for
/// other tables.
std::vector<Field> row_tracking_columns(const delta::Metadata& metadata);

/// What a SELECT takes of `t`, a table with `metadata`, to copy its rows: the schema's columns, without those it is
/// partitioned by if all rows are of `one_partition`, and the row's id and version where the table tracks rows.
std::string copied_columns(const delta::Metadata& metadata, bool one_partition);

/// The folder that the first of `files` with a relative path is in, under the table's; empty: the table's own.
std::string folder_of(std::span<const delta::AddFile> files);

}  // namespace lagoa
