// The view `<table>_current` of a table that keeps every correction: the newest row of each business key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/duckdb/lake_table.h"

namespace lagoa {

inline constexpr std::string_view kCurrentSuffix = "_current";
inline constexpr std::string_view kBusinessKeyProperty = "lagoa.businessKey";  ///< JSON array of column names

/// The view's SELECT; nullopt if `table` has no business key. Newest is by `_known_from`, then by arrival
/// (`_run`, `_object`, `_pointer`). Raises kCorruption for a key that is not a list of the table's columns.
std::optional<std::string> current_view_sql(const LakeTable& table);

}  // namespace lagoa
