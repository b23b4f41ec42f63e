// Which files of a table's folder no version needs any more.
//
// Needed are: files and deletion vectors of the newest version; those of every version that must stay readable; and
// those that were removed within the retention, for who reads an older version. A file younger than the retention may
// be of a write that is not committed yet. Everything else in the folder goes; what an absolute path leads to outside
// of it is another table's.
//
// A lite vacuum does not list the folder: it looks at what the log's commits have removed since the last vacuum, which
// `_delta_log/_last_vacuum_info` keeps, as Delta Spark does.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Vacuum Protocol Check)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "delta/snapshot.h"

namespace lagoa::delta {

struct VacuumScope {
    std::int64_t cutoff_ms = 0;  ///< Files and removals before it are old.
    std::set<Version> keep;  ///< Versions that must stay readable, besides the newest. Those that are gone need none.
    /// All versions from the one of `cutoff_ms` on must stay readable by their commits: what the tombstones of the log
    /// tell of them may have been dropped from a checkpoint already.
    bool keep_since_cutoff = false;
    bool lite = false;
};

struct VacuumFile {
    std::string path;  ///< Relative to the table, as in its store.
    std::uint64_t size_bytes = 0;
};

struct VacuumPlan {
    std::vector<VacuumFile> files;  ///< By path.
    std::uint64_t folders = 1;      ///< Looked into, the table's own too.
    /// When the files are gone: the commits up to here have removed nothing that is still to be vacuumed.
    std::optional<Version> done_until;

    std::uint64_t size_bytes() const;
};

/// Reads and lists; changes nothing. `newest` is the table's newest version. kInvalidArgument: a lite vacuum of a table
/// whose log no longer has the commits since the last vacuum.
Result<VacuumPlan> plan_vacuum(const TableLocation& table, std::shared_ptr<const Snapshot> newest,
                               const VacuumScope& scope);

/// Takes out of `plan` what `newest`, a later version than the one it was made by, needs again.
void spare_live_files(VacuumPlan& plan, const TableLocation& table, const Snapshot& newest);

struct VacuumOutcome {
    std::uint64_t files_removed = 0;
    std::vector<Error> errors;  ///< One for each file that could not be removed.
};

/// Removes the files of `plan`, several at a time, and then folders that are empty, where the store has such. A file
/// that cannot be removed stops none of the others.
VacuumOutcome remove_files(const TableLocation& table, const VacuumPlan& plan);

/// Lets the next lite vacuum begin after `done_until`.
Result<> note_vacuum(const TableLocation& table, Version done_until);

}  // namespace lagoa::delta
