// The text of a partition value as a DuckDB value.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Partition Value Serialization)
#pragma once

#include <optional>
#include <string>

#include "duckdb.hpp"

#include "base/result.h"

namespace lagoa {

/// An empty or absent text is NULL. Instants without a zone are UTC. kCorruption if `text` is not a `type`.
Result<duckdb::Value> partition_value(const std::optional<std::string>& text, const duckdb::LogicalType& type);

}  // namespace lagoa
