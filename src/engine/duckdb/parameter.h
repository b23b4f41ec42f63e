// A statement's parameter: JSON → DuckDB's value, numbers exact.
#pragma once

#include <span>

#include "duckdb.hpp"

#include "base/result.h"
#include "codec/json.h"

namespace lagoa {

/// Integers are BIGINT or, beyond, HUGEINT; `12.50` is DECIMAL(4,2); only an exponent or more than 38
/// digits make a DOUBLE. kInvalidArgument for arrays and objects.
Result<duckdb::Value> to_duckdb(const json::Value& value);

/// By position: `$1`, `$2`, …
Result<duckdb::case_insensitive_map_t<duckdb::BoundParameterData>> bind_parameters(std::span<const json::Value> values);

}  // namespace lagoa
