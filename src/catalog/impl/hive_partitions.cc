#include "catalog/impl/hive_partitions.h"

#include <algorithm>
#include <charconv>

#include <fmt/ranges.h>

#include "base/clock.h"
#include "base/text.h"
#include "catalog/impl/staged_file.h"

namespace lagoa {
namespace {

constexpr std::string_view kNull = "__HIVE_DEFAULT_PARTITION__";

template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
    Integer number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// Whether the integer's own text is `text`: `007` is not.
template <class Integer>
bool is_integer(const std::string& text) {
    const auto number = parse_integer<Integer>(text);
    return number && std::to_string(*number) == text;
}

bool is_date(const std::string& text) {
    return text.size() == 10 && parse_instant(text + "T00:00:00Z") && text[4] == '-';
}

Type infer_type(const std::map<std::string, std::string>& values) {
    const auto all = [&](auto test) {
        return !values.empty() && std::ranges::all_of(values, [&](const auto& value) { return test(value.first); });
    };
    if (all(is_integer<std::int32_t>)) return {.kind = TypeKind::kInt32, .children = {}};
    if (all(is_integer<std::int64_t>)) return {.kind = TypeKind::kInt64, .children = {}};
    if (all(is_date)) return {.kind = TypeKind::kDate, .children = {}};
    return {.kind = TypeKind::kString, .children = {}};
}

template <class Integer>
std::optional<std::string> integer_text(const std::string& text) {
    const auto number = parse_integer<Integer>(text);
    return number ? std::optional(std::to_string(*number)) : std::nullopt;
}

// The value as the log has it; nullopt if `text` is none of `type`.
Result<std::optional<std::string>> serialize(Session& session, const Type& type, const std::string& text) {
    using Text = std::optional<std::string>;
    switch (type.kind) {
        case TypeKind::kString:
            return Text(text);
        case TypeKind::kInt8:
            return integer_text<std::int8_t>(text);
        case TypeKind::kInt16:
            return integer_text<std::int16_t>(text);
        case TypeKind::kInt32:
            return integer_text<std::int32_t>(text);
        case TypeKind::kInt64:
            return integer_text<std::int64_t>(text);
        case TypeKind::kDate:
            return is_date(text) ? Text(text) : Text();
        default:
            break;
    }
    const std::vector<json::Value> parameters = {text};
    const std::string cast = fmt::format("TRY_CAST($1 AS {})", to_sql(type));
    if (type.kind != TypeKind::kTimestamp) return session.value(fmt::format("SELECT {}", cast), parameters);
    auto rows = LAGOA_TRY(session.rows(fmt::format("SELECT {} AS at", cast), parameters));
    const auto instant = json::Value(rows.at(0)).string_at("at");
    if (!instant) return Text();
    return Text(format_instant(LAGOA_TRY(parse_instant(*instant))));
}

}  // namespace

std::vector<std::pair<std::string, std::optional<std::string>>> parse_hive_path(std::string_view path) {
    std::vector<std::pair<std::string, std::optional<std::string>>> parts;
    const auto names = split(path, '/');
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        const std::size_t equals = names[i].find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        const std::string_view value = names[i].substr(equals + 1);
        std::optional<std::string> text;
        if (!value.empty() && value != kNull) text = delta::decode_path(value);  // Hive %-encodes, as URIs do
        parts.emplace_back(delta::decode_path(names[i].substr(0, equals)), std::move(text));
    }
    return parts;
}

Result<> HivePartitions::add(const std::string& path) {
    const auto parts = parse_hive_path(path);
    if (first_file_.empty()) {
        first_file_ = path;
        for (const auto& [name, value] : parts) columns_.push_back({.name = name, .values = {}});
    }
    const bool is_same =
        std::ranges::equal(parts, columns_, {}, [](const auto& part) { return part.first; }, &Column::name);
    if (!is_same)
        return fail_with_hint(ErrorCode::kDataRejected, "Move one of the files, or convert them apart.",
                              "{} and {} are in folders of other partition columns", first_file_, path);
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (parts[i].second) columns_[i].values.emplace(*parts[i].second, "");
    return {};
}

Result<> HivePartitions::decide(Session& session, const std::map<std::string, std::string>& types) {
    std::map<std::string, Type> given;  // by lowered name
    for (const auto& [column, type] : types)
        given[to_lower(column)] = LAGOA_TRY(parse_sql_type(type), "the partition column {}", column);
    const bool fits =
        types.empty() || (given.size() == columns_.size() && std::ranges::all_of(columns_, [&](const Column& column) {
                              return given.contains(to_lower(column.name));
                          }));
    if (!fits) {
        std::vector<std::string> names;
        for (const Column& column : columns_) names.push_back(column.name);
        return fail(ErrorCode::kInvalidArgument, "the folders are of the partition columns ({}), not of those given",
                    fmt::join(names, ", "));
    }
    for (Column& column : columns_) {
        const Type type = types.empty() ? infer_type(column.values) : given.at(to_lower(column.name));
        if (!may_partition(type))
            return fail(ErrorCode::kInvalidArgument, "a table cannot be partitioned by {}, which is {}", column.name,
                        to_sql(type));
        for (auto& [text, value] : column.values) {
            auto serialized = LAGOA_TRY(serialize(session, type, text));
            if (!serialized)
                return fail(ErrorCode::kDataRejected, "{} in a folder's name is no {} for the partition column {}",
                            quote_json(text), to_sql(type), column.name);
            value = *std::move(serialized);
        }
        fields_.push_back({.name = column.name, .type = type, .metadata = {}});
    }
    return {};
}

delta::PartitionValues HivePartitions::values_of(const std::string& path) const {
    delta::PartitionValues values;
    const auto parts = parse_hive_path(path);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& [name, text] = parts[i];
        values[name] = text ? std::optional(columns_[i].values.at(*text)) : std::nullopt;
    }
    return values;
}

}  // namespace lagoa
