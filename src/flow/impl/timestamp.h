// Timestamps of a definition and of its input: RFC 3339 with an upper-case T and an offset.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace lagoa::flow {

/// The instant, or nothing if the text is not of that form. Stricter than parse_instant, as ASL asks.
std::optional<Instant> parse_timestamp(std::string_view text);

}  // namespace lagoa::flow
