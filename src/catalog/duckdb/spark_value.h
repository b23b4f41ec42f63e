// A part of a Spark expression, translated: DuckDB's SQL and Spark's type; and the conversions between types.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema.h"

namespace lagoa {

struct SparkValue {
    std::string sql;
    Type type;
    bool may_fail = false;  ///< Whether evaluating it may raise an error, so that it must not be tried in vain.
    std::optional<std::string> literal = {};  ///< The text or the digits of a constant.

    bool is_text_literal() const { return literal && type.kind == TypeKind::kString; }
    bool is_number_literal() const { return literal && type.kind != TypeKind::kString; }
};

/// What DuckDB's SQL would take the same text to mean instead (spark_expression.h).
using Departures = std::vector<std::string>;

inline Type spark_type(TypeKind kind) {
    return {.kind = kind, .precision = 0, .scale = 0, .children = {}};
}
bool is_integer(const Type& type);
bool is_number(const Type& type);
bool is_moment(const Type& type);  ///< DATE, TIMESTAMP, TIMESTAMP_NTZ

/// As a decimal: of an integer the digits that its type holds, of a literal those it has. nullopt for other types.
std::optional<Type> decimal_of(const SparkValue& value);

/// `sql`, but an error with `message` where `condition` is false.
std::string sql_where(std::string_view condition, std::string_view sql, std::string_view message);

/// A date, or a time of the wall clock in UTC, as DuckDB's TIMESTAMP.
std::string sql_in_utc(const SparkValue& moment);

/// `5`, `-1.5`, `1e3`, `7L`: kInvalidArgument, kUnsupported.
Result<SparkValue> spark_number(const std::string& text);

/// A text as the DATE, TIMESTAMP or TIMESTAMP_NTZ it spells; kInvalidArgument for other spellings than
/// `2026-01-02[ 03:04:05[.6]]`.
Result<SparkValue> spark_moment(const std::string& text, const Type& type);

/// The type that both are converted to when they are compared or alternatives. kUnsupported.
Result<Type> common_type(const SparkValue& a, const SparkValue& b);

/// Converts without loss, as Spark does on its own. kUnsupported.
Result<SparkValue> widen(SparkValue value, const Type& to);

/// CAST(value AS to). kUnsupported where DuckDB's result may be another.
Result<SparkValue> spark_cast(SparkValue value, const Type& to, Departures& departures);

}  // namespace lagoa
