// Liquid clustering: the columns by which the rows of a table's files are put together, and what a file says of it.
//
// The columns are in the domain `delta.clustering`. Files that were clustered by one run over them are a ZCube: they
// have its id and its columns among their tags, as Delta Spark writes them.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Clustered Table)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delta/snapshot.h"

namespace lagoa::delta {

inline constexpr std::string_view kClusteringDomain = "delta.clustering";
inline constexpr std::string_view kClusteringProvider = "liquid";

/// A column's name, or the names from the outermost struct inwards.
using NamePath = std::vector<std::string>;

/// By physical names; empty: the table is not clustered. What cannot be read names none: the domain is its writers'
/// own.
std::vector<NamePath> physical_clustering_columns(const Snapshot& snapshot);

/// By logical names. kCorruption: a column that is not in the table.
Result<std::vector<NamePath>> clustering_columns(const Snapshot& snapshot);

/// The domain for `columns` (logical names, in any case). kInvalidArgument: a column that is not there, that is there
/// twice or that the table is partitioned by.
Result<DomainMetadata> clustering_domain(const Metadata& metadata, const std::vector<NamePath>& columns);

/// The field at `path` of logical names, ASCII case ignored; nullptr if there is none. Members of structs only.
const Field* find_field(const Schema& schema, const NamePath& path);

/// `address.city`; names with a dot or a backtick are in backticks.
std::string to_text(const NamePath& path);

/// Makes `file` one of the ZCube `id`, which was clustered by `columns`.
void mark_clustered(AddFile& file, std::string_view id, const std::vector<NamePath>& columns);

/// Files of a snapshot, which outlives them.
using FileRefs = std::vector<const AddFile*>;

/// Which of `files` are to be clustered by `columns`, as Spark chooses them: those that were not, and those of ZCubes
/// below 100 GiB, unless that is one ZCube alone. `full`: also those that were clustered by other columns or by others.
/// In bins of up to 150 GiB, each to become a ZCube; by ZCube, files without one first.
std::vector<FileRefs> clustering_bins(FileRefs files, const std::vector<NamePath>& columns, bool full);

}  // namespace lagoa::delta
