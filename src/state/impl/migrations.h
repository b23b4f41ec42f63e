// The formats of the state file, one script a version.
#pragma once

#include <span>
#include <string_view>

namespace lagoa::state {

/// Script i brings a file from format i to i + 1. A published script is never edited.
std::span<const std::string_view> migrations();

}  // namespace lagoa::state
