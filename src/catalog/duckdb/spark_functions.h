// The functions of Spark's SQL that have an equal in DuckDB's.
#pragma once

#include <string>
#include <vector>

#include "catalog/duckdb/spark_value.h"

namespace lagoa {

/// Translates `name(arguments…)`. kUnsupported: a function that is not known, or not with these arguments.
Result<SparkValue> spark_call(const std::string& name, std::vector<SparkValue> arguments, Departures& departures);

/// +, -, *, /, %, div, ||, negate. As spark_call.
Result<SparkValue> spark_arithmetic(const std::string& sign, std::vector<SparkValue> operands);

}  // namespace lagoa
