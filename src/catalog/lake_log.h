// Versions of the lake: `_lagoa/log/<20 digits>.json`, one entry a publish, put-if-absent.
//
// An entry is the whole state: every table with its location and Delta version, views and tags, so that a
// reader needs one object. Two publishers race for the next number; the loser re-reads and, when the tables
// it publishes are not among those changed since its base, tries the next (disjoint tables rebase).
//
// Format: docs/formats/lake-log.md
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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
    std::map<std::string, std::string> views;   ///< `zone.name` → SQL; none are written yet.
    std::map<std::string, std::uint64_t> tags;  ///< name → lake version; none are written yet.
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

    /// Adds or moves `tables` in one entry. Unchanged tables make no entry: the latest is returned.
    /// `base` is what the publisher had read; kConflict if one of `tables` was published to another version
    /// since.
    Result<LakeVersion> publish(const std::map<TableName, PublishedTable>& tables, const LakeVersion& base,
                                std::string_view run);

private:
    std::shared_ptr<ObjectStore> store_;  // shared with the lake's zones
    Clock& clock_;
};

}  // namespace lagoa
