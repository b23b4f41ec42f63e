#include "delta/impl/replay.h"

#include <algorithm>

#include "delta/column_mapping.h"
#include "delta/log_json.h"

namespace lagoa::delta {

void Replay::apply(Action action) {
    std::visit([this](auto& content) { set(std::move(content)); }, action);
}

void Replay::set(AddFile add) {
    std::string key = file_key(add.path, add.deletion_vector);
    tombstones_.erase(key);
    files_.insert_or_assign(std::move(key), std::move(add));
}

void Replay::set(RemoveFile remove) {
    std::string key = file_key(remove.path, remove.deletion_vector);
    files_.erase(key);
    tombstones_.insert_or_assign(std::move(key), std::move(remove));
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

Result<Snapshot> Replay::finish(Version version, std::int64_t log_time_ms) && {
    if (!protocol_) return fail(ErrorCode::kCorruption, "version {} has no protocol action", version);
    LAGOA_TRY(check_readable(*protocol_));
    if (!metadata_) return fail(ErrorCode::kCorruption, "version {} has no metaData action", version);

    Snapshot snapshot;
    snapshot.version = version;
    snapshot.timestamp_ms = log_time_ms;
    if (commit_info_) snapshot.timestamp_ms = commit_time(commit_info_->fields).value_or(log_time_ms);
    snapshot.protocol = *std::move(protocol_);
    snapshot.metadata = *std::move(metadata_);
    snapshot.txns = std::move(txns_);
    snapshot.domains = std::move(domains_);
    std::vector<AddFile> files;
    files.reserve(files_.size());
    for (auto& [key, file] : files_) {
        // A value that the log leaves out is NULL: from here on every partition column has one.
        for (const auto& column : physical_partition_columns(snapshot.metadata)) file.partition_values.try_emplace(column);
        files.push_back(std::move(file));
    }
    std::vector<RemoveFile> tombstones;
    for (auto& [key, tombstone] : tombstones_) tombstones.push_back(std::move(tombstone));
    std::ranges::sort(files, {}, &AddFile::path);
    std::ranges::sort(tombstones, {}, &RemoveFile::path);
    snapshot.files = FileList(std::move(files));
    snapshot.tombstones = TombstoneList(std::move(tombstones));
    return snapshot;
}

}  // namespace lagoa::delta
