// Which files a write takes rows out of, and what is left of them: copy on write.
//
// A merge takes out the rows that its source's keys match, a replaceWhere those that meet its condition. A file all of
// whose live rows go is dropped; of another the rows that stay are written again, with their row ids where the table
// tracks rows. A file without such a row is left alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/duckdb/held_snapshot.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace lagoa {

/// What follows `FROM <the table> AS t` for the rows that go, and for those that stay.
struct RowMatch {
    std::string going;    ///< `WHERE (close < 0)`, `SEMI JOIN s ON t.id = s.id`
    std::string staying;  ///< `WHERE (close < 0) IS NOT TRUE`, `ANTI JOIN s ON t.id = s.id`
};

/// The columns in which the files of a table that tracks rows keep the ids of copied rows; empty for other tables.
std::vector<Field> row_tracking_columns(const delta::Metadata& metadata);

/// Used by one write, and by the thread of its session.
class FileRewrite {
public:
    FileRewrite(Session& session, std::shared_ptr<const delta::Snapshot> base, std::string url,
                delta::TableLocation location, RowMatch match);

    /// Reads what the match needs of the table.
    Result<> find_files();

    /// Slots of the base, ascending: the files that go, whole or to be written again.
    const std::vector<delta::Slot>& removed() const { return removed_; }
    /// Whether rows stay of some of them.
    bool has_staying_rows() const { return rewritten_ != nullptr; }
    std::uint64_t rows_going() const { return rows_going_; }
    /// The rows that stay of files that go, as columns of `schema`, and after them the row tracking columns; columns
    /// that the base does not have are NULL. Precondition: has_staying_rows(). Valid while this lives.
    std::string select_staying(const Schema& schema) const;
    /// The files of removed() as a table, in SQL. Precondition: some are.
    const std::string& removed_sql() const { return going_->sql(); }

    /// Whether `added`, a file of the same table, has a row that would go: it is read. A file that cannot be read
    /// might.
    bool touches(const delta::AddFile& added) const;

private:
    Session& session_;
    const std::shared_ptr<const delta::Snapshot> base_;  // shared with the snapshot cache
    const std::string url_;
    const delta::TableLocation location_;
    const RowMatch match_;
    std::vector<delta::Slot> removed_;
    std::uint64_t rows_going_ = 0;
    std::unique_ptr<HeldSnapshot> going_;
    std::unique_ptr<HeldSnapshot> rewritten_;
};

}  // namespace lagoa
