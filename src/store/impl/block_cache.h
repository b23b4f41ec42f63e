// Blocks of objects, kept in memory up to a bound: what small reads of a store's readers share.
//
// A small read costs S3 as much time as one of a block, so it fetches the blocks around it. Larger reads pass by: who
// makes them keeps what it read (DuckDB's own cache of file ranges), and nothing is to be kept twice.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace lagoa {

/// Thread-safe. The least recently used goes first.
class BlockCache {
public:
    static constexpr std::uint64_t kBlockBytes = std::uint64_t{64} << 10;
    using Block = std::shared_ptr<const std::string>;  // shared with readers that copy from it while it is evicted

    explicit BlockCache(std::uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

    /// Block `index` of the object that `identity` names, key and version; nullptr if it is not kept.
    Block find(const std::string& identity, std::uint64_t index);
    void insert(const std::string& identity, std::uint64_t index, Block block);

private:
    struct Entry {
        std::string key;
        Block block;
    };
    static std::string key_of(const std::string& identity, std::uint64_t index);

    const std::uint64_t capacity_bytes_;
    std::mutex mutex_;
    std::list<Entry> recent_;                                            // guarded by mutex_; the newest first
    std::unordered_map<std::string, std::list<Entry>::iterator> where_;  // guarded by mutex_
    std::uint64_t bytes_ = 0;                                            // guarded by mutex_
};

}  // namespace lagoa
