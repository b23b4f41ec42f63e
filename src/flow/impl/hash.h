// The digests of States.Hash.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lagoa::flow {

/// Lower-case hexadecimal digest by `MD5`, `SHA-1`, `SHA-256`, `SHA-384` or `SHA-512`; nothing for another name.
std::optional<std::string> hash_hex(std::string_view algorithm, std::string_view data);

}  // namespace lagoa::flow
