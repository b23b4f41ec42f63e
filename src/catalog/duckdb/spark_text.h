// A rule written in our SQL → the text that a Delta table keeps of it, which is Spark's SQL.
#pragma once

#include <string>

#include "duckdb.hpp"
#include "duckdb/parser/parsed_expression.hpp"

namespace lagoa {

/// `expression` as DuckDB has parsed it, spelled for Spark. Raises kUnsupported for what Spark has no equal of, by
/// name; whether it means the same there is for translate_spark() to say.
std::string to_spark_text(const duckdb::ParsedExpression& expression);

}  // namespace lagoa
