// Data files that still hold columns which their table has dropped.
//
// Under column mapping a column is dropped in the metadata only: its values stay in the files that had it.
#pragma once

#include <string>
#include <vector>

#include "delta/clustering.h"
#include "engine/engine.h"

namespace lagoa {

/// Those of `files` that hold a column, or a member of a struct, that `snapshot`'s schema has not. Reads their footers;
/// of a table without column mapping none.
Result<delta::FileRefs> find_dropped_columns(Session& session, const delta::Snapshot& snapshot, const std::string& root,
                                             const delta::FileRefs& files);

}  // namespace lagoa
