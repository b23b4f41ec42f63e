// The machine's time with waits that are over at once: for retries against a server that checks the time.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace lagoa::test {

/// Safe to use from several threads; `ahead` is set before they start.
class HurriedClock final : public Clock {
public:
    Instant now() const override { return system_clock().now() + ahead; }
    bool sleep(std::chrono::microseconds, std::stop_token) override {
        ++sleeps;
        return true;
    }

    std::atomic<int> sleeps = 0;
    std::chrono::minutes ahead{0};  ///< Of the machine's time.
};

}  // namespace lagoa::test
