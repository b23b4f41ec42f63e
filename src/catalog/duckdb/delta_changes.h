// The table function delta_changes(PATH, FROM [, TO]): the rows that versions FROM to TO of a Delta table inserted,
// updated and deleted.
//
// It is the scan of delta_scan.h over a table made for it: its files are those with changes, and the three columns that
// the feed adds are partition columns of it, so that filters on them prune files like any other.
#pragma once

#include "engine/engine.h"

namespace lagoa {

/// Adds it to `engine`. PATH is as in table_at_path.h; TO is the newest version if it is not given. Columns: the
/// table's at version TO, then `_change_type` (insert, update_preimage, update_postimage, delete), `_commit_version`
/// and
/// `_commit_timestamp`. The function raises what delta::read_changes answers.
Result<> register_delta_changes(Engine& engine);

}  // namespace lagoa
