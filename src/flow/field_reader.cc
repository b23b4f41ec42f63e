#include "flow/impl/field_reader.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace lagoa::flow {

std::unexpected<Error> fail_at(const Document& document, std::string_view pointer, const Error& cause) {
    Error error = document.fail_at(pointer, cause.message, cause.hint).error();
    if (cause.code == ErrorCode::kUnsupported) error.code = cause.code;
    return std::unexpected(std::move(error));
}

Result<FieldReader> FieldReader::open(const Document& document, std::string pointer, const json::Value& value) {
    const auto* object = value.object();
    if (object == nullptr) return document.fail_at(pointer, fmt::format("expected an object, not {}", value.kind()));
    return FieldReader(document, std::move(pointer), *object);
}

std::string FieldReader::pointer_to(std::string_view key) const {
    return pointer_ + "/" + json::escape_pointer_token(key);
}

std::unexpected<Error> FieldReader::wrong(std::string_view key, std::string_view message, std::string hint) const {
    return document_->fail_at(pointer_to(key), message, std::move(hint));
}

std::unexpected<Error> FieldReader::unsupported(std::string_view key, std::string_view message) const {
    return fail_at(*document_, pointer_to(key), {ErrorCode::kUnsupported, std::string(message), ""});
}

Result<> FieldReader::allow_only(std::string_view what, std::span<const std::string_view> known,
                                 std::span<const std::string_view> later) const {
    for (const auto& [key, value] : *object_) {
        if (std::ranges::find(known, key) != known.end()) continue;
        if (std::ranges::find(later, key) != later.end())
            return unsupported(key, fmt::format("{} is not supported yet", key));
        return wrong(key, fmt::format("{} has no field {}", what, key),
                     fmt::format("one of: {}", fmt::join(known, ", ")));
    }
    return {};
}

Result<> FieldReader::exclude_each_other(std::string_view a, std::string_view b) const {
    if (has(a) && has(b)) return wrong(b, fmt::format("{} and {} exclude each other", a, b));
    return {};
}

Result<std::optional<std::string>> FieldReader::text(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<std::string>();
    if (!value->is_string()) return wrong(key, fmt::format("{} is not a string", key));
    return std::optional(*value->string());
}

Result<std::string> FieldReader::required_text(std::string_view key) const {
    auto value = LAGOA_TRY(text(key));
    if (!value) return document_->fail_at(pointer_, fmt::format("{} is missing", key));
    return std::move(*value);
}

Result<std::optional<bool>> FieldReader::boolean(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<bool>();
    if (!value->is_bool()) return wrong(key, fmt::format("{} is not true or false", key));
    return std::optional(*value->boolean());
}

Result<std::optional<std::int64_t>> FieldReader::integer(std::string_view key, std::int64_t min,
                                                         std::int64_t max) const {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<std::int64_t>();
    const auto number = value->is_number() ? value->number()->to_int64() : std::nullopt;
    if (!number || *number < min || *number > max)
        return wrong(key, fmt::format("{} is not an integer from {} to {}", key, min, max));
    return number;
}

Result<std::optional<double>> FieldReader::number(std::string_view key, double min) const {
    const auto* value = find(key);
    if (value == nullptr) return std::optional<double>();
    if (!value->is_number() || value->number()->to_double() < min)
        return wrong(key, fmt::format("{} is not a number from {} on", key, min));
    return std::optional(value->number()->to_double());
}

Result<std::optional<JsonPath>> FieldReader::path(std::string_view key) const {
    const auto value = LAGOA_TRY(text(key));
    if (!value) return std::optional<JsonPath>();
    auto parsed = JsonPath::parse(*value);
    if (!parsed) return fail_at(*document_, pointer_to(key), parsed.error());
    return std::optional(std::move(*parsed));
}

Result<const json::Array*> FieldReader::required_array(std::string_view key) const {
    const auto* value = find(key);
    if (value == nullptr) return document_->fail_at(pointer_, fmt::format("{} is missing", key));
    const auto* array = value->array();
    if (array == nullptr || array->empty()) return wrong(key, fmt::format("{} is not an array with items", key));
    return array;
}

Result<std::vector<std::string>> FieldReader::required_texts(std::string_view key) const {
    const json::Array* array = LAGOA_TRY(required_array(key));
    std::vector<std::string> texts;
    for (const json::Value& item : *array) {
        if (!item.is_string()) return wrong(key, fmt::format("{} holds something that is not a string", key));
        texts.push_back(*item.string());
    }
    return texts;
}

}  // namespace lagoa::flow
