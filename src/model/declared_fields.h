// The fields that a project file may have at one place: a misspelt one is refused with the one meant.
#pragma once

#include <span>
#include <string_view>

#include "codec/document.h"

namespace lagoa {

/// Refuses members of the mapping at `pointer` that are not among `known` (null and absent are fine).
/// kInvalidConfig with file and line; the hint names the nearest known field.
Result<> check_fields(const Document& document, std::string_view pointer, std::span<const std::string_view> known);

}  // namespace lagoa
