// An ObjectStore that fails on purpose: the fault point of every crash sweep.
//
// Mutating operations (put, put_if_absent, writer's open, append and close, remove) are counted from 1.
// A sweep runs the same work for k = 1, 2, … with a fault at k, until a run in which the fault was
// never reached:
//
//     for (int k = 1;; ++k) {
//         FaultyStore store(*disk, {.kind = FaultyStore::Kind::kFail, .at = k});
//         … work on `store`, then check what `disk` holds …
//         if (!store.tripped()) break;
//     }
#pragma once

#include <atomic>

#include "store/object_store.h"

namespace lagoa::test {

/// Thread-safe. `inner` outlives it.
class FaultyStore : public ObjectStore {
public:
    enum class Kind {
        kNone,
        kFail,            ///< The k-th operation fails without effect; those after it work.
        kCrash,           ///< The k-th and all later operations, reads too, fail without effect: the process died.
        kOutcomeUnknown,  ///< The k-th operation takes effect and reports an error all the same.
    };
    struct Fault {
        Kind kind = Kind::kNone;
        int at = 0;
        ErrorCode code = ErrorCode::kUnavailable;
    };

    explicit FaultyStore(ObjectStore& inner) : FaultyStore(inner, Fault{}) {}
    FaultyStore(ObjectStore& inner, Fault fault) : inner_(inner), fault_(fault) {}

    /// Whether the fault was reached.
    bool tripped() const { return fault_.kind != Kind::kNone && operations_ >= fault_.at; }
    /// Mutating operations so far.
    int operations() const { return operations_; }

    Result<std::string> get(std::string_view key) override;
    Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) override;
    Result<ObjectInfo> head(std::string_view key) override;
    Result<> put(std::string_view key, std::string_view bytes) override;
    Result<> put_if_absent(std::string_view key, std::string_view bytes) override;
    Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) override;
    Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after) override;
    Result<> remove(std::string_view key) override;
    std::string root() const override { return inner_.root(); }

private:
    class Writer;

    // Runs one mutating operation, or what the fault makes of it.
    template <class T>
    Result<T> mutate(std::string_view what, auto&& operation);
    // The error of a store whose process has died.
    Result<> alive(std::string_view what) const;

    ObjectStore& inner_;
    const Fault fault_;
    std::atomic<int> operations_ = 0;
};

}  // namespace lagoa::test
