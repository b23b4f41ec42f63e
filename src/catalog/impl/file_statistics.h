// Statistics of a written Parquet file → the `stats` of Delta's add action, as Spark writes them.
//
// Readers prune by them, so a bound may be loose and never tight by mistake: instants are rounded outwards to
// milliseconds, long strings are cut (and the maximum raised), a column with a NaN or a value that JSON cannot hold has
// no bounds. Binaries, lists and maps have none either; of lists and maps the number of NULLs is unknown.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Per-file Statistics)
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"
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

/// The JSON text, for a file of a table with `metadata`; names in it and in `statistics` are physical. Partition
/// columns have none: their value is in the action. Which columns have statistics is decided by the properties
/// delta.dataSkippingStatsColumns and delta.dataSkippingNumIndexedCols, else they are the first 32 leaves.
/// `tight_bounds` is said where it may become false: in tables with deletion vectors.
std::string delta_statistics(const delta::Metadata& metadata, std::uint64_t rows, const FileStatistics& statistics,
                             bool tight_bounds);

/// The columns and members of structs (logical names, from the outermost inwards) whose minima and maxima
/// delta_statistics() knows in files without NaN.
std::vector<std::vector<std::string>> columns_with_bounds(const delta::Metadata& metadata);

/// The longest prefix of 32 UTF-16 units that splits no character; not above `text`.
std::string cut_minimum(std::string_view text);
/// A text not below `text` of about 32 UTF-16 units; nullopt if there is none that short.
std::optional<std::string> cut_maximum(std::string_view text);

/// A partition value as the protocol serialises it, from SQL's text of it; an empty text is NULL.
std::optional<std::string> delta_partition_value(const Type& type, const std::optional<std::string>& text);

/// The partition values of a file, whoever wrote it, in one spelling: writers differ in those of instants, decimals and
/// floating-point numbers.
delta::PartitionValues same_spelling(const delta::Metadata& metadata, const delta::PartitionValues& values);

}  // namespace lagoa
