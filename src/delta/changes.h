// The change data feed: which rows each version inserted, updated and deleted.
//
// A version that wrote change files says so itself; else its added files are inserts and its removed ones deletes.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Add CDC File, Change Data Files)
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "delta/deletion_vector.h"
#include "delta/snapshot.h"

namespace lagoa::delta {

/// One file whose rows are changes.
struct ChangedFile {
    enum class Kind {
        kInsert,  ///< Its rows, less the deleted ones, were inserted.
        kDelete,  ///< Its rows, less the deleted ones, were deleted.
        kCdc,     ///< It holds changes, with their `_change_type`.
    };
    Kind kind = Kind::kInsert;
    Version version = 0;
    std::int64_t timestamp_ms = 0;  ///< Of the commit.
    AddFile file;                   ///< Path, partition values, size.
    /// Only these rows of the file changed (a deletion vector that grew or shrank); nullptr: all but the file's deleted
    /// ones.
    std::shared_ptr<const DeletedRows> only;
};

struct ChangeFeed {
    /// The table at the range's end: the schema that the rows are read with.
    std::shared_ptr<const Snapshot> snapshot;
    std::vector<ChangedFile> files;  ///< By version.
};

/// The changes of versions `from` to `to` (the newest if absent), both included. kNotFound: no such versions.
/// kInvalidArgument: the feed was not enabled in all of the range, or `to` is before `from`. kUnsupported: a change of
/// schema inside the range that later rows cannot be read by.
Result<ChangeFeed> read_changes(const TableLocation& table, Version from, std::optional<Version> to = {});

}  // namespace lagoa::delta
