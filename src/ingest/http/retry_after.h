// The header Retry-After: RFC 9110, 10.2.3.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace lagoa::ingest {

/// Seconds or an HTTP date (IMF-fixdate), as the time left at `now`; nullopt for anything else.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, Instant now);

}  // namespace lagoa::ingest
