// Logical types ⇄ DuckDB's.
#pragma once

#include "duckdb.hpp"

#include "model/schema.h"

namespace lagoa {

duckdb::LogicalType to_duckdb(const Type& type);

/// The nearest type of the lake that holds every value of `type`: unsigned integers widen, HUGEINT
/// is DECIMAL(38,0), and what the lake has no type for (TIME, INTERVAL, UUID, ENUM, …) is VARCHAR.
/// A column of such a type must be cast to the result before it is written.
Type from_duckdb(const duckdb::LogicalType& type);

}  // namespace lagoa
