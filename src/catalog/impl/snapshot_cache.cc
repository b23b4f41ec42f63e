#include "catalog/impl/snapshot_cache.h"

#include <algorithm>

namespace lagoa {

Result<std::shared_ptr<const delta::Snapshot>> SnapshotCache::read(const delta::TableLocation& table,
                                                                   delta::Version version) {
    {
        const std::lock_guard lock(mutex_);
        const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
            return entry.snapshot->version == version && entry.store == table.store && entry.path == table.path;
        });
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            return found->snapshot;
        }
    }
    // Read outside the lock: two readers of a new version may both read it, which is harmless.
    auto snapshot = LAGOA_TRY(delta::read_snapshot(table, version));
    const std::lock_guard lock(mutex_);
    entries_.push_front({table.store, table.path, snapshot});
    if (entries_.size() > capacity_) entries_.pop_back();
    return snapshot;
}

}  // namespace lagoa
