#include "store/impl/block_cache.h"

namespace lagoa {

std::string BlockCache::key_of(const std::string& identity, std::uint64_t index) {
    return identity + '\0' + std::to_string(index);
}

BlockCache::Block BlockCache::find(const std::string& identity, std::uint64_t index) {
    const std::lock_guard lock(mutex_);
    const auto found = where_.find(key_of(identity, index));
    if (found == where_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->block;
}

void BlockCache::insert(const std::string& identity, std::uint64_t index, Block block) {
    const std::string key = key_of(identity, index);
    const std::lock_guard lock(mutex_);
    if (where_.contains(key)) return;
    bytes_ += block->size();
    recent_.push_front({key, std::move(block)});
    where_.emplace(key, recent_.begin());
    while (bytes_ > capacity_bytes_ && !recent_.empty()) {
        bytes_ -= recent_.back().block->size();
        where_.erase(recent_.back().key);
        recent_.pop_back();
    }
}

}  // namespace lagoa
