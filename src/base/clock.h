// Time enters through this interface, so that waits, retries and stamps can be replayed in a test.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lagoa {

/// An instant in UTC with microseconds, the resolution of every stored stamp.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// The time source of everything that stamps or waits. Safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;

    virtual Instant now() const = 0;

    /// Waits for `duration` or until `stop` is requested, whichever is first.
    /// Returns whether the whole duration has passed.
    virtual bool sleep(std::chrono::microseconds duration, std::stop_token stop = {}) = 0;
};

/// The machine's clock.
Clock& system_clock();

/// `2026-11-25T13:04:05.123456Z`: the form of every instant in files and JSON.
std::string format_instant(Instant instant);

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm|±hhmm)` (or a space for the T); a fraction
/// beyond microseconds is cut. kInvalidArgument for anything else.
Result<Instant> parse_instant(std::string_view text);

}  // namespace lagoa
