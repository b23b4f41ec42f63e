// Glob patterns over keys, as read_parquet('…/*.parquet') writes them.
#pragma once

#include <string_view>

namespace lagoa {

/// Whether `key` matches `pattern`: `*` and `?` within one segment, `[a-z]` a set, `**` any number of segments.
bool matches_glob(std::string_view key, std::string_view pattern);

}  // namespace lagoa
