// What a checksum file holds, carried from one version to the next without replaying the table.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "delta/snapshot.h"

namespace lagoa::delta {

std::string checksum_key(const TableLocation& table, Version version);

class RunningChecksum {
public:
    /// Of `base`, or of a table that is not there yet (nullptr). The base is shared: its files are looked up in it.
    explicit RunningChecksum(std::shared_ptr<const Snapshot> base);

    /// The next action of the log.
    void apply(const Action& action);
    /// As apply, without a copy.
    void add(const AddFile& file);
    void remove(const RemoveFile& file);

    /// The file's text for the version that has been reached.
    std::string print(std::string_view txn_id, std::optional<std::int64_t> in_commit_timestamp_ms) const;

private:
    struct FileSize {
        std::int64_t bytes = 0;
        std::int64_t deleted_rows = 0;
        bool has_vector = false;
    };

    static FileSize size_of(const AddFile& file);
    void count(const FileSize& size, int sign);
    void drop(const std::string& key);

    std::shared_ptr<const Snapshot> base_;
    std::unordered_map<std::string, FileSize> added_;  // since the base, by file_key
    std::unordered_set<std::string> dropped_;          // of the base's, by file_key
    std::int64_t files_ = 0;
    std::int64_t bytes_ = 0;
    std::int64_t deleted_rows_ = 0;
    std::int64_t vectors_ = 0;
    std::optional<Protocol> protocol_;
    std::optional<Metadata> metadata_;
    std::map<std::string, Txn> txns_;
    std::map<std::string, DomainMetadata> domains_;
};

}  // namespace lagoa::delta
