// One snapshot as a table of one session: what a writer scans is the very snapshot that its commit is made from.
//
// A second snapshot of the same version may have its files in other slots, or be gone from the log; this one is the
// object itself, bound by the private table function `lagoa_snapshot('<name>')`.
#pragma once

#include <memory>
#include <string>

#include "catalog/duckdb/only_rows.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace lagoa {

/// Adds the table function to `engine`. Once an engine.
Result<> register_held_snapshots(Engine& engine);

/// Used by the thread that uses the session, which outlives it.
class HeldSnapshot {
public:
    /// `root` is the table's folder as SQL opens it: `lagoa://silver/stocks`. Of the files that `only` names, these
    /// rows alone.
    HeldSnapshot(Session& session, std::shared_ptr<const delta::Snapshot> snapshot, std::string root,
                 const delta::TableLocation& table, OnlyRows only = {});
    ~HeldSnapshot();
    HeldSnapshot(const HeldSnapshot&) = delete;
    HeldSnapshot& operator=(const HeldSnapshot&) = delete;

    /// Its rows, to be put after FROM: with the virtual columns of every scan, `file_index` being a slot of the
    /// snapshot.
    const std::string& sql() const { return sql_; }

private:
    Session& session_;
    const std::string name_;
    const std::string sql_;
};

}  // namespace lagoa
