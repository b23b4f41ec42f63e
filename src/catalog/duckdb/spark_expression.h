// Spark's SQL expressions, which a Delta table's rules are written in, as DuckDB expressions of the same meaning.
//
// What Spark means is what Spark 4 means with its defaults: ANSI mode, in which a number that does not fit, a division
// by zero and a text that is no number are errors; texts in single or double quotes with backslash escapes; instants in
// the time zone UTC, whatever the session's, so that every writer of a table computes the same day. A value for which
// DuckDB might answer otherwise raises an error when it comes by; a construct for which it would is refused by name,
// and everything that is not known here is.
//
// Source: https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema.h"

namespace lagoa {

struct SparkExpression {
    std::string sql;                ///< DuckDB's, over the columns by their names, quoted.
    Type type;                      ///< Spark's, of its value.
    std::set<std::string> columns;  ///< The columns of the schema that it reads.
    /// What DuckDB's SQL would take the same text to mean instead; empty: the same.
    std::vector<std::string> departures;
};

/// Translates `text` over the columns of `schema`. kInvalidArgument: it does not parse, a column is not there, a type
/// does not fit. kUnsupported: a function, an operator or a mix of types whose meaning in DuckDB may be another, by
/// name.
Result<SparkExpression> translate_spark(std::string_view text, const Schema& schema);

/// As translate_spark, for a value of type `to`: converted as Spark assigns values to columns, losing nothing
/// (kInvalidArgument).
Result<SparkExpression> translate_spark_as(std::string_view text, const Schema& schema, const Type& to);

/// As translate_spark, for a condition. kInvalidArgument: not a BOOLEAN.
Result<SparkExpression> translate_spark_condition(std::string_view text, const Schema& schema);

/// Spark's name of a type: `STRING`, `DECIMAL(18,4)`, `TIMESTAMP_NTZ`.
std::string spark_type_name(const Type& type);

}  // namespace lagoa
