// An ObjectStore whose objects have the times of a clock, so that a test can let them grow old.
#pragma once

#include <map>
#include <mutex>

#include "base/clock.h"
#include "store/object_store.h"

namespace lagoa::test {

/// Thread-safe. `inner` and `clock` outlive it. Objects not written through it keep their own times.
class DatedStore final : public ObjectStore {
public:
    DatedStore(ObjectStore& inner, const Clock& clock) : inner_(inner), clock_(clock) {}

    Result<std::string> get(std::string_view key) override { return inner_.get(key); }
    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        return inner_.get_range(key, offset, length);
    }
    Result<ObjectInfo> head(std::string_view key) override { return dated(LAGOA_TRY(inner_.head(key))); }
    Result<> put(std::string_view key, std::string_view bytes) override {
        LAGOA_TRY(inner_.put(key, bytes));
        return date(key);
    }
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        LAGOA_TRY(inner_.put_if_absent(key, bytes));
        return date(key);
    }
    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        date(key).value();
        return inner_.writer(key);
    }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        auto objects = LAGOA_TRY(inner_.list(prefix, after));
        for (auto& object : objects) object = dated(std::move(object));
        return objects;
    }
    Result<> remove(std::string_view key) override { return inner_.remove(key); }
    std::string root() const override { return inner_.root(); }

private:
    Result<> date(std::string_view key) {
        const std::lock_guard lock(mutex_);
        times_[std::string(key)] = clock_.now();
        return {};
    }
    ObjectInfo dated(ObjectInfo object) const {
        const std::lock_guard lock(mutex_);
        if (const auto at = times_.find(object.key); at != times_.end()) object.modified = at->second;
        return object;
    }

    ObjectStore& inner_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Instant> times_;  // guarded by mutex_
};

}  // namespace lagoa::test
