#include "store/memory_store.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace lagoa {
namespace {

class MemoryStore final : public ObjectStore {
public:
    Result<std::string> get(std::string_view key) override { return get_range(key, 0, UINT64_MAX); }

    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        LAGOA_TRY(check_key(key));
        const std::lock_guard lock(mutex_);
        const auto at = objects_.find(key);
        if (at == objects_.end()) return absent(key);
        const std::string& bytes = at->second.bytes;
        return offset >= bytes.size() ? std::string() : bytes.substr(offset, length);
    }

    Result<ObjectInfo> head(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const std::lock_guard lock(mutex_);
        const auto at = objects_.find(key);
        if (at == objects_.end()) return absent(key);
        return describe(*at);
    }

    Result<> put(std::string_view key, std::string_view bytes) override {
        LAGOA_TRY(check_key(key));
        const std::lock_guard lock(mutex_);
        objects_.insert_or_assign(std::string(key), Object{std::string(bytes), system_clock().now()});
        return {};
    }

    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        LAGOA_TRY(check_key(key));
        const std::lock_guard lock(mutex_);
        if (!objects_.try_emplace(std::string(key), Object{std::string(bytes), system_clock().now()}).second)
            return fail(ErrorCode::kAlreadyExists, "creating {}/{}: it exists", root(), key);
        return {};
    }

    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        return std::make_unique<Writer>(*this, std::string(key));
    }

    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        std::vector<ObjectInfo> found;
        const std::lock_guard lock(mutex_);
        for (auto at = objects_.lower_bound(prefix); at != objects_.end() && at->first.starts_with(prefix); ++at)
            if (at->first > after) found.push_back(describe(*at));
        return found;
    }

    Result<> remove(std::string_view key) override {
        LAGOA_TRY(check_key(key));
        const std::lock_guard lock(mutex_);
        if (const auto at = objects_.find(key); at != objects_.end()) objects_.erase(at);
        return {};
    }

    std::string root() const override { return "memory:"; }

private:
    struct Object {
        std::string bytes;
        Instant modified;
    };
    using Objects = std::map<std::string, Object, std::less<>>;

    class Writer final : public ObjectWriter {
    public:
        Writer(MemoryStore& store, std::string key) : store_(store), key_(std::move(key)) {}
        Result<> append(std::string_view bytes) override {
            bytes_ += bytes;
            return {};
        }
        Result<> close() override { return store_.put(key_, bytes_); }
        std::uint64_t size_bytes() const override { return bytes_.size(); }

    private:
        MemoryStore& store_;
        const std::string key_;
        std::string bytes_;
    };

    std::unexpected<Error> absent(std::string_view key) const {
        return fail(ErrorCode::kNotFound, "reading {}/{}: no such object", root(), key);
    }

    static ObjectInfo describe(const Objects::value_type& object) {
        return {.key = object.first, .size_bytes = object.second.bytes.size(), .modified = object.second.modified};
    }

    std::mutex mutex_;
    Objects objects_;  // guarded by mutex_
};

}  // namespace

std::unique_ptr<ObjectStore> make_memory_store() {
    return std::make_unique<MemoryStore>();
}

}  // namespace lagoa
