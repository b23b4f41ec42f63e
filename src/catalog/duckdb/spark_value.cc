#include "catalog/duckdb/spark_value.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "catalog/duckdb/spark_expression.h"

namespace lagoa {
namespace {

using enum TypeKind;

constexpr int kExactDigits = 15;  // of a decimal that every double between holds
constexpr int kMaxPrecision = 38;

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

int digits_of(TypeKind integer) {
    return integer == kInt8 ? 3 : integer == kInt16 ? 5 : integer == kInt32 ? 10 : 20;
}

std::string cast_sql(const std::string& sql, const Type& to) {
    return fmt::format("CAST({} AS {})", sql, to_sql(to));
}

std::unexpected<Error> refuse_cast(const Type& from, const Type& to) {
    return fail(ErrorCode::kUnsupported, "CAST of {} to {}", spark_type_name(from), spark_type_name(to));
}

SparkValue number(std::string sql, Type type, std::string digits) {
    return {.sql = std::move(sql), .type = std::move(type), .may_fail = false, .literal = std::move(digits)};
}

// Digits before and after the point.
Result<SparkValue> decimal_number(const std::string& text) {
    std::string_view digits = text;
    if (digits.starts_with('-')) digits.remove_prefix(1);
    const auto point = digits.find('.');
    const std::string_view fraction = point == std::string_view::npos ? "" : digits.substr(point + 1);
    std::string whole(digits.substr(0, point));
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
    const int scale = static_cast<int>(fraction.size());
    std::size_t significant = whole.size() + fraction.size();
    if (whole.empty()) {  // leading zeros of the fraction count for nothing but the scale
        const auto first = fraction.find_first_not_of('0');
        significant = first == std::string_view::npos ? 1 : fraction.size() - first;
    }
    const int precision = std::max(static_cast<int>(significant), std::max(scale, 1));
    if (precision > kMaxPrecision) return fail(ErrorCode::kUnsupported, "a number of more than 38 digits");
    const Type type = Type::decimal(precision, scale);
    return number(cast_sql(quote_literal(text), type), type, text);
}

bool is_date_text(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    const std::string_view year = text.substr(0, 4);
    const std::string_view month = text.substr(5, 2);
    const std::string_view day = text.substr(8, 2);
    if (!all_digits(year) || !all_digits(month) || !all_digits(day)) return false;
    const auto value = [](std::string_view digits) {
        int out = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), out);
        return out;
    };
    const std::chrono::year_month_day date{std::chrono::year(value(year)),
                                           std::chrono::month(static_cast<unsigned>(value(month))),
                                           std::chrono::day(static_cast<unsigned>(value(day)))};
    return value(year) > 0 && date.ok();
}

bool is_time_text(std::string_view text) {
    if (text.size() < 8 || text[2] != ':' || text[5] != ':') return false;
    const std::string_view hour = text.substr(0, 2);
    const std::string_view minute = text.substr(3, 2);
    const std::string_view second = text.substr(6, 2);
    if (!all_digits(hour) || !all_digits(minute) || !all_digits(second)) return false;
    if (hour > "23" || minute > "59" || second > "59") return false;
    return text.size() == 8 || (text[8] == '.' && text.size() <= 15 && all_digits(text.substr(9)));
}

// The nearest double. DuckDB divides, which is exact for so many digits only; texts it reads exactly.
std::string double_of_decimal(const SparkValue& value) {
    const std::string text =
        value.type.precision > kExactDigits ? fmt::format("CAST({} AS VARCHAR)", value.sql) : value.sql;
    return cast_sql(text, spark_type(kDouble));
}

// ------------------------------------------------------------------ casts by what they are from

// The texts that Spark and DuckDB read alike; others are errors.
Result<SparkValue> cast_text(SparkValue value, const Type& to) {
    constexpr std::string_view kWhole = "-?[0-9]+";
    constexpr std::string_view kNumber = R"(-?[0-9]+(\.[0-9]+)?)";
    constexpr std::string_view kDouble = R"(-?[0-9]+(\.[0-9]+)?|NaN|-?Infinity)";
    constexpr std::string_view kDay = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    constexpr std::string_view kTime = R"([0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)?)";
    if (value.is_text_literal() && is_moment(to)) return spark_moment(*value.literal, to);
    const std::string_view pattern = is_integer(to)                  ? kWhole
                                     : to.kind == TypeKind::kDecimal ? kNumber
                                     : to.kind == TypeKind::kDouble  ? kDouble
                                     : to.kind == TypeKind::kDate    ? kDay
                                     : is_moment(to)                 ? kTime
                                                                     : "";
    if (pattern.empty()) return refuse_cast(value.type, to);
    const bool is_instant = to.kind == kTimestamp;
    std::string converted = cast_sql(value.sql, is_instant ? spark_type(kTimestampNtz) : to);
    if (is_instant) converted = fmt::format("timezone('UTC', {})", converted);
    return SparkValue{.sql = sql_where(fmt::format("regexp_full_match({}, {})", value.sql, quote_literal(pattern)),
                                       converted, "a text in a form that is not read as " + spark_type_name(to)),
                      .type = to,
                      .may_fail = true};
}

Result<SparkValue> cast_number(SparkValue value, const Type& to, Departures& departures) {
    const Type from = value.type;
    const bool is_fraction = !is_integer(from);
    if (to.kind == kString) {
        if (from.kind == kFloat || from.kind == kDouble) return refuse_cast(from, to);
        if (from.kind == kDecimal && from.precision == from.scale) {  // DuckDB prints 0.5 of such a type as .5
            if (from.precision == kMaxPrecision) return refuse_cast(from, to);
            value.sql = cast_sql(value.sql, Type::decimal(from.precision + 1, from.scale));
        }
    } else if (to.kind == kBoolean) {
        return SparkValue{.sql = fmt::format("({} <> 0)", value.sql), .type = to, .may_fail = value.may_fail};
    } else if (is_integer(to) && is_fraction) {
        departures.push_back(
            fmt::format("CAST to {} cuts the fraction off, and rounds in our SQL", spark_type_name(to)));
        value.sql = fmt::format("trunc({})", value.sql);
    } else if (to.kind == kDecimal && (from.kind == kFloat || from.kind == kDouble)) {
        return refuse_cast(from, to);
    } else if (to.kind == kDouble && from.kind == kDecimal) {
        value.sql = double_of_decimal(value);
    } else if (to.kind == kFloat && from.kind == kDecimal && from.precision > kExactDigits) {
        return refuse_cast(from, to);
    } else if (!is_number(to)) {
        return refuse_cast(from, to);
    }
    return SparkValue{.sql = cast_sql(value.sql, to), .type = to, .may_fail = true};
}

Result<SparkValue> cast_moment(SparkValue value, const Type& to) {
    std::string sql;
    switch (to.kind) {
        case kDate:
            sql = cast_sql(sql_in_utc(value), to);
            break;
        case kTimestampNtz:
            sql = sql_in_utc(value);
            break;
        case kTimestamp:
            sql = fmt::format("timezone('UTC', {})", sql_in_utc(value));
            break;
        case kString:
            sql = sql_where(fmt::format("year({}) BETWEEN 1 AND 9999", sql_in_utc(value)),
                            cast_sql(value.type.kind == kDate ? value.sql : sql_in_utc(value), to),
                            "a year outside 1 to 9999");
            break;
        case kInt64:
            if (value.type.kind == kTimestamp) {
                sql = fmt::format("(epoch_us(date_trunc('second', {})) // 1000000)", sql_in_utc(value));
                break;
            }
            [[fallthrough]];
        default:
            return refuse_cast(value.type, to);
    }
    return SparkValue{.sql = std::move(sql), .type = to, .may_fail = value.may_fail || to.kind == kString};
}

}  // namespace

bool is_integer(const Type& type) {
    return type.kind == kInt8 || type.kind == kInt16 || type.kind == kInt32 || type.kind == kInt64;
}

bool is_number(const Type& type) {
    return is_integer(type) || type.kind == kDecimal || type.kind == kFloat || type.kind == kDouble;
}

bool is_moment(const Type& type) {
    return type.kind == kDate || type.kind == kTimestamp || type.kind == kTimestampNtz;
}

std::optional<Type> decimal_of(const SparkValue& value) {
    if (value.type.kind == kDecimal) return value.type;
    if (!is_integer(value.type)) return std::nullopt;
    if (!value.is_number_literal()) return Type::decimal(digits_of(value.type.kind), 0);
    const auto signs = value.literal->starts_with('-') ? 1U : 0U;
    return Type::decimal(static_cast<int>(value.literal->size() - signs), 0);
}

std::string sql_where(std::string_view condition, std::string_view sql, std::string_view message) {
    return fmt::format("CASE WHEN ({}) IS FALSE THEN error({}) ELSE {} END", condition, quote_literal(message), sql);
}

std::string sql_in_utc(const SparkValue& moment) {
    if (moment.type.kind == kTimestampNtz) return moment.sql;
    if (moment.type.kind == kDate) return fmt::format("CAST({} AS TIMESTAMP)", moment.sql);
    return fmt::format("make_timestamp(epoch_us({}))", moment.sql);  // whatever the session's time zone
}

Result<SparkValue> spark_number(const std::string& text) {
    std::string digits = to_lower(text);
    std::string suffix;
    if (digits.ends_with("bd")) suffix = "bd";
    for (const char* const one : {"l", "s", "y", "d", "f"})
        if (suffix.empty() && digits.ends_with(one)) suffix = one;
    digits.resize(digits.size() - suffix.size());
    std::string_view rest = digits;
    if (rest.starts_with('-')) rest.remove_prefix(1);
    const bool is_whole = all_digits(rest);
    const auto odd = rest.find_first_not_of("0123456789.e+-");
    const bool has_exponent = rest.contains('e');
    if (odd != std::string_view::npos || std::ranges::count(rest, '.') > 1 || rest == ".")
        return fail(ErrorCode::kInvalidArgument, "{} is no number", quote_json(text));
    if (suffix == "f" || suffix == "d" || has_exponent) {
        if (suffix == "bd") return fail(ErrorCode::kUnsupported, "the number {}", text);
        const Type type = spark_type(suffix == "f" ? kFloat : kDouble);
        return number(cast_sql(quote_literal(digits), type), type, digits);
    }
    if (!is_whole || suffix == "bd") return decimal_number(digits);
    rest.remove_prefix(std::min(rest.find_first_not_of('0'), rest.size() - 1));
    digits = (digits.starts_with('-') ? "-" : "") + std::string(rest);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool fits = error == std::errc{};
    const TypeKind kind = suffix == "l"                                      ? kInt64
                          : suffix == "s"                                    ? kInt16
                          : suffix == "y"                                    ? kInt8
                          : fits && value >= INT32_MIN && value <= INT32_MAX ? kInt32
                                                                             : kInt64;
    if (!fits && suffix.empty()) return decimal_number(digits);
    if (!fits || (kind == kInt16 && (value < INT16_MIN || value > INT16_MAX)) ||
        (kind == kInt8 && (value < INT8_MIN || value > INT8_MAX)))
        return fail(ErrorCode::kInvalidArgument, "the number {} does not fit its type", text);
    return number(cast_sql("'" + digits + "'", spark_type(kind)), spark_type(kind), digits);
}

Result<SparkValue> spark_moment(const std::string& text, const Type& type) {
    const bool is_day = is_date_text(text);
    const bool is_time = text.size() > 11 && (text[10] == ' ' || text[10] == 'T') &&
                         is_date_text(std::string_view(text).substr(0, 10)) &&
                         is_time_text(std::string_view(text).substr(11));
    if (!is_day && (!is_time || type.kind == kDate))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write 2026-01-02, or 2026-01-02 03:04:05.",
                              "{} is not read as {}", quote_json(text), spark_type_name(type));
    const bool is_instant = type.kind == kTimestamp;
    std::string sql = cast_sql(quote_literal(text), is_instant ? spark_type(kTimestampNtz) : type);
    if (is_instant) sql = fmt::format("timezone('UTC', {})", sql);
    return SparkValue{.sql = std::move(sql), .type = type};
}

Result<Type> common_type(const SparkValue& a, const SparkValue& b) {
    if (a.type == b.type || b.type.kind == kVoid) return a.type;
    if (a.type.kind == kVoid) return b.type;
    if (a.is_text_literal() && is_moment(b.type)) return b.type;
    if (b.is_text_literal() && is_moment(a.type)) return a.type;
    const auto has = [&](TypeKind kind) { return a.type.kind == kind || b.type.kind == kind; };
    const auto mixed = [&] {
        return fail_with_hint(ErrorCode::kUnsupported, "Write a CAST.", "{} beside {}", spark_type_name(a.type),
                              spark_type_name(b.type));
    };
    if (is_integer(a.type) && is_integer(b.type)) return a.type.kind > b.type.kind ? a.type : b.type;
    if (is_number(a.type) && is_number(b.type)) {
        if (has(kDouble) || has(kFloat)) return spark_type(kDouble);
        const Type left = *decimal_of(a);
        const Type right = *decimal_of(b);
        const int scale = std::max(left.scale, right.scale);
        const int whole = std::max(left.precision - left.scale, right.precision - right.scale);
        if (whole + scale > kMaxPrecision) return mixed();
        return Type::decimal(whole + scale, scale);
    }
    if (is_moment(a.type) && is_moment(b.type) && has(kDate)) return a.type.kind == kDate ? b.type : a.type;
    return mixed();
}

Result<SparkValue> widen(SparkValue value, const Type& to) {
    if (value.type == to) return value;
    if (value.type.kind == kVoid) return SparkValue{.sql = cast_sql("NULL", to), .type = to};
    if (value.is_text_literal() && is_moment(to)) return spark_moment(*value.literal, to);
    const Type& from = value.type;
    const auto digits = decimal_of(value);
    const bool is_wider = (is_integer(from) && is_integer(to) && to.kind > from.kind) ||
                          (to.kind == kDecimal && digits && digits->scale <= to.scale &&
                           digits->precision - digits->scale <= to.precision - to.scale) ||
                          (to.kind == kDouble && is_number(from)) || (from.kind == kDate && is_moment(to));
    if (!is_wider) return refuse_cast(from, to);
    if (is_moment(to)) return cast_moment(std::move(value), to);
    std::string sql = to.kind == kDouble && from.kind == kDecimal ? double_of_decimal(value) : cast_sql(value.sql, to);
    return SparkValue{.sql = std::move(sql), .type = to, .may_fail = value.may_fail};
}

Result<SparkValue> spark_cast(SparkValue value, const Type& to, Departures& departures) {
    if (value.type == to || value.type.kind == kVoid) return widen(std::move(value), to);
    if (value.type.kind == kString) return cast_text(std::move(value), to);
    if (is_number(value.type)) return cast_number(std::move(value), to, departures);
    if (is_moment(value.type)) return cast_moment(std::move(value), to);
    if (value.type.kind == kBoolean && (is_number(to) || to.kind == kString) && to.kind != kDecimal)
        return SparkValue{.sql = cast_sql(value.sql, to), .type = to, .may_fail = value.may_fail};
    return refuse_cast(value.type, to);
}

}  // namespace lagoa
