// Identifiers: RFC 9562 UUIDs.
#pragma once

#include <string>

#include "base/clock.h"

namespace lagoa {

/// A random UUID (version 4), lower case with hyphens.
std::string new_uuid();

/// A UUID of version 7: sorts by `now` to the millisecond. The form of every run id.
std::string new_time_ordered_id(Instant now);

}  // namespace lagoa
