// The LakeView of one Cut: names → versions → snapshots.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/impl/snapshot_cache.h"
#include "catalog/lake.h"
#include "catalog/lake_view.h"

namespace lagoa {

/// What every view of one lake shares; outlives them. Thread-safe.
struct LakeTables {
    std::map<std::string, std::shared_ptr<ObjectStore>> zones;  // shared with the engine's mounts
    std::unique_ptr<delta::ParquetIo> parquet;
    std::set<TableName> contracted;
    std::unique_ptr<LakeLog> log;
    LakeRetention retention;
    Clock* clock = nullptr;
    Engine* engine = nullptr;
    SnapshotCache snapshots{128};

    /// kNotFound for an unknown zone.
    Result<delta::TableLocation> locate(const TableName& table) const;
    /// Names of the folders of `zone` that hold a Delta log, sorted. kNotFound for an unknown zone.
    Result<std::vector<std::string>> at_head(std::string_view zone) const;
    /// At its newest version. kNotFound.
    Result<std::shared_ptr<const delta::Snapshot>> newest(const TableName& table);
    /// Whether a table whose newest version is `newest` is gone: dropped, and not written since.
    Result<bool> is_dropped(const TableName& table, delta::Version newest);
    /// newest(), but kNotFound for a dropped table.
    Result<std::shared_ptr<const delta::Snapshot>> live(const TableName& table);
    /// As LakeView::kept_version.
    Result<delta::Version> kept_version(const TableName& table);
    /// For commits to `table`; must not outlive this.
    delta::CommitOptions commit_options(const TableName& table);
};

/// Reads what `cut` is based on. kNotFound for a lake version that is not there.
Result<std::shared_ptr<LakeView>> make_cut_view(std::shared_ptr<LakeTables> tables, const Cut& cut);

}  // namespace lagoa
