#include "flow/impl/watchdog.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace lagoa::flow {
namespace {

// Short enough to notice a clock that was set, or a machine that slept.
constexpr std::chrono::microseconds kLongestNap = std::chrono::milliseconds(100);

void watch(const std::stop_token& stop, Clock& clock, Instant deadline, std::stop_source target) {
    std::mutex mutex;
    std::condition_variable_any bell;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        const auto left = deadline - clock.now();
        if (left <= std::chrono::microseconds::zero()) {
            target.request_stop();
            return;
        }
        bell.wait_for(lock, stop, std::min<std::chrono::microseconds>(left, kLongestNap), [] { return false; });
    }
}

}  // namespace

Watchdog::Watchdog(Clock& clock, Instant deadline, std::stop_source target)
    : thread_([&clock, deadline, target](const std::stop_token& stop) { watch(stop, clock, deadline, target); }) {}

}  // namespace lagoa::flow
