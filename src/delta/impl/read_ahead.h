// Reading many objects in order with several requests in flight: a store far away answers each only after its
// round trip, and a near one leaves a core to parse with.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lagoa::delta {

struct ReadAhead {
    std::size_t readers = 8;  ///< Threads, which live for the call.
    std::size_t ahead = 16;   ///< Results that may wait to be used.
};

/// Calls `read(i)` for 0 ≤ i < count on threads of its own and `use(i, its result)` on this one, in order. Ends with
/// the first error of `use`. `read` must be thread-safe. One or two reads are done on this thread.
template <class T>
Result<> read_in_order(std::size_t count, ReadAhead limits, const std::function<Result<T>(std::size_t)>& read,
                       const std::function<Result<>(std::size_t, Result<T>)>& use) {
    if (count <= 2) {
        for (std::size_t i = 0; i < count; ++i) LAGOA_TRY(use(i, read(i)));
        return {};
    }
    std::mutex mutex;
    std::condition_variable room;                                 // a result was used
    std::condition_variable filled;                               // a result is there
    std::vector<std::optional<Result<T>>> results(limits.ahead);  // by i % ahead; guarded by mutex, as all below
    std::size_t next = 0;                                         // to be read
    std::size_t used = 0;
    bool stop = false;

    const auto work = [&] {
        std::unique_lock lock(mutex);
        for (;;) {
            room.wait(lock, [&] { return stop || next >= count || next < used + limits.ahead; });
            if (stop || next >= count) return;
            const std::size_t i = next++;
            lock.unlock();
            auto result = read(i);
            lock.lock();
            results[i % limits.ahead] = std::move(result);
            if (i == used) filled.notify_one();
        }
    };
    std::vector<std::jthread> threads;  // joined before what they use goes
    Result<> done;
    try {
        for (std::size_t i = 0; i < std::min(limits.readers, count); ++i) threads.emplace_back(work);
    } catch (const std::system_error& error) {  // fewer will do
        if (threads.empty()) return fail(ErrorCode::kResourceExhausted, "starting a thread: {}", error.what());
    }
    while (done && used < count) {
        std::unique_lock lock(mutex);
        auto& slot = results[used % limits.ahead];
        filled.wait(lock, [&] { return slot.has_value(); });
        Result<T> result = *std::exchange(slot, std::nullopt);
        const std::size_t i = used++;
        lock.unlock();
        room.notify_one();
        done = use(i, std::move(result));
    }
    {
        const std::lock_guard lock(mutex);
        stop = true;
    }
    room.notify_all();
    return done;
}

}  // namespace lagoa::delta
