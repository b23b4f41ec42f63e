// Versions of the lake: `_lagoa/log/<20 digits>.json`, one entry a publish, put-if-absent.
//
// An entry is the whole state: every table with its location and Delta version, views, tags and dropped tables, so
// that a reader needs one object. Two publishers race for the next number; the loser re-reads and, when nothing that
// it changes was changed otherwise since its base, tries the next (disjoint changes rebase). A table's version in the
// log never goes back, and times never do: what was when is found by bisection, with checkpoints to spare reads.
//
// Format: docs/formats/lake-log.md
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
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
    std::map<TableName, std::string> views;     ///< name → the SELECT it stands for.
    std::map<std::string, std::uint64_t> tags;  ///< name → lake version.
    std::map<TableName, PublishedTable>
        dropped;  ///< Where a dropped table was, at its last version: not there at head.
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

/// One entry in short.
struct LakeMark {
    std::uint64_t version = 0;
    Instant time;
    std::string run;
    bool operator==(const LakeMark&) const = default;
};

/// How long old versions stay readable.
struct LakeRetention {
    std::chrono::days keep{30};  ///< `retain_days`: lake versions that were the newest within it; tagged ones stay.
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
    Result<std::vector<LakeMark>> history(std::size_t limit);

    /// The last version at or before `time`, 0 if there is none.
    Result<std::uint64_t> version_at(Instant time);

    /// The version that `text` names, with or without a leading `@`: `v12`, `12`; a local day `2026-09-30`, the last
    /// version of it or before; an instant `2026-09-30T18:00:00-03:00`, the last at or before it; `tag:NAME`.
    /// kNotFound names what there is; kInvalidArgument for another form.
    Result<LakeVersion> resolve(std::string_view text, const std::string& time_zone);

    /// Applies `change` in one entry. A change that changes nothing makes no entry: the latest is returned.
    /// `base` is what the publisher had read. A table that others published since at another version is not a
    /// conflict: the later of the two versions stands, for it holds the earlier one. kConflict: a view, a tag or a
    /// table's being there was changed since, to something else. kAlreadyExists: a name would be a table and a view.
    /// kInvalidArgument: a tag's name, or a tag of a version that there is not.
    Result<LakeVersion> publish(const LakeChange& change, const LakeVersion& base, std::string_view run);

    /// For each table that was ever published the oldest Delta version that must stay readable: of lake versions
    /// within `retention`, and of tagged ones. What vacuum and log clean-up obey. One look at the newest entry when
    /// nothing has changed since the last call.
    Result<std::map<TableName, delta::Version>> kept_versions(const LakeRetention& retention);

    /// Every Delta version of `table` that must stay readable: those that lake versions within `retention`, and tagged
    /// ones, name. What vacuum obeys, which need not keep the versions between them. Reads about two entries for each.
    Result<std::set<delta::Version>> kept_versions_of(const TableName& table, const LakeRetention& retention);

    /// Until when `version` is kept at least; nullopt: as long as it is the newest, or tagged. kNotFound as at().
    Result<std::optional<Instant>> kept_until(std::uint64_t version, const LakeRetention& retention);

private:
    // What kept_versions() answers as long as `newest` is the newest and `oldest` the oldest within retention.
    struct Kept {
        std::uint64_t newest = 0;
        std::uint64_t oldest = 0;
        Instant oldest_until;  // when the retention of `oldest` ends
        LakeRetention retention;
        std::map<TableName, delta::Version> versions;
    };

    Result<std::uint64_t> newest_by_listing();
    // The newest version at or before the start of `retention`, which is within it; at least 1.
    Result<std::uint64_t> oldest_kept(const LakeRetention& retention);
    Result<std::map<TableName, delta::Version>> oldest_versions(const std::vector<std::uint64_t>& lake_versions,
                                                                const LakeVersion& newest);
    void remember(const LakeVersion& newest);

    std::shared_ptr<ObjectStore> store_;  // shared with the lake's zones
    Clock& clock_;
    std::mutex mutex_;
    std::shared_ptr<const LakeVersion> known_;  // guarded by mutex_; the newest seen, shared with who reads it
    std::optional<Kept> kept_;                  // guarded by mutex_
};

}  // namespace lagoa
