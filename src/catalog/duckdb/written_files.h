// What DuckDB's Parquet writer says of the files it has written.
#pragma once

#include "duckdb.hpp"

#include "catalog/impl/staged_file.h"

namespace lagoa {

/// One row of what COPY … RETURN_STATS returns.
StagedFile read_staged_file(const duckdb::DataChunk& chunk, duckdb::idx_t row);

}  // namespace lagoa
