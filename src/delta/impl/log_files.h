// What lies in a table's _delta_log: names, the listing, the _last_checkpoint hint.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/snapshot.h"

namespace lagoa::delta {

/// `<table>/_delta_log/<name>`
std::string log_key(const TableLocation& table, std::string_view name);
/// The keys of a version's commit and of its classic checkpoint.
std::string commit_key(const TableLocation& table, Version version);
std::string checkpoint_key(const TableLocation& table, Version version);
std::string last_checkpoint_key(const TableLocation& table);
/// The key of a v2 checkpoint's sidecar. Its path may be a URI, but its place is always the table's own `_sidecars/`.
std::string sidecar_key(const TableLocation& table, const Sidecar& sidecar);

/// A checkpoint with all of its parts, in order. One of a v2 checkpoint may name sidecars.
struct Checkpoint {
    Version version = 0;
    std::vector<ObjectInfo> parts;
};

/// The commits of versions `first` to `last`, reconciled: a shortcut that a writer may have made.
struct Compaction {
    Version first = 0;
    Version last = 0;
    ObjectInfo object;
};

/// One listing of the log, by version.
struct LogFiles {
    std::map<Version, ObjectInfo> commits;
    std::vector<Checkpoint> checkpoints;  ///< Complete ones, oldest first; several of one version: best last.
    std::map<Version, std::vector<Compaction>> compactions;  ///< By first version.

    /// The newest version; nullopt if there is no table.
    std::optional<Version> newest() const;
    /// The oldest version that can be rebuilt from what was listed.
    std::optional<Version> oldest() const;
};

/// Lists the log from version `from` on. Files of other names are ignored.
Result<LogFiles> list_log(const TableLocation& table, Version from = 0);

/// The version that _last_checkpoint names; nullopt if it is missing or unreadable, for it is only a hint.
Result<std::optional<Version>> read_last_checkpoint(const TableLocation& table);

/// The inCommitTimestamp of the commit `key`, milliseconds; nullopt if it has none. Reads the commit's first action
/// only. kNotFound.
Result<std::optional<std::int64_t>> read_in_commit_timestamp(const TableLocation& table, const std::string& key);

}  // namespace lagoa::delta
