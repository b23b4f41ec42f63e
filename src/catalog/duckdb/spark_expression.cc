#include "catalog/duckdb/spark_expression.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/spark_functions.h"
#include "catalog/duckdb/spark_syntax.h"
#include "catalog/duckdb/spark_value.h"

namespace lagoa {
namespace {

using enum TypeKind;
using Kind = SparkNode::Kind;

constexpr std::size_t kLongestText = 64U << 10;
constexpr std::size_t kLongestSql = 1U << 20;  // what is guarded is written twice, which adds up when it is nested
constexpr int kMaxDepth = 500;
constexpr std::array<std::string_view, 8> kArithmetic = {"+", "-", "*", "/", "%", "div", "||", "negate"};
constexpr std::array<std::string_view, 7> kComparisons = {"=", "<>", "<", ">", "<=", ">=", "<=>"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

class Translator {
public:
    explicit Translator(const Schema& schema) : schema_(schema) {}

    Result<SparkValue> translate(const SparkNode& node) {
        if (++depth_ > kMaxDepth) return fail(ErrorCode::kUnsupported, "an expression of too many levels");
        auto value = translate_node(node);
        --depth_;
        if (value && value->sql.size() > kLongestSql)
            return fail(ErrorCode::kUnsupported, "an expression that is too long");
        return value;
    }

    std::set<std::string> columns;
    Departures departures;

private:
    Result<SparkValue> translate_node(const SparkNode& node) {
        switch (node.kind) {
            case Kind::kNull:
                return SparkValue{.sql = "NULL", .type = spark_type(kVoid)};
            case Kind::kBoolean:
                return SparkValue{.sql = node.text, .type = spark_type(kBoolean)};
            case Kind::kNumber:
                return spark_number(node.text);
            case Kind::kText:
                return SparkValue{.sql = quote_literal(node.text),
                                  .type = spark_type(kString),
                                  .may_fail = false,
                                  .literal = node.text};
            case Kind::kTyped:
                return typed(node);
            case Kind::kInterval:
                return fail(ErrorCode::kUnsupported, "an INTERVAL that is not added to a date or time");
            case Kind::kColumn:
                return column(node);
            case Kind::kCast: {
                SparkValue value = LAGOA_TRY(translate(node.arguments[0]));
                return spark_cast(std::move(value), node.type, departures);
            }
            case Kind::kCall:
                return call(node);
        }
        return fail(ErrorCode::kInternal, "an expression of no kind");
    }

    static Result<SparkValue> typed(const SparkNode& node) {
        constexpr std::array<std::pair<std::string_view, TypeKind>, 4> kTypes = {{{"date", kDate},
                                                                                  {"timestamp", kTimestamp},
                                                                                  {"timestamp_ltz", kTimestamp},
                                                                                  {"timestamp_ntz", kTimestampNtz}}};
        const auto* const type = std::ranges::find(kTypes, node.name, &std::pair<std::string_view, TypeKind>::first);
        if (type != kTypes.end()) return spark_moment(node.text, spark_type(type->second));
        const bool is_hex =
            node.text.size() % 2 == 0 && node.text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
        if (node.name != "x" || !is_hex)
            return fail(ErrorCode::kUnsupported, "the constant {} {}", node.name, quote_json(node.text));
        return SparkValue{.sql = fmt::format("unhex('{}')", node.text), .type = spark_type(kBinary)};
    }

    Result<SparkValue> column(const SparkNode& node) {
        const Field* const field = schema_.find(node.path[0]);
        if (field == nullptr) return fail(ErrorCode::kInvalidArgument, "there is no column {}", node.path[0]);
        columns.insert(field->name);
        SparkValue value{.sql = quote_identifier(field->name), .type = field->type};
        for (const std::string& name : std::span(node.path).subspan(1))
            value = LAGOA_TRY(member(std::move(value), name));
        return value;
    }

    static Result<SparkValue> member(SparkValue value, const std::string& name) {
        const auto at = std::ranges::find_if(
            value.type.children, [&](const Field& child) { return to_lower(child.name) == to_lower(name); });
        if (value.type.kind != kStruct)
            return fail(ErrorCode::kUnsupported, "the member {} of {}", name, spark_type_name(value.type));
        if (at == value.type.children.end()) return fail(ErrorCode::kInvalidArgument, "there is no member {}", name);
        Type type = at->type;
        return SparkValue{.sql = fmt::format("struct_extract({}, {})", value.sql, quote_literal(at->name)),
                          .type = std::move(type),
                          .may_fail = value.may_fail};
    }

    Result<SparkValue> call(const SparkNode& node) {
        if ((node.name == "+" || node.name == "-") && node.arguments[1].kind == Kind::kInterval) return shifted(node);
        if (node.name == "element") return fail(ErrorCode::kUnsupported, "an element of a list or map, […]");
        std::vector<SparkValue> values;
        for (const SparkNode& argument : node.arguments) {
            SparkValue value = LAGOA_TRY(translate(argument));
            values.push_back(std::move(value));
        }
        if (node.name == "member") return member(std::move(values[0]), node.text);
        if (node.name == "and" || node.name == "or") return chain(node.name, std::move(values));
        if (node.name == "not") return negation(std::move(values[0]));
        if (node.name == "is null")
            return SparkValue{.sql = fmt::format("({} IS NULL)", values[0].sql),
                              .type = spark_type(kBoolean),
                              .may_fail = values[0].may_fail};
        if (node.name == "in") return membership(std::move(values));
        if (node.name == "like") return like(values);
        if (node.name == "between") return between(values);
        if (is_one_of(kComparisons, node.name))
            return comparison(node.name, std::move(values[0]), std::move(values[1]));
        if (is_one_of(kArithmetic, node.name)) return spark_arithmetic(node.name, std::move(values));
        return spark_call(node.name, std::move(values), departures);
    }

    // A date or time and an INTERVAL.
    Result<SparkValue> shifted(const SparkNode& node) {
        const SparkNode& interval = node.arguments[1];
        SparkValue moment = LAGOA_TRY(translate(node.arguments[0]));
        const bool is_of_days = interval.name == "day" || interval.name == "month" || interval.name == "year";
        if (!is_moment(moment.type) || (moment.type.kind == kDate && !is_of_days))
            return fail(ErrorCode::kUnsupported, "{} {} INTERVAL of {}s", spark_type_name(moment.type), node.name,
                        interval.name);
        std::string sql =
            fmt::format("({} {} INTERVAL '{} {}')", sql_in_utc(moment), node.name, interval.text, interval.name);
        if (moment.type.kind == kDate) sql = fmt::format("CAST({} AS DATE)", sql);
        if (moment.type.kind == kTimestamp) sql = fmt::format("timezone('UTC', {})", sql);
        return SparkValue{.sql = std::move(sql), .type = moment.type, .may_fail = true};
    }

    // ------------------------------------------------------------------ conditions

    static Result<> check_condition(const SparkValue& value) {
        if (value.type.kind == kBoolean || value.type.kind == kVoid) return {};
        return fail(ErrorCode::kInvalidArgument, "a condition is {}, not BOOLEAN", spark_type_name(value.type));
    }

    static Result<SparkValue> negation(SparkValue value) {
        LAGOA_TRY(check_condition(value));
        return SparkValue{
            .sql = fmt::format("(NOT {})", value.sql), .type = spark_type(kBoolean), .may_fail = value.may_fail};
    }

    // Spark goes on to the next condition only if the last did not decide; DuckDB computes all of them. That matters
    // where one of the later ones may fail.
    static Result<SparkValue> chain(const std::string& name, std::vector<SparkValue> values) {
        for (const SparkValue& value : values) LAGOA_TRY(check_condition(value));
        const std::string word = name == "and" ? "AND" : "OR";
        const std::string deciding = name == "and" ? "false" : "true";
        SparkValue whole = std::move(values.back());
        for (std::size_t i = values.size() - 1; i-- > 0;) {
            const std::string& sql = values[i].sql;
            whole.sql = whole.may_fail ? fmt::format("CASE WHEN ({0}) IS {1} THEN {1} ELSE ({0} {2} {3}) END", sql,
                                                     deciding, word, whole.sql)
                                       : fmt::format("({} {} {})", sql, word, whole.sql);
            whole.may_fail = whole.may_fail || values[i].may_fail;
            if (whole.sql.size() > kLongestSql) return fail(ErrorCode::kUnsupported, "an expression that is too long");
        }
        whole.type = spark_type(kBoolean);
        whole.literal.reset();
        return whole;
    }

    static Result<SparkValue> comparison(const std::string& sign, SparkValue a, SparkValue b) {
        const Type type = LAGOA_TRY(common_type(a, b));
        if (!type.children.empty() || type.kind == kVariant)
            return fail(ErrorCode::kUnsupported, "{} between {}s", sign, spark_type_name(type));
        a = LAGOA_TRY(widen(std::move(a), type));
        b = LAGOA_TRY(widen(std::move(b), type));
        return SparkValue{.sql = fmt::format("({} {} {})", a.sql, sign == "<=>" ? "IS NOT DISTINCT FROM" : sign, b.sql),
                          .type = spark_type(kBoolean),
                          .may_fail = a.may_fail || b.may_fail};
    }

    static Result<SparkValue> between(const std::vector<SparkValue>& values) {
        SparkValue low = LAGOA_TRY(comparison(">=", values[0], values[1]));
        SparkValue high = LAGOA_TRY(comparison("<=", values[0], values[2]));
        std::vector<SparkValue> both;
        both.push_back(std::move(low));
        both.push_back(std::move(high));
        return chain("and", std::move(both));
    }

    static Result<SparkValue> membership(std::vector<SparkValue> values) {
        if (values.size() < 2) return fail(ErrorCode::kInvalidArgument, "IN () names nothing");
        SparkValue all = values[0];
        bool may_fail = all.may_fail;
        for (const SparkValue& value : std::span(values).subspan(1)) {
            all.type = LAGOA_TRY(common_type(all, value));
            may_fail = may_fail || value.may_fail;
        }
        if (!all.type.children.empty() || all.type.kind == kVariant)
            return fail(ErrorCode::kUnsupported, "IN of {}s", spark_type_name(all.type));
        std::vector<std::string> parts;
        for (SparkValue& value : values) {
            const SparkValue wide = LAGOA_TRY(widen(std::move(value), all.type));
            parts.push_back(wide.sql);
        }
        const std::string first = parts.front();
        parts.erase(parts.begin());
        return SparkValue{.sql = fmt::format("({} IN ({}))", first, fmt::join(parts, ", ")),
                          .type = spark_type(kBoolean),
                          .may_fail = may_fail};
    }

    Result<SparkValue> like(const std::vector<SparkValue>& values) {
        if (values[0].type.kind != kString || !values[1].is_text_literal())
            return fail(ErrorCode::kUnsupported, "{} LIKE {}, which is no constant text",
                        spark_type_name(values[0].type), spark_type_name(values[1].type));
        const std::string& pattern = *values[1].literal;
        bool escapes = false;
        for (std::size_t i = 0; i < pattern.size(); ++i) {
            if (pattern[i] != '\\') continue;
            escapes = true;
            if (++i == pattern.size() || !std::string_view("%_\\").contains(pattern[i]))
                return fail(ErrorCode::kInvalidArgument, "LIKE {}: a backslash stands before %, _ or itself",
                            quote_json(pattern));
        }
        if (escapes) departures.emplace_back("a backslash in LIKE is no escape in our SQL");
        return SparkValue{
            .sql = fmt::format("({} LIKE {}{})", values[0].sql, values[1].sql, escapes ? R"( ESCAPE '\')" : ""),
            .type = spark_type(kBoolean),
            .may_fail = values[0].may_fail};
    }

    const Schema& schema_;
    int depth_ = 0;
};

// A constant fits a type that holds its very value: 0 a SMALLINT, 0.5 a FLOAT.
Result<SparkValue> assign(SparkValue value, const Type& to, Departures& departures) {
    if (value.is_number_literal() && is_number(to)) {
        const auto digits = decimal_of(value);
        const bool fits_integer = is_integer(to) && is_integer(value.type);
        const bool fits_fraction = (to.kind == kFloat || to.kind == kDouble) && digits && digits->precision <= 15;
        if (fits_integer && value.type.kind > to.kind) {
            const auto limit = to.kind == kInt8 ? INT8_MAX : to.kind == kInt16 ? INT16_MAX : INT64_C(0x7FFFFFFF);
            const auto number = json::Number{*value.literal}.to_int64();
            if (!number || *number > limit || *number < -limit - 1)
                return fail(ErrorCode::kInvalidArgument, "{} does not fit {}", *value.literal, spark_type_name(to));
            return spark_cast(std::move(value), to, departures);
        }
        if (fits_fraction) return spark_cast(std::move(value), to, departures);
    }
    const bool becomes_text = to.kind == kString && value.type.kind != kString && value.type.kind != kVoid;
    auto widened = becomes_text ? spark_cast(value, to, departures) : widen(value, to);
    if (!widened && widened.error().code == ErrorCode::kUnsupported)
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write a CAST.", "it is {}, and the column is {}",
                              spark_type_name(value.type), spark_type_name(to));
    return widened;
}

Result<SparkExpression> translate_text(std::string_view text, const Schema& schema, const std::optional<Type>& to) {
    if (text.size() > kLongestText) return fail(ErrorCode::kUnsupported, "an expression that is too long");
    const SparkNode node = LAGOA_TRY(parse_spark(text));
    Translator translator(schema);
    SparkValue value = LAGOA_TRY(translator.translate(node));
    if (to) value = LAGOA_TRY(assign(std::move(value), *to, translator.departures));
    return SparkExpression{.sql = std::move(value.sql),
                           .type = std::move(value.type),
                           .columns = std::move(translator.columns),
                           .departures = std::move(translator.departures)};
}

}  // namespace

Result<SparkExpression> translate_spark(std::string_view text, const Schema& schema) {
    return translate_text(text, schema, std::nullopt);
}

Result<SparkExpression> translate_spark_as(std::string_view text, const Schema& schema, const Type& to) {
    return translate_text(text, schema, to);
}

Result<SparkExpression> translate_spark_condition(std::string_view text, const Schema& schema) {
    SparkExpression condition = LAGOA_TRY(translate_text(text, schema, std::nullopt));
    if (condition.type.kind == kBoolean) return condition;
    return fail(ErrorCode::kInvalidArgument, "it is {}, not a condition", spark_type_name(condition.type));
}

std::string spark_type_name(const Type& type) {
    switch (type.kind) {
        case kBoolean:
            return "BOOLEAN";
        case kInt8:
            return "TINYINT";
        case kInt16:
            return "SMALLINT";
        case kInt32:
            return "INT";
        case kInt64:
            return "BIGINT";
        case kFloat:
            return "FLOAT";
        case kDouble:
            return "DOUBLE";
        case kDecimal:
            return fmt::format("DECIMAL({},{})", type.precision, type.scale);
        case kString:
            return "STRING";
        case kBinary:
            return "BINARY";
        case kDate:
            return "DATE";
        case kTimestamp:
            return "TIMESTAMP";
        case kTimestampNtz:
            return "TIMESTAMP_NTZ";
        case kVariant:
            return "VARIANT";
        case kVoid:
            return "VOID";
        case kList:
            return "ARRAY";
        case kMap:
            return "MAP";
        case kStruct:
            return "STRUCT";
    }
    return "?";
}

}  // namespace lagoa
