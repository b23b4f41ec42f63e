// A Delta table at one version: checkpoint plus the commits after it, replayed.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Action Reconciliation)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"
#include "delta/file_list.h"
#include "delta/parquet_io.h"
#include "store/object_store.h"

namespace lagoa::delta {

/// Where a table is: its folder in a store (`stocks`, no slash at the end) and how its checkpoints
/// are read. Both outlive every Snapshot and Commit made with it.
struct TableLocation {
    ObjectStore* store = nullptr;
    ParquetIo* parquet = nullptr;
    std::string path;
};

/// Immutable; safe to share between threads.
class Snapshot {
public:
    Version version = -1;
    /// Of the commit: its inCommitTimestamp where the table has them, else the log file's time.
    std::int64_t timestamp_ms = 0;
    Protocol protocol;
    Metadata metadata;
    FileList files;  ///< Live files, in the order of the log.
    std::map<std::string, Txn> txns;
    std::map<std::string, DomainMetadata> domains;
    TombstoneList tombstones;  ///< For checkpoints and vacuum.
    /// The commit as it was found, by which refresh() knows the table again; nullopt if only a checkpoint was left.
    std::optional<ObjectInfo> log_file;

    /// The last version that `app_id` has committed, -1 if none.
    std::int64_t txn_version(std::string_view app_id) const;
    std::uint64_t size_bytes() const;
    /// Sum of numRecords (less deleted rows) over the files; nullopt if one has no statistics.
    std::optional<std::uint64_t> row_count() const;
};

/// The table at `version`, or at its newest. kNotFound: no table there, or no such version (the
/// message names the versions there are). kUnsupported: a reader feature we lack. kCorruption: a gap
/// in the log or a damaged file.
Result<std::shared_ptr<const Snapshot>> read_snapshot(const TableLocation& table, std::optional<Version> version = {});

/// The table at `version`, or at its newest, by reading only what was committed after `known`: `known` itself if
/// nothing was. A table that was dropped and made again meanwhile is read anew. Errors as read_snapshot.
Result<std::shared_ptr<const Snapshot>> refresh(const TableLocation& table, std::shared_ptr<const Snapshot> known,
                                                std::optional<Version> version = {});

/// The last version committed at or before `timestamp_ms`, by the commits' times made ascending (in-commit timestamps
/// where the table has them). A time after the newest commit is the newest version. kNotFound names the oldest time
/// that can be read.
Result<Version> version_at(const TableLocation& table, std::int64_t timestamp_ms);

/// The newest version without replaying it. kNotFound.
Result<Version> newest_version(const TableLocation& table);

/// One line of a table's history.
struct HistoryEntry {
    Version version = 0;
    std::int64_t timestamp_ms = 0;
    std::string operation;
    json::Object commit_info;
};

/// Newest first, at most `limit` entries, as far back as the log's JSON files go. Their times are those that
/// version_at() goes by.
Result<std::vector<HistoryEntry>> read_history(const TableLocation& table, std::size_t limit = 100);

}  // namespace lagoa::delta
