// Which rows of a table a write takes out: those that a merge's source matches by key, or that meet a condition.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "catalog/duckdb/held_snapshot.h"
#include "catalog/impl/row_changes.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace lagoa {

/// Used by one write, and by the thread of its session.
class RowSearch {
public:
    /// `match` follows `FROM <the table> AS t`: `WHERE (close < 0)`, `SEMI JOIN s ON t.id = s.id`.
    RowSearch(Session& session, std::shared_ptr<const delta::Snapshot> base, std::string url,
              delta::TableLocation location, std::string match);

    /// Reads what the match needs of the table.
    Result<> run();

    bool found_none() const { return found_.empty(); }
    /// The rows found, as changes that delete them, or `update` them.
    RowChanges changes(bool update) const;
    /// The rows found as a table in SQL. Precondition: there are some.
    const std::string& sql() const { return rows_->sql(); }

    /// Whether `added`, a file of the same table, has a row that would be found: it is read. A file that cannot be read
    /// might.
    bool touches(const delta::AddFile& added) const;

private:
    std::shared_ptr<const delta::Snapshot> with_files(std::vector<delta::AddFile> files) const;

    Session& session_;
    const std::shared_ptr<const delta::Snapshot> base_;  // shared with the snapshot cache
    const std::string url_;
    const delta::TableLocation location_;
    const std::string match_;
    std::map<delta::Slot, delta::DeletedRows> found_;
    std::unique_ptr<HeldSnapshot> rows_;
};

}  // namespace lagoa
