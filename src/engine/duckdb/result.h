// A DuckDB result as a RowStream.
#pragma once

#include <atomic>
#include <memory>

#include "duckdb.hpp"

#include "engine/engine.h"

namespace lagoa {

/// `context` is the connection's, for casts in its time zone; shared with DuckDB's own objects.
/// `interrupted` is shared with the Session: cleared once the stream has answered kCancelled.
std::unique_ptr<RowStream> make_row_stream(duckdb::shared_ptr<duckdb::ClientContext> context,
                                           duckdb::unique_ptr<duckdb::QueryResult> result,
                                           std::shared_ptr<std::atomic<bool>> interrupted);

/// The names and types of a result's or a prepared statement's columns.
std::vector<Column> columns_of(const duckdb::vector<duckdb::string>& names,
                               const duckdb::vector<duckdb::LogicalType>& types);

}  // namespace lagoa
