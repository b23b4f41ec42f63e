// The rows of a SELECT as data files of a Delta table, for writers that are not SQL statements themselves: a private
// format of COPY over the sink that SQL's own writes use (lake_sink.h). Files are durable when it ends, and nobody
// knows of them before a commit. The sink notes the places of rows as well, for such writers that take rows out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "catalog/impl/staged_file.h"
#include "delta/deletion_vector.h"
#include "engine/engine.h"

namespace lagoa {

struct StagedRows {
    std::vector<delta::AddFile> files;
    std::uint64_t rows = 0;
    std::map<std::string, std::int64_t> identity_marks;  ///< As RowRules::identity_marks().
};

/// Makes stage_rows() and find_rows() work in sessions of `engine`. Once an engine.
Result<> register_staging(Engine& engine);

/// Runs `select` in `session` and stages its rows. Errors as the SELECT's and the
/// sink's (lake_sink.h).
Result<StagedRows> stage_rows(Session& session, const std::string& select, const StagingTarget& target);

/// The places of the rows that `select` names by `file_index` and `file_row_number` of a scan, its two columns. Errors
/// as the SELECT's.
Result<std::map<delta::Slot, delta::DeletedRows>> find_rows(Session& session, const std::string& select);

}  // namespace lagoa
