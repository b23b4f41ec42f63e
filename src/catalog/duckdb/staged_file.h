// A Parquet file that DuckDB has written for a table, and the add action it becomes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "duckdb.hpp"

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

/// One row of what COPY … RETURN_STATS returns.
StagedFile read_staged_file(const duckdb::DataChunk& chunk, duckdb::idx_t row);

/// The action for a file under `root`, the folder of a table with `metadata`. kDataRejected if a column that may not
/// be NULL holds one.
Result<delta::AddFile> to_add_file(const StagedFile& file, const delta::Metadata& metadata, const std::string& root);

}  // namespace lagoa
