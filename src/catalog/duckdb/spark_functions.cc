#include "catalog/duckdb/spark_functions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/spark_expression.h"

namespace lagoa {
namespace {

using enum TypeKind;

using Arguments = std::vector<SparkValue>;

// What a function is given; it takes its arguments.
struct Call {
    const std::string& name;
    Arguments& arguments;
    Departures& departures;

    SparkValue& operator[](std::size_t i) const { return arguments[i]; }
    std::size_t size() const { return arguments.size(); }
    bool may_fail() const { return std::ranges::any_of(arguments, &SparkValue::may_fail); }
    SparkValue make(std::string sql, Type type, bool can_fail = false) const {
        return {.sql = std::move(sql), .type = std::move(type), .may_fail = can_fail || may_fail()};
    }
    SparkValue make(std::string sql, TypeKind kind, bool can_fail = false) const {
        return make(std::move(sql), spark_type(kind), can_fail);
    }
    std::unexpected<Error> refuse() const {
        std::vector<std::string> types;
        for (const SparkValue& argument : arguments) types.push_back(spark_type_name(argument.type));
        return fail(ErrorCode::kUnsupported, "the function {}({})", name, fmt::join(types, ", "));
    }
    std::unexpected<Error> refuse(std::string_view what) const {
        return fail(ErrorCode::kUnsupported, "the function {} with {}", name, what);
    }
    // A literal whole number of at least `least`.
    std::optional<std::int64_t> count(std::size_t i, std::int64_t least) const {
        const SparkValue& value = arguments[i];
        if (!value.is_number_literal() || !is_integer(value.type)) return std::nullopt;
        std::int64_t number = 0;
        std::from_chars(value.literal->data(), value.literal->data() + value.literal->size(), number);
        return number >= least ? std::optional(number) : std::nullopt;
    }
    bool are_texts() const {
        return std::ranges::all_of(arguments, [](const SparkValue& value) { return value.type.kind == kString; });
    }
};

using Handler = Result<SparkValue> (*)(const Call& call);

// ------------------------------------------------------------------ parts of moments

struct Part {
    std::string_view name;
    std::string_view ours;   // `{}` is the time
    bool is_of_day = false;  // it is of a time, not of a date
    bool departs = false;
};
constexpr std::array kParts = {
    Part{"year", "year({})"},
    Part{"quarter", "quarter({})"},
    Part{"month", "month({})"},
    Part{"day", "day({})"},
    Part{"dayofmonth", "day({})"},
    Part{"dayofyear", "dayofyear({})"},
    Part{"weekofyear", "week({})"},
    Part{"dayofweek", "(dayofweek({}) + 1)", false, true},
    Part{"weekday", "(isodow({}) - 1)", false, true},
    Part{"hour", "hour({})", true},
    Part{"minute", "minute({})", true},
    Part{"second", "second({})", true},
};

Result<SparkValue> part_of_moment(const Call& call) {
    const auto* const part = std::ranges::find(kParts, call.name, &Part::name);
    if (!is_moment(call[0].type) || (part->is_of_day && call[0].type.kind == kDate)) return call.refuse();
    if (part->departs) call.departures.push_back(call.name + " counts from another day in our SQL");
    std::string sql = replace_all(part->ours, "{}", sql_in_utc(call[0]));
    return call.make(fmt::format("CAST({} AS INTEGER)", sql), kInt32);
}

// Spark's names of a unit → DuckDB's.
std::optional<std::string_view> unit_of(const SparkValue& name) {
    constexpr std::array<std::array<std::string_view, 4>, 9> kUnits = {{{"year", "year", "yyyy", "yy"},
                                                                        {"quarter", "quarter"},
                                                                        {"month", "month", "mon", "mm"},
                                                                        {"week", "week"},
                                                                        {"day", "day", "dd"},
                                                                        {"hour", "hour"},
                                                                        {"minute", "minute"},
                                                                        {"second", "second"},
                                                                        {"millisecond", "millisecond"}}};
    if (!name.is_text_literal()) return std::nullopt;
    const std::string lowered = to_lower(*name.literal);
    if (lowered.empty()) return std::nullopt;
    for (const auto& unit : kUnits)
        if (std::ranges::find(unit, lowered) != unit.end()) return unit[0];
    return std::nullopt;
}

Result<SparkValue> date_trunc(const Call& call) {
    const auto unit = unit_of(call[0]);
    if (!unit || (call[1].type.kind != kTimestamp && call[1].type.kind != kDate)) return call.refuse();
    return call.make(fmt::format("timezone('UTC', date_trunc('{}', {}))", *unit, sql_in_utc(call[1])), kTimestamp);
}

Result<SparkValue> trunc_date(const Call& call) {
    const auto unit = unit_of(call[1]);
    const bool is_of_dates = unit && (*unit == "year" || *unit == "quarter" || *unit == "month" || *unit == "week");
    if (!is_of_dates || !is_moment(call[0].type)) return call.refuse();
    return call.make(fmt::format("CAST(date_trunc('{}', {}) AS DATE)", *unit, sql_in_utc(call[0])), kDate);
}

// yyyy-MM-dd HH:mm:ss and parts of it, with the signs between them, as strftime's.
std::optional<std::string> strftime_format(std::string_view pattern) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kFields = {
        {{"yyyy", "%Y"}, {"MM", "%m"}, {"dd", "%d"}, {"HH", "%H"}, {"mm", "%M"}, {"ss", "%S"}}};
    std::string format;
    while (!pattern.empty()) {
        const auto* const field =
            std::ranges::find_if(kFields, [&](const auto& known) { return pattern.starts_with(known.first); });
        if (field != kFields.end()) {
            // A longer run of the letter is another field.
            if (pattern.size() > field->first.size() && pattern[field->first.size()] == field->first[0])
                return std::nullopt;
            format += field->second;
            pattern.remove_prefix(field->first.size());
        } else if (pattern.starts_with("'T'")) {
            format += 'T';
            pattern.remove_prefix(3);
        } else if (std::string_view("-/:._ ,").contains(pattern[0])) {
            format += pattern[0];
            pattern.remove_prefix(1);
        } else {
            return std::nullopt;
        }
    }
    return format;
}

Result<SparkValue> date_format(const Call& call) {
    if (!is_moment(call[0].type) || !call[1].is_text_literal()) return call.refuse();
    const auto format = strftime_format(*call[1].literal);
    if (!format) return call.refuse("the pattern " + quote_json(*call[1].literal));
    const std::string time = sql_in_utc(call[0]);
    return call.make(
        sql_where(fmt::format("year({}) BETWEEN 1 AND 9999", time),
                  fmt::format("strftime({}, {})", time, quote_literal(*format)), "a year outside 1 to 9999"),
        kString, true);
}

Result<SparkValue> cast_call(const Call& call) {
    constexpr std::array<std::pair<std::string_view, TypeKind>, 13> kTypes = {{{"date", kDate},
                                                                               {"to_date", kDate},
                                                                               {"timestamp", kTimestamp},
                                                                               {"to_timestamp", kTimestamp},
                                                                               {"string", kString},
                                                                               {"boolean", kBoolean},
                                                                               {"tinyint", kInt8},
                                                                               {"smallint", kInt16},
                                                                               {"int", kInt32},
                                                                               {"bigint", kInt64},
                                                                               {"float", kFloat},
                                                                               {"double", kDouble},
                                                                               {"binary", kBinary}}};
    const auto* const type = std::ranges::find(kTypes, call.name, &std::pair<std::string_view, TypeKind>::first);
    return spark_cast(std::move(call[0]), spark_type(type->second), call.departures);
}

Result<SparkValue> date_add(const Call& call) {
    if (!is_integer(call[1].type)) return call.refuse();
    SparkValue date = LAGOA_TRY(spark_cast(std::move(call[0]), spark_type(kDate), call.departures));
    Arguments operands;
    operands.push_back(std::move(date));
    operands.push_back(std::move(call[1]));
    return spark_arithmetic(call.name == "date_sub" ? "-" : "+", std::move(operands));
}

Result<SparkValue> date_diff(const Call& call) {
    if (!is_moment(call[0].type) || !is_moment(call[1].type)) return call.refuse();
    return call.make(fmt::format("CAST(date_diff('day', {}, {}) AS INTEGER)", sql_in_utc(call[1]), sql_in_utc(call[0])),
                     kInt32);
}

Result<SparkValue> add_months(const Call& call) {
    if (call[0].type.kind != kDate || !is_integer(call[1].type) || call[1].type.kind == kInt64) return call.refuse();
    return call.make(fmt::format("CAST({} + to_months(CAST({} AS INTEGER)) AS DATE)", call[0].sql, call[1].sql), kDate,
                     true);
}

Result<SparkValue> last_day(const Call& call) {
    if (!is_moment(call[0].type)) return call.refuse();
    return call.make(fmt::format("last_day({})", sql_in_utc(call[0])), kDate);
}

Result<SparkValue> unix_timestamp(const Call& call) {
    if (call[0].type.kind != kTimestamp) return call.refuse();
    return call.make(fmt::format("(epoch_us({}) // 1000000)", call[0].sql), kInt64);  // towards zero, unlike CAST
}

Result<SparkValue> now(const Call& call) {
    if (call.name == "current_date" || call.name == "curdate")
        return call.make("CAST(make_timestamp(epoch_us(now())) AS DATE)", kDate);
    if (call.name == "localtimestamp") return call.make("make_timestamp(epoch_us(now()))", kTimestampNtz);
    return call.make("now()", kTimestamp);
}

// ------------------------------------------------------------------ texts

Result<SparkValue> concat(const Call& call) {
    call.departures.emplace_back("concat(…) is NULL if a part is, which our SQL leaves out: write ||");
    SparkValue sum{.sql = "''", .type = spark_type(kString)};
    for (std::size_t i = 0; i < call.size(); ++i) {
        Arguments operands;
        operands.push_back(std::move(sum));
        operands.push_back(std::move(call[i]));
        sum = LAGOA_TRY(spark_arithmetic("||", std::move(operands)));
    }
    return sum;
}

Result<SparkValue> concat_ws(const Call& call) {
    if (!call.are_texts()) return call.refuse();
    std::vector<std::string> parts;
    for (const SparkValue& argument : call.arguments) parts.push_back(argument.sql);
    return call.make(fmt::format("concat_ws({})", fmt::join(parts, ", ")), kString);
}

// Java and DuckDB change case alike in Latin; elsewhere a letter may become two, or none.
Result<SparkValue> change_case(const Call& call) {
    if (!call.are_texts()) return call.refuse();
    const bool is_upper = call.name == "upper" || call.name == "ucase";
    const std::string_view known =
        is_upper ? R"([\x{0}-\x{DE}\x{E0}-\x{148}\x{14A}-\x{17F}]*)" : R"([\x{0}-\x{12F}\x{131}-\x{17F}]*)";
    const std::string name = is_upper ? "upper" : "lower";
    return call.make(sql_where(fmt::format("regexp_full_match({}, {}, 's')", call[0].sql, quote_literal(known)),
                               fmt::format("{}({})", name, call[0].sql),
                               name + "() of a letter that is not Latin, or has no case of its own"),
                     kString, true);
}

Result<SparkValue> trim_spaces(const Call& call) {
    if (!call.are_texts()) return call.refuse();
    return call.make(fmt::format("{}({}, ' ')", call.name, call[0].sql), kString);
}

Result<SparkValue> length(const Call& call) {
    if (call[0].type.kind == kBinary)
        return call.make(fmt::format("CAST(octet_length({}) AS INTEGER)", call[0].sql), kInt32);
    if (!call.are_texts()) return call.refuse();
    return call.make(fmt::format("CAST(length({}) AS INTEGER)", call[0].sql), kInt32);
}

Result<SparkValue> substring(const Call& call) {
    if (call[0].type.kind != kString) return call.refuse();
    const auto start = call.count(1, INT32_MIN);
    const auto size = call.size() == 3 ? call.count(2, 0) : std::optional<std::int64_t>(INT32_MAX);
    if (!start || !size) return call.refuse("a place or length that is no constant");
    if (*start < 0) {
        if (call.size() == 3) return call.refuse("a place from the end, and a length");
        call.departures.emplace_back("substring from the end may begin before the text in our SQL");
        return call.make(fmt::format("right({}, {})", call[0].sql, -*start), kString);
    }
    if (*start == 0) call.departures.emplace_back("substring from 0 is from 1 in Spark");
    const std::int64_t from = std::max<std::int64_t>(*start, 1);
    if (call.size() == 2) return call.make(fmt::format("substring({}, {})", call[0].sql, from), kString);
    return call.make(fmt::format("substring({}, {}, {})", call[0].sql, from, *size), kString);
}

Result<SparkValue> end_of_text(const Call& call) {
    const auto size = call.count(1, 0);
    if (call[0].type.kind != kString || !size) return call.refuse();
    return call.make(fmt::format("{}({}, {})", call.name, call[0].sql, *size), kString);
}

Result<SparkValue> replace(const Call& call) {
    if (!call.are_texts() || !call[1].is_text_literal() || call[1].literal->empty()) return call.refuse();
    return call.make(fmt::format("replace({}, {}, {})", call[0].sql, call[1].sql, call[2].sql), kString);
}

Result<SparkValue> pad(const Call& call) {
    const auto size = call.count(1, 0);
    if (call[0].type.kind != kString || !size || !call[2].is_text_literal() || call[2].literal->empty())
        return call.refuse();
    return call.make(fmt::format("{}({}, {}, {})", call.name, call[0].sql, *size, call[2].sql), kString);
}

Result<SparkValue> find_text(const Call& call) {
    if (!call.are_texts()) return call.refuse();
    if (call.name == "instr")
        return call.make(fmt::format("CAST(instr({}, {}) AS INTEGER)", call[0].sql, call[1].sql), kInt32);
    const std::string_view ours = call.name == "startswith" ? "starts_with"
                                  : call.name == "endswith" ? "ends_with"
                                                            : "contains";
    return call.make(fmt::format("{}({}, {})", ours, call[0].sql, call[1].sql), kBoolean);
}

Result<SparkValue> digest(const Call& call) {
    const bool is_bytes = call[0].type.kind == kString || call[0].type.kind == kBinary;
    if (!is_bytes) return call.refuse();
    if (call.name == "sha2") {
        if (call.count(1, 256) != 256) return call.refuse("another length than 256");
        return call.make(fmt::format("sha256({})", call[0].sql), kString);
    }
    return call.make(fmt::format("{}({})", call.name == "md5" ? "md5" : "sha1", call[0].sql), kString);
}

// ------------------------------------------------------------------ numbers

Result<SparkValue> absolute(const Call& call) {
    if (!is_number(call[0].type)) return call.refuse();
    return call.make(fmt::format("abs({})", call[0].sql), call[0].type, true);
}

Result<SparkValue> round(const Call& call) {
    const auto digits = call.size() == 2 ? call.count(1, 0) : std::optional<std::int64_t>(0);
    const Type& type = call[0].type;
    if (!digits || *digits > 38 || !is_number(type)) return call.refuse();
    if (is_integer(type)) return call.make(call[0].sql, type);
    if (type.kind == kDecimal) {
        if (*digits >= type.scale) return call.make(call[0].sql, type);
        const int scale = static_cast<int>(*digits);
        const Type rounded = Type::decimal(std::min(38, type.precision - type.scale + scale + 1), scale);
        return call.make(fmt::format("CAST(round({}, {}) AS {})", call[0].sql, scale, to_sql(rounded)), rounded, true);
    }
    if (*digits > 0 || type.kind == kFloat) return call.refuse("digits of a binary fraction");
    return call.make(fmt::format("round({})", call[0].sql), type);
}

Result<SparkValue> floor_or_ceil(const Call& call) {
    const std::string ours = call.name == "floor" ? "floor" : "ceil";
    const Type& type = call[0].type;
    if (is_integer(type)) return widen(std::move(call[0]), spark_type(kInt64));
    if (type.kind == kDouble) return call.make(fmt::format("CAST({}({}) AS BIGINT)", ours, call[0].sql), kInt64, true);
    if (type.kind != kDecimal) return call.refuse();
    const Type whole = Type::decimal(std::min(38, type.precision - type.scale + 1), 0);
    return call.make(fmt::format("CAST({}({}) AS {})", ours, call[0].sql, to_sql(whole)), whole, true);
}

Result<SparkValue> remainder(const Call& call) {
    Arguments operands;
    operands.push_back(call[0]);
    operands.push_back(call[1]);
    SparkValue simple = LAGOA_TRY(spark_arithmetic("%", std::move(operands)));
    if (call.name == "mod") return simple;
    if (!is_integer(simple.type)) return call.refuse();
    const SparkValue divisor = LAGOA_TRY(widen(call[1], simple.type));
    return call.make(fmt::format("CASE WHEN ({0}) < 0 THEN ({0} + {1}) % {1} ELSE {0} END", simple.sql, divisor.sql),
                     simple.type, true);
}

Result<SparkValue> is_nan(const Call& call) {
    if (call[0].type.kind != kFloat && call[0].type.kind != kDouble) return call.refuse();
    return call.make(fmt::format("coalesce(isnan({}), false)", call[0].sql), kBoolean);
}

// ------------------------------------------------------------------ choices

// Converts all to the type that they have in common: that of their types, whatever digits constants have.
Result<Type> make_alike(std::span<SparkValue> values) {
    for (SparkValue& value : values)
        if (value.is_number_literal()) value.literal.reset();
    SparkValue all = values[0];
    for (const SparkValue& value : values.subspan(1)) {
        all.type = LAGOA_TRY(common_type(all, value));
        if (!value.literal) all.literal.reset();
    }
    for (SparkValue& value : values) value = LAGOA_TRY(widen(std::move(value), all.type));
    return all.type;
}

bool is_orderable(const Type& type) {
    return type.children.empty() && type.kind != kVariant && type.kind != kVoid;
}

Result<SparkValue> choose(const Call& call) {
    const bool is_order = call.name == "greatest" || call.name == "least";
    const Type type = LAGOA_TRY(make_alike(call.arguments));
    if (is_order && !is_orderable(type)) return call.refuse();
    std::vector<std::string> parts;
    for (const SparkValue& argument : call.arguments) parts.push_back(argument.sql);
    return call.make(fmt::format("{}({})", is_order ? call.name : "coalesce", fmt::join(parts, ", ")), type);
}

// A condition, values, and what stands without one.
Result<SparkValue> branches(const Call& call) {
    std::vector<SparkValue> values;
    for (std::size_t i = 0; i < call.size(); ++i)
        if (i % 2 == 1 || i + 1 == call.size())
            values.push_back(call[i]);
        else if (call[i].type.kind != kBoolean && call[i].type.kind != kVoid)
            return fail(ErrorCode::kInvalidArgument, "a condition is {}, not BOOLEAN", spark_type_name(call[i].type));
    const Type type = LAGOA_TRY(make_alike(values));
    std::string sql = "CASE";
    for (std::size_t i = 0; i + 1 < call.size(); i += 2)
        sql += fmt::format(" WHEN {} THEN {}", call[i].sql, values[i / 2].sql);
    sql += fmt::format(" ELSE {} END", values.back().sql);
    return call.make(std::move(sql), type);
}

Result<SparkValue> null_if(const Call& call) {
    std::vector<SparkValue> both = {call[0], call[1]};
    const Type type = LAGOA_TRY(make_alike(both));
    if (!is_orderable(type)) return call.refuse();
    return call.make(fmt::format("CASE WHEN {} = {} THEN NULL ELSE {} END", both[0].sql, both[1].sql, call[0].sql),
                     call[0].type);
}

Result<SparkValue> if_null(const Call& call) {
    std::vector<SparkValue> values = {call[1], call[2]};
    const Type type = LAGOA_TRY(make_alike(values));
    return call.make(
        fmt::format("CASE WHEN {} IS NOT NULL THEN {} ELSE {} END", call[0].sql, values[0].sql, values[1].sql), type);
}

Result<SparkValue> test_null(const Call& call) {
    return call.make(fmt::format("({} IS {}NULL)", call[0].sql, call.name == "isnull" ? "" : "NOT "), kBoolean);
}

Result<SparkValue> size_of(const Call& call) {
    if (call[0].type.kind != kList && call[0].type.kind != kMap) return call.refuse();
    const std::string_view ours = call[0].type.kind == kList ? "len" : "cardinality";
    return call.make(fmt::format("CAST({}({}) AS INTEGER)", ours, call[0].sql), kInt32);
}

struct Function {
    std::string_view name;
    std::size_t least;
    std::size_t most;
    Handler handler;
};
constexpr std::size_t kMany = 1000;
constexpr std::array kFunctions = {
    Function{"year", 1, 1, part_of_moment},
    Function{"quarter", 1, 1, part_of_moment},
    Function{"month", 1, 1, part_of_moment},
    Function{"day", 1, 1, part_of_moment},
    Function{"dayofmonth", 1, 1, part_of_moment},
    Function{"dayofyear", 1, 1, part_of_moment},
    Function{"weekofyear", 1, 1, part_of_moment},
    Function{"dayofweek", 1, 1, part_of_moment},
    Function{"weekday", 1, 1, part_of_moment},
    Function{"hour", 1, 1, part_of_moment},
    Function{"minute", 1, 1, part_of_moment},
    Function{"second", 1, 1, part_of_moment},
    Function{"date_trunc", 2, 2, date_trunc},
    Function{"trunc", 2, 2, trunc_date},
    Function{"date_format", 2, 2, date_format},
    Function{"date", 1, 1, cast_call},
    Function{"to_date", 1, 1, cast_call},
    Function{"timestamp", 1, 1, cast_call},
    Function{"to_timestamp", 1, 1, cast_call},
    Function{"string", 1, 1, cast_call},
    Function{"boolean", 1, 1, cast_call},
    Function{"tinyint", 1, 1, cast_call},
    Function{"smallint", 1, 1, cast_call},
    Function{"int", 1, 1, cast_call},
    Function{"bigint", 1, 1, cast_call},
    Function{"float", 1, 1, cast_call},
    Function{"double", 1, 1, cast_call},
    Function{"date_add", 2, 2, date_add},
    Function{"dateadd", 2, 2, date_add},
    Function{"date_sub", 2, 2, date_add},
    Function{"datediff", 2, 2, date_diff},
    Function{"date_diff", 2, 2, date_diff},
    Function{"add_months", 2, 2, add_months},
    Function{"last_day", 1, 1, last_day},
    Function{"unix_timestamp", 1, 1, unix_timestamp},
    Function{"current_date", 0, 0, now},
    Function{"curdate", 0, 0, now},
    Function{"current_timestamp", 0, 0, now},
    Function{"now", 0, 0, now},
    Function{"localtimestamp", 0, 0, now},
    Function{"concat", 1, kMany, concat},
    Function{"concat_ws", 2, kMany, concat_ws},
    Function{"upper", 1, 1, change_case},
    Function{"ucase", 1, 1, change_case},
    Function{"lower", 1, 1, change_case},
    Function{"lcase", 1, 1, change_case},
    Function{"trim", 1, 1, trim_spaces},
    Function{"ltrim", 1, 1, trim_spaces},
    Function{"rtrim", 1, 1, trim_spaces},
    Function{"length", 1, 1, length},
    Function{"len", 1, 1, length},
    Function{"char_length", 1, 1, length},
    Function{"character_length", 1, 1, length},
    Function{"substring", 2, 3, substring},
    Function{"substr", 2, 3, substring},
    Function{"left", 2, 2, end_of_text},
    Function{"right", 2, 2, end_of_text},
    Function{"replace", 3, 3, replace},
    Function{"lpad", 3, 3, pad},
    Function{"rpad", 3, 3, pad},
    Function{"instr", 2, 2, find_text},
    Function{"startswith", 2, 2, find_text},
    Function{"endswith", 2, 2, find_text},
    Function{"contains", 2, 2, find_text},
    Function{"md5", 1, 1, digest},
    Function{"sha", 1, 1, digest},
    Function{"sha1", 1, 1, digest},
    Function{"sha2", 2, 2, digest},
    Function{"abs", 1, 1, absolute},
    Function{"round", 1, 2, round},
    Function{"floor", 1, 1, floor_or_ceil},
    Function{"ceil", 1, 1, floor_or_ceil},
    Function{"ceiling", 1, 1, floor_or_ceil},
    Function{"mod", 2, 2, remainder},
    Function{"pmod", 2, 2, remainder},
    Function{"isnan", 1, 1, is_nan},
    Function{"coalesce", 1, kMany, choose},
    Function{"nvl", 2, 2, choose},
    Function{"ifnull", 2, 2, choose},
    Function{"greatest", 2, kMany, choose},
    Function{"least", 2, kMany, choose},
    Function{"if", 3, 3, branches},
    Function{"iff", 3, 3, branches},
    Function{"case", 3, kMany, branches},
    Function{"nullif", 2, 2, null_if},
    Function{"nvl2", 3, 3, if_null},
    Function{"isnull", 1, 1, test_null},
    Function{"isnotnull", 1, 1, test_null},
    Function{"size", 1, 1, size_of},
    Function{"cardinality", 1, 1, size_of},
};

}  // namespace

Result<SparkValue> spark_call(const std::string& name, std::vector<SparkValue> arguments, Departures& departures) {
    const auto* const function = std::ranges::find(kFunctions, name, &Function::name);
    const Call call{name, arguments, departures};
    if (function == kFunctions.end())
        return fail_with_hint(ErrorCode::kUnsupported, "docs/reference/spark-expressions.md lists those that are.",
                              "the function {}", name);
    if (call.size() < function->least || call.size() > function->most)
        return fail(ErrorCode::kUnsupported, "the function {} with {} arguments", name, call.size());
    return function->handler(call);
}

}  // namespace lagoa
