// Which files of a table OPTIMIZE writes again, and which of them together. The log alone decides.
//
// Bin-packing takes the small files of a partition, and those that have lost many rows, as one stream of rows that is
// cut at the target size: what comes out are large files and at most one small one, so that a second run finds nothing
// to do. Files that could not become fewer stay.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog/table_operations.h"
#include "delta/clustering.h"

namespace lagoa {

enum class OptimizeMode {
    kCompact,
    kZOrder,
    kCluster,
    kPurge,  ///< Takes the files that it is given, whatever their size.
};

/// What a request asks of a table, checked.
struct OptimizeLayout {
    OptimizeMode mode = OptimizeMode::kCompact;
    std::vector<delta::NamePath> columns;  ///< To order rows by: kZOrder, kCluster.
    std::uint64_t target_bytes = 0;
    bool full = false;
};

/// kInvalidArgument: Z-order of a clustered table, by a partition column, by a column that is not there or that has no
/// statistics; FULL of a table that is not clustered; a condition on one that is. Conditions are not read.
Result<OptimizeLayout> plan_layout(const delta::Snapshot& snapshot, const OptimizeRequest& request);

/// Files of one partition whose rows are written again together.
struct OptimizeBin {
    delta::PartitionValues partition;  ///< As its first file spells them.
    delta::FileRefs files;             ///< In the log's order, which is the rows'.
    std::map<std::string, std::string> tags;
    std::string clustering_provider;
};

/// Of `files`, which are files of a table with `metadata`, in the log's order. By partition.
std::vector<OptimizeBin> plan_bins(const delta::Metadata& metadata, const OptimizeLayout& layout,
                                   delta::FileRefs files);

/// Whether `file` has rows deleted, or may have.
bool has_deleted_rows(const delta::AddFile& file);

}  // namespace lagoa
