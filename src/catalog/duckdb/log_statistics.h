// What the log answers without any file being read: counts, and minima and maxima of columns whose bounds are exact.
#pragma once

#include "duckdb.hpp"
#include "duckdb/function/partition_stats.hpp"

#include "catalog/duckdb/delta_files.h"

namespace lagoa {

/// One partition for each of `files`; empty (unknown) if one has no statistics.
duckdb::vector<duckdb::PartitionStatistics> log_statistics(const DeltaFiles& files);

}  // namespace lagoa
