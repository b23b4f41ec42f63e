// When each commit of a log was made: what time travel by timestamp goes by.
//
// Without in-commit timestamps it is the time of the commit's file, which copies and clocks may have put out of
// order: each commit is then taken to be at least a millisecond after the one before it, as Delta Spark does.
// Where a table has them, from some version on, each commit says its own time, and those ascend.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (In-Commit Timestamps)
#pragma once

#include <map>
#include <optional>

#include "delta/impl/log_files.h"

namespace lagoa::delta {

class CommitTimes {
public:
    /// Of the table whose log `files` is. Reads the newest commit's first action, and the table's properties if that
    /// has an in-commit timestamp. Errors as read_snapshot.
    static Result<CommitTimes> read(const TableLocation& table, const LogFiles& files);

    /// The last of the versions that can be read and were committed at or before `time_ms`. kNotFound names the oldest
    /// time. Asks for a few commits if they have in-commit timestamps, else for none.
    Result<Version> version_at(std::int64_t time_ms) const;

    /// Of a listed commit by its file.
    std::int64_t file_time(Version version) const { return file_times_.at(version); }

    /// Whether commit `version` says its own time.
    bool says_its_time(Version version) const { return version >= own_from_; }

private:
    CommitTimes(const TableLocation& table, const LogFiles& files);

    Result<std::int64_t> own_time(Version version) const;
    Result<std::optional<Version>> find_own(std::int64_t time_ms) const;
    std::optional<Version> find_by_file(std::int64_t time_ms) const;
    Result<std::int64_t> oldest_time() const;

    const TableLocation& table_;
    std::map<Version, std::int64_t> file_times_;  // of all commits listed, ascending
    std::vector<Version> readable_;               // versions that can be rebuilt and have a commit
    Version own_from_;                            // versions from here on have in-commit timestamps
    std::int64_t own_from_ms_ = 0;                // the time of the first of them, 0: older than all
};

}  // namespace lagoa::delta
