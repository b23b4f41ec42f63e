// Statistics of a written Parquet file → the `stats` of Delta's add action.
//
// Readers prune by them, so a bound may be loose and never tight by mistake: instants are rounded
// outwards to milliseconds, long strings are cut (and the maximum raised), a column with a NaN or a
// value that JSON cannot hold has no bounds.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Per-file Statistics)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/schema.h"

namespace lagoa {

/// One leaf column, bounds as SQL prints them (instants in UTC with `+00`).
struct LeafStatistics {
    std::optional<std::string> min;
    std::optional<std::string> max;
    std::optional<std::uint64_t> nulls;
    bool has_nan = false;
};

/// By the leaf's quoted path: `"price"`, `"address"."city"`.
using FileStatistics = std::map<std::string, LeafStatistics>;

/// Leaf columns that have statistics, unless `delta.dataSkippingNumIndexedCols` says otherwise (-1: all).
inline constexpr int kIndexedColumns = 32;

/// The JSON text. Partition columns have none: their value is in the action.
std::string delta_statistics(const Schema& schema, const std::vector<std::string>& partition_columns,
                             std::uint64_t rows, const FileStatistics& statistics,
                             int indexed_columns = kIndexedColumns);

/// A partition value as the protocol serialises it, from SQL's text of it; an empty text is NULL.
std::optional<std::string> delta_partition_value(const Type& type, const std::optional<std::string>& text);

}  // namespace lagoa
