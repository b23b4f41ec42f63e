// A store whose changes fail at random, before or after they took effect: what a network does.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "store/object_store.h"

namespace lagoa::test {

/// Of a thousand changes, `faults` fail: half of them with kUnavailable and nothing done, half with kDeadlineExceeded
/// and all of it done. The seed and the number of the change decide. Thread-safe.
class FlakyStore final : public ObjectStore {
public:
    FlakyStore(std::shared_ptr<ObjectStore> inner, unsigned faults, std::uint64_t seed)
        : inner_(std::move(inner)), faults_(faults), seed_(seed) {}

    Result<std::string> get(std::string_view key) override { return inner_->get(key); }
    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override {
        return inner_->get_range(key, offset, length);
    }
    Result<std::unique_ptr<ObjectReader>> reader(std::string_view key) override { return inner_->reader(key); }
    Result<ObjectInfo> head(std::string_view key) override { return inner_->head(key); }
    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override {
        return inner_->list(prefix, after);
    }
    Result<std::vector<std::string>> folders(std::string_view prefix) override { return inner_->folders(prefix); }
    std::string root() const override { return inner_->root(); }

    Result<> put(std::string_view key, std::string_view bytes) override {
        return change<void>([&] { return inner_->put(key, bytes); });
    }
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override {
        return change<void>([&] { return inner_->put_if_absent(key, bytes); });
    }
    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override {
        return change<std::unique_ptr<ObjectWriter>>([&] { return inner_->writer(key); });
    }
    Result<> remove(std::string_view key) override {
        return change<void>([&] { return inner_->remove(key); });
    }

private:
    template <class T>
    Result<T> change(auto&& operation) {
        std::mt19937_64 random(seed_ + changes_++);
        const auto draw = random() % 2000;
        if (draw < faults_) return fail(ErrorCode::kUnavailable, "a fault before the change");
        Result<T> result = operation();
        if (draw >= faults_ && draw < 2 * faults_)
            return fail(ErrorCode::kDeadlineExceeded, "a fault after the change");
        return result;
    }

    std::shared_ptr<ObjectStore> inner_;  // shared with its opener
    const unsigned faults_;
    const std::uint64_t seed_;
    std::atomic<std::uint64_t> changes_ = 0;
};

}  // namespace lagoa::test
