#include "catalog/impl/snapshot_cache.h"

#include <utility>

namespace lagoa {
namespace {

constexpr std::size_t kVersionsOfATable = 8;  // so that a table with many commits does not push out the others

}  // namespace

// Both read outside the lock: two readers of a new version may both read it, which is harmless.

Result<std::shared_ptr<const delta::Snapshot>> SnapshotCache::read(const delta::TableLocation& table,
                                                                   delta::Version version) {
    const auto known = find(table, version);
    if (known && known->version == version) return known;
    auto snapshot = LAGOA_TRY(known ? delta::refresh(table, known, version) : delta::read_snapshot(table, version));
    keep(table, snapshot);
    return snapshot;
}

Result<std::shared_ptr<const delta::Snapshot>> SnapshotCache::newest(const delta::TableLocation& table) {
    const auto known = find(table, {});
    auto snapshot = LAGOA_TRY(known ? delta::refresh(table, known) : delta::read_snapshot(table));
    if (snapshot != known) keep(table, snapshot);
    return snapshot;
}

std::shared_ptr<const delta::Snapshot> SnapshotCache::find(const delta::TableLocation& table,
                                                           std::optional<delta::Version> limit) {
    const std::lock_guard lock(mutex_);
    auto best = entries_.end();
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
        const delta::Version version = entry->snapshot->version;
        if (!entry->is_of(table) || version > limit.value_or(version)) continue;
        if (best == entries_.end() || version > best->snapshot->version) best = entry;
    }
    if (best == entries_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, best);
    return best->snapshot;
}

void SnapshotCache::keep(const delta::TableLocation& table, std::shared_ptr<const delta::Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    // Other versions of a table that was dropped and made again are not this table's.
    entries_.remove_if([&](const Entry& entry) {
        return entry.is_of(table) &&
               (entry.snapshot->version == snapshot->version || entry.snapshot->metadata.id != snapshot->metadata.id);
    });
    entries_.push_front({table.store, table.path, std::move(snapshot)});
    std::size_t of_table = 0;
    std::size_t all = 0;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const bool too_many = ++all > capacity_ || (entry->is_of(table) && ++of_table > kVersionsOfATable);
        entry = too_many ? entries_.erase(entry) : std::next(entry);
    }
}

}  // namespace lagoa
