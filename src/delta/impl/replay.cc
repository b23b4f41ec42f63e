#include "delta/impl/replay.h"

#include <utility>

#include "delta/column_mapping.h"

namespace lagoa::delta {
namespace {

// `list` with what a replay on top of it has changed.
template <class Item, class Other>
ActionList<Item> changed(const ActionList<Item>& list, std::vector<Item> added, const std::vector<Other>& gone) {
    std::vector<Slot> slots;
    const auto look_up = [&](const auto& item) {
        if (const auto slot = list.find(file_key(item.path, item.deletion_vector))) slots.push_back(*slot);
    };
    for (const Item& item : added) look_up(item);
    for (const Other& item : gone) look_up(item);
    return list.with(std::move(added), slots);
}

}  // namespace

Replay::Replay(std::shared_ptr<const Snapshot> base)
    : base_(std::move(base)),
      protocol_(base_->protocol),
      metadata_(base_->metadata),
      txns_(base_->txns),
      domains_(base_->domains) {}

void Replay::apply(Action action) {
    std::visit([this](auto& content) { set(std::move(content)); }, action);
}

void Replay::set(AddFile add) {
    const std::size_t hash = key_hash(add.path, add.deletion_vector);
    tombstones_.erase(hash, add);
    files_.set(hash, std::move(add));
}

void Replay::set(RemoveFile remove) {
    const std::size_t hash = key_hash(remove.path, remove.deletion_vector);
    files_.erase(hash, remove);
    tombstones_.set(hash, std::move(remove));
}

void Replay::set(Txn txn) {
    std::string app_id = txn.app_id;
    txns_.insert_or_assign(std::move(app_id), std::move(txn));
}

void Replay::set(DomainMetadata domain) {
    std::string name = domain.domain;
    if (domain.removed)
        domains_.erase(name);
    else
        domains_.insert_or_assign(std::move(name), std::move(domain));
}

Result<Snapshot> Replay::finish(Version version) && {
    if (!protocol_) return fail(ErrorCode::kCorruption, "version {} has no protocol action", version);
    LAGOA_TRY(check_readable(*protocol_));
    if (!metadata_) return fail(ErrorCode::kCorruption, "version {} has no metaData action", version);

    Snapshot snapshot;
    snapshot.version = version;
    snapshot.protocol = *std::move(protocol_);
    snapshot.metadata = *std::move(metadata_);
    snapshot.txns = std::move(txns_);
    snapshot.domains = std::move(domains_);
    auto [files, file_hashes] = std::move(files_).take();
    auto [tombstones, tombstone_hashes] = std::move(tombstones_).take();
    // A value that the log leaves out is NULL: from here on every partition column has one.
    for (const auto& column : physical_partition_columns(snapshot.metadata))
        for (AddFile& file : files) file.partition_values.try_emplace(column);
    if (!base_) {
        snapshot.files = FileList(std::move(files), std::move(file_hashes));
        snapshot.tombstones = TombstoneList(std::move(tombstones), std::move(tombstone_hashes));
        return snapshot;
    }
    // What was added is no tombstone any more, and what was removed no file.
    auto remaining = changed(base_->tombstones, tombstones, files);
    snapshot.files = changed(base_->files, std::move(files), tombstones);
    snapshot.tombstones = std::move(remaining);
    return snapshot;
}

}  // namespace lagoa::delta
