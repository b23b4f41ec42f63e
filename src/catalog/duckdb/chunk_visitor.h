// A query whose rows are looked at where they come out of the plan, chunk by chunk, and not copied into a result.
#pragma once

#include <functional>

#include "duckdb.hpp"

#include "base/result.h"

namespace lagoa {

/// Called for one chunk at a time, in the rows' order, on any thread of the engine; may change the chunk. The first
/// error ends the query.
using VisitChunk = std::function<Result<>(duckdb::DataChunk& chunk)>;

/// What `names` and `types` of a query's columns make of its rows; called once, before the first chunk.
using MakeVisitor = std::function<VisitChunk(const duckdb::vector<duckdb::string>& names,
                                             const duckdb::vector<duckdb::LogicalType>& types)>;

/// Runs `sql`, one SELECT, in `connection`. The visitor's error, or DuckDB's as `to_error` turns it.
Result<> visit_rows(duckdb::Connection& connection, const std::string& sql, const MakeVisitor& make,
                    const std::function<Error(const duckdb::ErrorData&)>& to_error);

}  // namespace lagoa
