// A clock that stands still until it is told to move; sleeping moves it.
#pragma once

#include <mutex>

#include "base/clock.h"

namespace lagoa::test {

/// Safe to use from several threads. Starts at 2026-01-02T03:04:05Z.
class FakeClock final : public Clock {
public:
    Instant now() const override;
    bool sleep(std::chrono::microseconds duration, std::stop_token stop = {}) override;

    void advance(std::chrono::microseconds duration);
    std::chrono::microseconds slept() const;

private:
    mutable std::mutex mutex_;
    Instant now_ = parse_instant("2026-01-02T03:04:05Z").value();  // guarded by mutex_
    std::chrono::microseconds slept_{};                            // guarded by mutex_
};

}  // namespace lagoa::test
