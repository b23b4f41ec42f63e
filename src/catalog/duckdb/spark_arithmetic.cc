#include <algorithm>
#include <utility>

#include "catalog/duckdb/spark_expression.h"
#include "catalog/duckdb/spark_functions.h"

namespace lagoa {
namespace {

using enum TypeKind;

constexpr int kMaxPrecision = 38;

std::unexpected<Error> refuse(const std::string& sign, const SparkValue& a, const SparkValue& b,
                              std::string hint = "Write a CAST.") {
    return fail_with_hint(ErrorCode::kUnsupported, std::move(hint), "{} {} {}", spark_type_name(a.type), sign,
                          spark_type_name(b.type));
}

Result<SparkValue> negate(SparkValue value) {
    if (!is_number(value.type)) return fail(ErrorCode::kUnsupported, "- {}", spark_type_name(value.type));
    const bool may_overflow = is_integer(value.type);
    return SparkValue{
        .sql = fmt::format("(- {})", value.sql), .type = value.type, .may_fail = value.may_fail || may_overflow};
}

Result<SparkValue> as_text(SparkValue value) {
    if (value.type.kind == kString) return value;
    Departures none;  // of conversions to texts there are none
    return spark_cast(std::move(value), spark_type(kString), none);
}

Result<SparkValue> concat(SparkValue a, SparkValue b) {
    a = LAGOA_TRY(as_text(std::move(a)));
    b = LAGOA_TRY(as_text(std::move(b)));
    return SparkValue{.sql = fmt::format("({} || {})", a.sql, b.sql),
                      .type = spark_type(kString),
                      .may_fail = a.may_fail || b.may_fail};
}

// DATE + INT, DATE - INT.
Result<SparkValue> shift_days(const std::string& sign, const SparkValue& date, const SparkValue& days) {
    if (days.type.kind == kInt64) return refuse(sign, date, days);
    return SparkValue{.sql = fmt::format("({} {} CAST({} AS INTEGER))", date.sql, sign, days.sql),
                      .type = date.type,
                      .may_fail = true};
}

// Exact: Spark's result type holds every result of its operands' types, or we refuse.
Result<SparkValue> decimal_arithmetic(const std::string& sign, const SparkValue& a, const SparkValue& b) {
    const Type left = *decimal_of(a);
    const Type right = *decimal_of(b);
    if (sign == "/" || sign == "%") return refuse(sign, a, b, "Cast both to DOUBLE.");
    const bool is_product = sign == "*";
    const int scale = is_product ? left.scale + right.scale : std::max(left.scale, right.scale);
    const int precision = is_product ? left.precision + right.precision + 1
                                     : std::max(left.precision - left.scale, right.precision - right.scale) + scale + 1;
    if (precision > kMaxPrecision) return refuse(sign, a, b, "Cast them to decimals of fewer digits.");
    const Type result = Type::decimal(precision, scale);
    const std::string type = to_sql(result);
    std::string sql =
        is_product ? fmt::format("CAST(CAST({} AS {}) * CAST({} AS {}) AS {})", a.sql, to_sql(left), b.sql,
                                 to_sql(right), type)
                   : fmt::format("CAST(CAST({} AS {}) {} CAST({} AS {}) AS {})", a.sql, type, sign, b.sql, type, type);
    return SparkValue{.sql = std::move(sql), .type = result, .may_fail = a.may_fail || b.may_fail};
}

Result<SparkValue> divide(const std::string& sign, SparkValue a, SparkValue b) {
    Type type = spark_type(sign == "div" ? kInt64 : kDouble);
    if (sign == "%") type = LAGOA_TRY(common_type(a, b));
    a = LAGOA_TRY(widen(std::move(a), type));
    b = LAGOA_TRY(widen(std::move(b), type));
    const std::string ours = sign == "div" ? "//" : sign;
    return SparkValue{.sql = sql_where(fmt::format("{} <> 0", b.sql), fmt::format("({} {} {})", a.sql, ours, b.sql),
                                       "division by zero"),
                      .type = type,
                      .may_fail = true};
}

}  // namespace

Result<SparkValue> spark_arithmetic(const std::string& sign, std::vector<SparkValue> operands) {
    if (sign == "negate") return negate(std::move(operands.at(0)));
    SparkValue a = std::move(operands.at(0));
    SparkValue b = std::move(operands.at(1));
    if (sign == "||") return concat(std::move(a), std::move(b));
    if (sign == "+" || sign == "-") {
        if (a.type.kind == kDate && is_integer(b.type)) return shift_days(sign, a, b);
        if (sign == "+" && b.type.kind == kDate && is_integer(a.type)) return shift_days(sign, b, a);
    }
    if (a.type.kind == kVoid) a = LAGOA_TRY(widen(std::move(a), b.type));
    if (b.type.kind == kVoid) b = LAGOA_TRY(widen(std::move(b), a.type));
    if (!is_number(a.type) || !is_number(b.type)) return refuse(sign, a, b);
    const bool is_binary =
        a.type.kind == kDouble || b.type.kind == kDouble || a.type.kind == kFloat || b.type.kind == kFloat;
    if (sign == "div" && (!is_integer(a.type) || !is_integer(b.type))) return refuse(sign, a, b);
    const bool is_decimal = !is_binary && (a.type.kind == kDecimal || b.type.kind == kDecimal);
    if (is_decimal) return decimal_arithmetic(sign, a, b);
    if (sign == "/" || sign == "%" || sign == "div") return divide(sign, std::move(a), std::move(b));
    const Type type = LAGOA_TRY(common_type(a, b));
    a = LAGOA_TRY(widen(std::move(a), type));
    b = LAGOA_TRY(widen(std::move(b), type));
    return SparkValue{.sql = fmt::format("({} {} {})", a.sql, sign, b.sql),
                      .type = type,
                      .may_fail = a.may_fail || b.may_fail || is_integer(type)};
}

}  // namespace lagoa
