// Snapshots by table and version. A version never changes, so that an entry never goes stale.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "delta/snapshot.h"

namespace lagoa {

/// Thread-safe. Keeps the most recently used.
class SnapshotCache {
public:
    explicit SnapshotCache(std::size_t capacity) : capacity_(capacity) {}

    /// As delta::read_snapshot.
    Result<std::shared_ptr<const delta::Snapshot>> read(const delta::TableLocation& table, delta::Version version);

private:
    struct Entry {
        const ObjectStore* store;
        std::string path;
        std::shared_ptr<const delta::Snapshot> snapshot;  // shared with its readers
    };

    const std::size_t capacity_;
    std::mutex mutex_;
    std::list<Entry> entries_;  // guarded by mutex_; latest used first
};

}  // namespace lagoa
