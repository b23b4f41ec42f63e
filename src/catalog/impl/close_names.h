// Names that a mistyped one may have meant, for errors.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lagoa {

/// At most three of `candidates` within two edits of `name`, closest first.
std::vector<std::string> close_names(std::string_view name, std::span<const std::string> candidates);

}  // namespace lagoa
