#include "support/fake_clock.h"

namespace lagoa::test {

Instant FakeClock::now() const {
    const std::lock_guard lock(mutex_);
    return now_;
}

bool FakeClock::sleep(std::chrono::microseconds duration, std::stop_token stop) {
    if (stop.stop_requested()) return false;
    const std::lock_guard lock(mutex_);
    now_ += duration;
    slept_ += duration;
    return true;
}

void FakeClock::advance(std::chrono::microseconds duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
}

std::chrono::microseconds FakeClock::slept() const {
    const std::lock_guard lock(mutex_);
    return slept_;
}

}  // namespace lagoa::test
