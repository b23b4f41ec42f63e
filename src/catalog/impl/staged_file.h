// A Parquet file that has been written for a table, and the add action it becomes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/impl/file_statistics.h"
#include "delta/actions.h"
#include "delta/snapshot.h"

namespace lagoa {

/// A partition that all rows to be staged are of.
struct OnePartition {
    delta::PartitionValues values;
    std::string folder;  ///< Of its files, under the table's; empty: the table's own.
};

/// Beyond it an unpartitioned write, or one of one partition, begins a new file.
inline constexpr std::uint64_t kTargetFileBytes = std::uint64_t{256} << 20;

/// The table that files are written for.
struct StagingTarget {
    delta::TableLocation location;
    std::string url;            ///< The table's folder in SQL: `lagoa://silver/stocks`.
    delta::Metadata metadata;   ///< As it will be, its column mapping assigned.
    std::vector<Field> hidden;  ///< Columns of the rows, after the schema's, that are in files only: copied row ids.
    bool tight_bounds =
        false;             ///< Whether statistics say that their bounds are tight: in tables with deletion vectors.
    bool new_rows = true;  ///< Whether what the table asks of rows is checked: not of those that were in it.
    std::set<std::string> computed = {};    ///< Columns that new rows come with as NULL, to be filled in (row_rules.h).
    std::optional<OnePartition> partition;  ///< The rows come without the partition columns.
    std::uint64_t file_bytes = kTargetFileBytes;
    /// Rows of an ORDER BY are written by as many threads as others are: row groups are cut from their order, and are
    /// about in it.
    bool loose_order = false;
};

struct StagedFile {
    std::string path;  ///< As SQL opened it.
    std::uint64_t rows = 0;
    std::uint64_t size_bytes = 0;
    FileStatistics statistics;
    std::map<std::string, std::optional<std::string>> partition_keys;  ///< Physical name → SQL's text.
};

/// The action for a file under the target's folder; the commit dates it. kDataRejected for a partition that may not be
/// NULL.
Result<delta::AddFile> to_add_file(const StagedFile& file, const StagingTarget& target);

/// Removes data files of the table, as far as it can; one left behind is harmless. Not after a commit whose outcome is
/// unknown.
void remove_files(const delta::TableLocation& location, const std::vector<delta::AddFile>& files);

/// The same for paths relative to the table, not encoded.
void remove_paths(const delta::TableLocation& location, const std::vector<std::string>& paths);

/// The action that takes `file` out, with all that the log may say of it.
delta::RemoveFile remove_of(const delta::AddFile& file);

/// Whether a table may be partitioned by a column of `type`.
bool may_partition(const Type& type);

}  // namespace lagoa
