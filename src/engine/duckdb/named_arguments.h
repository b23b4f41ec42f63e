// Named arguments that DuckDB's grammar takes for keywords.
#pragma once

#include "duckdb.hpp"

namespace lagoa {

/// Lets SQL of `instance` name an argument `timestamp` without quotes: `delta('PATH', timestamp => '2026-01-02')`.
void allow_timestamp_argument(duckdb::DatabaseInstance& instance);

}  // namespace lagoa
