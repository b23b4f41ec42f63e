// Action reconciliation: what stands after a sequence of actions.
//
// Actions are applied oldest first, the checkpoint before the commits after it. A file is known by
// (path, deletion vector): the newest add or remove of that pair wins, so a commit that removes
// (f, none) and adds (f, vector) leaves the second. Of protocol, metadata, one application's txn and
// one domain's metadata the newest stands.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Action Reconciliation)
#pragma once

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/huge_pages.h"
#include "delta/impl/key_index.h"
#include "delta/snapshot.h"

namespace lagoa::delta {

/// The newest action of each file, in the order in which they came.
template <class Item>
class NewestActions {
public:
    void set(std::size_t hash, Item item) {
        erase(hash, item);
        index_.add(hash);
        if (items_.size() == items_.capacity()) grow();
        items_.push_back(std::move(item));
    }

    /// Forgets the action of `same`'s file; AddFile and RemoveFile may stand for each other.
    template <class Same>
    void erase(std::size_t hash, const Same& same) {
        const auto at = index_.find(hash, [&](std::size_t i) {
            if (is_dead(i)) return false;
            const Item& item = items_[i];
            if (item.path == same.path && item.deletion_vector == same.deletion_vector) return true;
            return file_key(item.path, item.deletion_vector) == file_key(same.path, same.deletion_vector);
        });
        if (!at) return;
        dead_.resize(items_.size());
        dead_[*at] = true;
        any_dead_ = true;
    }

    /// The actions and the hashes of their keys.
    std::pair<std::vector<Item>, std::vector<std::size_t>> take() && {
        std::vector<std::size_t> hashes = index_.hashes();
        if (!any_dead_) return {std::move(items_), std::move(hashes)};
        std::size_t kept = 0;
        for (std::size_t i = 0; i < items_.size(); ++i) {
            if (is_dead(i)) continue;
            if (kept != i) items_[kept] = std::move(items_[i]);
            hashes[kept++] = hashes[i];
        }
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(kept), items_.end());
        hashes.resize(kept);
        return {std::move(items_), std::move(hashes)};
    }

private:
    void grow() {
        std::vector<Item> larger;
        larger.reserve(std::max<std::size_t>(16, 2 * items_.capacity()));
        prefer_huge_pages(larger.data(), larger.capacity() * sizeof(Item));
        std::ranges::move(items_, std::back_inserter(larger));
        items_ = std::move(larger);
    }
    bool is_dead(std::size_t index) const { return index < dead_.size() && dead_[index]; }

    std::vector<Item> items_;
    KeyIndex index_;          // of items_, the dead ones too
    std::vector<bool> dead_;  // by index; may be shorter than items_
    bool any_dead_ = false;
};

class Replay {
public:
    Replay() = default;
    /// On top of `base`, whose files are not copied.
    explicit Replay(std::shared_ptr<const Snapshot> base);

    void apply(Action action);

    /// The last commitInfo that was applied belongs to an older commit from here on.
    void start_commit() { commit_info_.reset(); }
    const std::optional<CommitInfo>& commit_info() const { return commit_info_; }
    bool has_protocol_and_metadata() const { return protocol_.has_value() && metadata_.has_value(); }

    /// The table as of `version`, without its time. kCorruption: no protocol or metadata. kUnsupported: a reader
    /// feature we lack.
    Result<Snapshot> finish(Version version) &&;

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

    std::shared_ptr<const Snapshot> base_;  // shared with its readers; nullptr: none
    std::optional<Protocol> protocol_;
    std::optional<Metadata> metadata_;
    std::optional<CommitInfo> commit_info_;
    NewestActions<AddFile> files_;  // no file is in both
    NewestActions<RemoveFile> tombstones_;
    std::map<std::string, Txn> txns_;
    std::map<std::string, DomainMetadata> domains_;
};

}  // namespace lagoa::delta
