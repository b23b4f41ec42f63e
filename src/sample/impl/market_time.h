// The market's day of an instant. São Paulo has kept UTC-3 all year since 2019, and what is stamped
// with a time of day here is younger than that.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "sample/market.h"

namespace lagoa::sample {

constexpr std::chrono::hours kSaoPauloOffset{-3};

inline Day market_day(Instant instant) {
    return std::chrono::floor<std::chrono::days>(instant + kSaoPauloOffset);
}

/// `day` at a local time of day.
inline Instant market_instant(Day day, std::chrono::seconds local) {
    return Instant(day) - kSaoPauloOffset + local;
}

/// `2025-07-21T18:21:21.000Z`: milliseconds, as the API writes instants.
inline std::string millisecond_text(Instant instant) {
    std::string text = format_instant(instant);
    return text.substr(0, text.size() - 4) + "Z";
}

}  // namespace lagoa::sample
