// What one session sees of the lake: names resolved to Delta snapshots for one Cut.
//
// Lake makes one for each session; the attached catalog (catalog/duckdb/) asks it for every name
// that SQL mentions. Knows no DuckDB, so that it can be tested and reused without an engine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "catalog/lake_log.h"
#include "delta/snapshot.h"
#include "engine/engine.h"
#include "model/table_name.h"

namespace lagoa {

/// Thread-safe. The base of the cut (published or given lake version) is read once, when the view is
/// made: all statements of a session see the same lake version. A head view follows each table, and the views and
/// dropped tables of the newest lake version.
class LakeView {
public:
    virtual ~LakeView() = default;

    /// The zones, sorted: SQL's schemas.
    virtual Result<std::vector<std::string>> zones() = 0;

    /// The tables of `zone` that this cut holds, sorted. kNotFound for an unknown zone.
    virtual Result<std::vector<std::string>> tables(std::string_view zone) = 0;

    /// The table at the cut's version (cached by version). kNotFound if the cut does not hold it.
    virtual Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table) = 0;

    /// Whether the cut names a version of the table: what snapshot() then does not find has expired.
    virtual bool is_fixed(const TableName& table) = 0;

    /// The table's newest version, whatever the cut: what an INSERT builds on. kNotFound, also for a table that was
    /// dropped and not written since.
    virtual Result<std::shared_ptr<const delta::Snapshot>> newest(const TableName& table) = 0;

    /// The last version of a table that was dropped and not written since: one created anew replaces it, in a commit on
    /// top of it. nullptr: there is none.
    virtual Result<std::shared_ptr<const delta::Snapshot>> dropped(const TableName& table) = 0;

    /// Where `table` is; it need not exist. kNotFound for an unknown zone. SQL reads its file
    /// `<path>/x.parquet` as `lagoa://<zone>/<path>/x.parquet`.
    virtual Result<delta::TableLocation> location(const TableName& table) = 0;

    /// The views of `zone` in this cut: name → its SELECT. kNotFound for an unknown zone.
    virtual Result<std::map<std::string, std::string>> views(std::string_view zone) = 0;

    /// One entry of the lake log, at once; this session sees it. As LakeLog::publish, on what this session has seen.
    /// kUnsupported in the cut of a given lake version.
    virtual Result<> change(const LakeChange& change) = 0;

    /// The oldest version of `table` that must stay readable: a lake version within retention or a tag names it. Beyond
    /// every version if none does.
    virtual Result<delta::Version> kept_version(const TableName& table) = 0;

    /// Whether `table` has a contract: its rows come from jobs and sources, which check it, and not from SQL.
    virtual bool has_contract(const TableName& table) = 0;

    /// A session of the same engine for work beside the statement that runs, whose own session is busy. It sees no
    /// table by name.
    virtual Result<std::unique_ptr<Session>> side_session() = 0;

    /// What commits are dated by.
    virtual Clock& clock() = 0;

    /// This session wrote `version` of `table`: later statements see it. A table that is read at its newest version
    /// stays so.
    virtual void pin(const TableName& table, delta::Version version) = 0;
};

}  // namespace lagoa
