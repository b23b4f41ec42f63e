// RESTORE: what a commit has to say so that a table is again as an older version of it was.
//
// Files that were live then and are not now come back, those that are live now and were not then go; columns and
// properties are those of then. What only ever rises stays: the protocol, the ids of columns and rows, the values that
// identity columns have given out, the progress of applications (txn). So later versions and their readers keep
// working, as Delta Spark has it.
#pragma once

#include <cstdint>

#include "delta/commit.h"

namespace lagoa::delta {

struct RestorePlan {
    CommitRequest request;   ///< Of the whole table: a commit of others meanwhile is a conflict.
    bool is_needed = false;  ///< false: the table is so already.
    std::uint64_t files_restored = 0;
    std::uint64_t files_removed = 0;
    std::uint64_t bytes_restored = 0;
    std::uint64_t bytes_removed = 0;
};

/// `newest` and `old` are versions of one table. kUnsupported: the table has been mapped by column ids since.
Result<RestorePlan> plan_restore(const Snapshot& newest, const Snapshot& old);

/// Whether every file of `adds`, and every deletion vector's, can still be read. kNotFound names some that cannot.
Result<> check_files_there(const TableLocation& table, const std::vector<AddFile>& adds);

}  // namespace lagoa::delta
