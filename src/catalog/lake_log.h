// Versions of the lake: `_lagoa/log/<20 digits>.json`, one entry a publish, put-if-absent.
//
// An entry is the whole state: every table with its location and Delta version, views and tags, so that a
// reader needs one object. Two publishers race for the next number; the loser re-reads and, when the tables
// it publishes are not among those changed since its base, tries the next (disjoint tables rebase).
//
// Format: docs/formats/lake-log.md
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "codec/json.h"
#include "delta/actions.h"
#include "model/table_name.h"
#include "store/object_store.h"

namespace lagoa {

struct PublishedTable {
    std::string location;  ///< `<zone>/<table>`: the table's folder in its zone, wherever that lies
    delta::Version version = 0;
    bool operator==(const PublishedTable&) const = default;
};

struct LakeVersion {
    std::uint64_t version = 0;  ///< 0: nothing has been published yet.
    Instant time;
    std::string run;
    std::map<TableName, PublishedTable> tables;
    std::map<TableName, std::string> views;        ///< name → the SELECT it stands for.
    std::map<std::string, std::uint64_t> tags;     ///< name → lake version.
    std::map<TableName, PublishedTable> dropped;   ///< Where a dropped table was, at its last version: not there at head.
};

/// What one entry changes; nothing else changes.
struct LakeChange {
    std::map<TableName, PublishedTable> tables;  ///< Added or moved.
    std::map<TableName, std::string> views;      ///< Created or replaced.
    std::map<TableName, PublishedTable> dropped_tables;
    std::set<TableName> dropped_views;
    std::map<std::string, std::uint64_t> tags;  ///< Set or moved.
    std::set<std::string> dropped_tags;
};

/// How long old versions stay readable.
struct LakeRetention {
    std::chrono::days keep{30};  ///< `retain_days` of the project: lake versions that were the newest within it; tagged ones stay.
};

/// Thread-safe.
class LakeLog {
public:
    LakeLog(std::shared_ptr<ObjectStore> store, Clock& clock);

    /// Version 0 (empty) if nothing was published. kCorruption names the entry.
    Result<LakeVersion> latest();
    /// kNotFound names the newest there is.
    Result<LakeVersion> at(std::uint64_t version);
    /// Newest first.
    Result<std::vector<LakeVersion>> history(std::size_t limit);

    /// The last version of the local day or before the instant that `text` names, or the tagged one: `v12`, `head` is
    /// none of it, `2026-09-30`, `2026-09-30T18:00:00-03:00`, `tag:fechamento-2026-09`, each with or without `@`.
    /// kNotFound names what there is; kInvalidArgument for another form.
    Result<LakeVersion> resolve(std::string_view text, const std::string& time_zone);

    /// Applies `change` in one entry. A change that changes nothing makes no entry: the latest is returned.
    /// `base` is what the publisher had read; a table that others published since is kConflict, unless ours is a later
    /// version of the same table.
    Result<LakeVersion> publish(const LakeChange& change, const LakeVersion& base, std::string_view run);

    /// For each published table the oldest Delta version that must stay readable: of lake versions within `retention`,
    /// and of tagged ones. What vacuum and log clean-up obey.
    Result<std::map<TableName, delta::Version>> kept_versions(const LakeRetention& retention);

private:
    std::shared_ptr<ObjectStore> store_;  // shared with the lake's zones
    Clock& clock_;
};

}  // namespace lagoa
