#include "engine/duckdb/parameter.h"

#include <algorithm>
#include <string>

#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr std::size_t kMaxDigits = 38;  // of a DECIMAL

duckdb::Value number_to_duckdb(const json::Number& number) {
    const std::string& text = number.text;
    const auto digits =
        static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }));
    if (digits > kMaxDigits || text.find_first_of("eE") != std::string::npos)
        return duckdb::Value::DOUBLE(number.to_double());
    const auto point = text.find('.');
    if (point == std::string::npos) {
        const auto integer = number.to_int64();
        return integer ? duckdb::Value::BIGINT(*integer)
                       : duckdb::Value(text).DefaultCastAs(duckdb::LogicalType::HUGEINT);
    }
    const std::size_t scale = text.size() - point - 1;
    const auto type = duckdb::LogicalType::DECIMAL(static_cast<uint8_t>(digits), static_cast<uint8_t>(scale));
    return duckdb::Value(text).DefaultCastAs(type);
}

}  // namespace

Result<duckdb::Value> to_duckdb(const json::Value& value) {
    return guarded([&]() -> Result<duckdb::Value> {
        if (value.is_null()) return duckdb::Value();
        if (const bool* boolean = value.boolean()) return duckdb::Value::BOOLEAN(*boolean);
        if (const json::Number* number = value.number()) return number_to_duckdb(*number);
        if (const std::string* string = value.string()) return duckdb::Value(*string);
        return fail(ErrorCode::kInvalidArgument, "an {} cannot be a parameter", value.kind());
    });
}

Result<duckdb::case_insensitive_map_t<duckdb::BoundParameterData>> bind_parameters(
    std::span<const json::Value> values) {
    duckdb::case_insensitive_map_t<duckdb::BoundParameterData> bound;
    for (std::size_t i = 0; i < values.size(); ++i) {
        duckdb::Value value = LAGOA_TRY(to_duckdb(values[i]), "parameter ${}", i + 1);
        bound[std::to_string(i + 1)] = duckdb::BoundParameterData(std::move(value));
    }
    return bound;
}

}  // namespace lagoa
