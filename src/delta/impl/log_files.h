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

/// A classic checkpoint with all of its parts, in order.
struct Checkpoint {
    Version version = 0;
    std::vector<ObjectInfo> parts;
};

/// One listing of the log, by version.
struct LogFiles {
    std::map<Version, ObjectInfo> commits;
    std::vector<Checkpoint> checkpoints;  ///< Complete ones, oldest first.
    bool has_v2_checkpoint = false;       ///< One that we cannot read (feature v2Checkpoint).

    /// The newest version; nullopt if there is no table.
    std::optional<Version> newest() const;
    /// The oldest version that can be rebuilt from what was listed.
    std::optional<Version> oldest() const;
};

/// Lists the log from version `from` on. Files of other names are ignored.
Result<LogFiles> list_log(const TableLocation& table, Version from = 0);

/// The version that _last_checkpoint names; nullopt if it is missing or unreadable, for it is only a hint.
Result<std::optional<Version>> read_last_checkpoint(const TableLocation& table);

}  // namespace lagoa::delta
