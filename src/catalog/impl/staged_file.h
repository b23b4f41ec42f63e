// A Parquet file that has been written for a table, and the add action it becomes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "catalog/impl/file_statistics.h"
#include "delta/actions.h"

namespace lagoa {

struct StagedFile {
    std::string path;  ///< As SQL opened it.
    std::uint64_t rows = 0;
    std::uint64_t size_bytes = 0;
    FileStatistics statistics;
    std::map<std::string, std::optional<std::string>> partition_keys;  ///< Column → SQL's text.
};

/// The action for a file under `root`, the folder of a table with `metadata`; the commit dates it. kDataRejected if a
/// column that may not be NULL holds one.
Result<delta::AddFile> to_add_file(const StagedFile& file, const delta::Metadata& metadata, const std::string& root);

/// Whether a table may be partitioned by a column of `type`.
bool may_partition(const Type& type);

}  // namespace lagoa
