// From what one listing of a log showed to the table at one version.
#pragma once

#include "delta/impl/log_files.h"

namespace lagoa::delta {

struct Rebuilt {
    Result<Snapshot> snapshot;
    /// A file was listed and then not there: a clean-up runs, and a new listing may show another way.
    bool vanished = false;
};

/// The table at `target`: the newest checkpoint up to it that can be read, and the commits after it, through
/// compactions where they are shorter. What is damaged and has a substitute costs time only. With `base`, a snapshot of
/// an older version, that stands in for the checkpoint.
/// kCorruption: a gap in the log, or a damaged file without substitute. kUnsupported: a reader feature we lack.
Rebuilt rebuild(const TableLocation& table, const LogFiles& files, Version target,
                std::shared_ptr<const Snapshot> base = nullptr);

/// When the commit of `snapshot`, read from `commit`, was made: the inCommitTimestamp where the table has them, else
/// the file's time. `info` is its commitInfo if that has been read.
Result<std::int64_t> commit_timestamp(const TableLocation& table, const Snapshot& snapshot, const ObjectInfo& commit,
                                      const std::optional<CommitInfo>& info);

/// Milliseconds since 1970.
std::int64_t to_ms(Instant instant);

/// What errors call the table.
std::string name_of(const TableLocation& table);

}  // namespace lagoa::delta
