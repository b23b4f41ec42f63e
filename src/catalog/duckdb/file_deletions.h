// The deleted rows of a scan's files, left out by DuckDB's Parquet reader.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_data.hpp"

#include "delta/deletion_vector.h"

namespace lagoa {

/// Deletion vectors as they were read, for as long as a scan is planned and run. Thread-safe.
class FileDeletions {
public:
    explicit FileDeletions(delta::TableLocation table) : table_(std::move(table)) {}

    /// nullptr if no row of `file` is deleted. Raises what read_deletion_vector answers, with the file's name.
    std::shared_ptr<const delta::DeletedRows> of(const delta::AddFile& file);

private:
    const delta::TableLocation table_;
    std::mutex mutex_;
    // guarded by mutex_; shared with the readers of files
    std::map<std::string, std::shared_ptr<const delta::DeletedRows>> read_;
};

/// Leaves out the rows that `deleted` names.
duckdb::unique_ptr<duckdb::DeleteFilter> make_delete_filter(std::shared_ptr<const delta::DeletedRows> deleted);
/// Leaves out all others.
duckdb::unique_ptr<duckdb::DeleteFilter> make_only_filter(std::shared_ptr<const delta::DeletedRows> only);

}  // namespace lagoa
