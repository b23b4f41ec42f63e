// Requests a stop when a deadline passes, while someone else is busy.
#pragma once

#include <stop_token>
#include <thread>

#include "base/clock.h"

namespace lagoa::flow {

/// Watches from construction to destruction. The deadline is judged by the injected clock; real time only wakes the
/// watcher, so a test's clock that stands still lets nothing expire.
class Watchdog {
public:
    /// `clock` outlives it.
    Watchdog(Clock& clock, Instant deadline, std::stop_source target);

private:
    std::jthread thread_;  // serves this object; its destructor ends it
};

}  // namespace lagoa::flow
