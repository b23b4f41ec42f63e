// Action reconciliation: what stands after a sequence of actions.
//
// Actions are applied oldest first, the checkpoint before the commits after it. A file is known by
// (path, deletion vector): the newest add or remove of that pair wins, so a commit that removes
// (f, none) and adds (f, vector) leaves the second. Of protocol, metadata, one application's txn and
// one domain's metadata the newest stands.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Action Reconciliation)
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "delta/snapshot.h"

namespace lagoa::delta {

class Replay {
public:
    void apply(Action action);

    /// The last commitInfo that was applied belongs to an older commit from here on.
    void start_commit() { commit_info_.reset(); }

    /// The table as of `version`; `log_time_ms` is its log file's time. kCorruption: no protocol or
    /// metadata. kUnsupported: a reader feature we lack.
    Result<Snapshot> finish(Version version, std::int64_t log_time_ms) &&;

private:
    void set(Protocol protocol) { protocol_ = std::move(protocol); }
    void set(Metadata metadata) { metadata_ = std::move(metadata); }
    void set(AddFile add);
    void set(RemoveFile remove);
    void set(CdcFile) {}  // a change feed's file is no part of the table's state
    void set(Txn txn);
    void set(DomainMetadata domain);
    void set(CheckpointMetadata) {}
    void set(Sidecar) {}  // its actions are read where it is met
    void set(CommitInfo info) { commit_info_ = std::move(info); }

    std::optional<Protocol> protocol_;
    std::optional<Metadata> metadata_;
    std::optional<CommitInfo> commit_info_;
    std::unordered_map<std::string, AddFile> files_;          // by file_key
    std::unordered_map<std::string, RemoveFile> tombstones_;  // by file_key
    std::map<std::string, Txn> txns_;
    std::map<std::string, DomainMetadata> domains_;
};

}  // namespace lagoa::delta
