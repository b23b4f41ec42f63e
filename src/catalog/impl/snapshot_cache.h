// Snapshots by table and version. A version never changes, so that an entry never goes stale; a newer version is
// read on top of the one that is here.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "delta/snapshot.h"

namespace lagoa {

/// Thread-safe. Keeps the most recently used, a few of each table.
class SnapshotCache {
public:
    explicit SnapshotCache(std::size_t capacity) : capacity_(capacity) {}

    /// As delta::read_snapshot.
    Result<std::shared_ptr<const delta::Snapshot>> read(const delta::TableLocation& table, delta::Version version);

    /// The table's newest version.
    Result<std::shared_ptr<const delta::Snapshot>> newest(const delta::TableLocation& table);

private:
    struct Entry {
        const ObjectStore* store;
        std::string path;
        std::shared_ptr<const delta::Snapshot> snapshot;  // shared with its readers

        bool is_of(const delta::TableLocation& table) const { return store == table.store && path == table.path; }
    };

    // The newest entry of `table` up to `limit`, now the latest used; nullptr if there is none.
    std::shared_ptr<const delta::Snapshot> find(const delta::TableLocation& table, std::optional<delta::Version> limit);
    void keep(const delta::TableLocation& table, std::shared_ptr<const delta::Snapshot> snapshot);

    const std::size_t capacity_;
    std::mutex mutex_;
    std::list<Entry> entries_;  // guarded by mutex_; latest used first
};

}  // namespace lagoa
