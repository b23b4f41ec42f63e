#include "ingest/impl/declaration.h"

#include "base/check.h"
#include "model/declared_fields.h"

namespace lagoa::ingest {
namespace {

const json::Value kNothing = json::Object();

std::optional<std::string> scalar_text(const json::Value& value) {
    if (const auto* text = value.string()) return *text;
    if (const auto* number = value.number()) return number->text;
    if (const auto* boolean = value.boolean()) return *boolean ? "true" : "false";
    return std::nullopt;
}

}  // namespace

std::string Declaration::pointer_to(std::string_view field) const {
    return field.empty() ? pointer_ : pointer_ + '/' + json::escape_pointer_token(field);
}

std::unexpected<Error> Declaration::fail_at(std::string_view field, std::string_view message, std::string hint) const {
    return document_->fail_at(pointer_to(field), message, std::move(hint));
}

Result<> Declaration::only(std::initializer_list<std::string_view> known) const {
    return check_fields(*document_, pointer_, {known.begin(), known.size()});
}

Result<std::string> Declaration::text(std::string_view field) const {
    const json::Value* value = find(field);
    if (value == nullptr) return fail_at("", fmt::format("the field `{}` is missing", field));
    auto text = scalar_text(*value);
    if (!text) return fail_at(field, fmt::format("is a {}, not a text", value->kind()));
    return *std::move(text);
}

Result<std::string> Declaration::text_or(std::string_view field, std::string_view otherwise) const {
    if (!has(field)) return std::string(otherwise);
    return text(field);
}

Result<std::int64_t> Declaration::integer_or(std::string_view field, std::int64_t otherwise, std::int64_t least,
                                             std::int64_t most) const {
    const json::Value* value = find(field);
    if (value == nullptr) return otherwise;
    if (value->is_string() && is_open(*value->string())) return otherwise;
    // A number that came out of the environment is a text.
    const auto text = scalar_text(*value);
    const auto number = text ? json::Number{*text}.to_int64() : std::nullopt;
    if (!number || *number < least || *number > most)
        return fail_at(field, fmt::format("{} is not a whole number from {} to {}", json::dump(*value), least, most));
    return *number;
}

Result<std::vector<std::string>> Declaration::texts(std::string_view field) const {
    std::vector<std::string> out;
    const json::Value* value = find(field);
    if (value == nullptr) return out;
    if (!value->is_array()) return fail_at(field, fmt::format("is a {}, not a list", value->kind()));
    for (const json::Value& element : *value->array()) {
        auto text = scalar_text(element);
        if (!text) return document_->fail_at(fmt::format("{}/{}", pointer_to(field), out.size()), "is not a text");
        out.push_back(*std::move(text));
    }
    return out;
}

Result<std::vector<std::pair<std::string, std::string>>> Declaration::text_map(std::string_view field) const {
    std::vector<std::pair<std::string, std::string>> out;
    const json::Value* value = find(field);
    if (value == nullptr) return out;
    if (!value->is_object()) return fail_at(field, fmt::format("is a {}, not a mapping", value->kind()));
    for (const auto& [name, element] : *value->object()) {
        auto text = scalar_text(element);
        if (!text) {
            return document_->fail_at(pointer_to(field) + '/' + json::escape_pointer_token(name),
                                      fmt::format("is a {}, not a text", element.kind()));
        }
        out.emplace_back(name, *std::move(text));
    }
    return out;
}

Result<Declaration> Declaration::section(std::string_view field) const {
    const json::Value* value = find(field);
    if (value == nullptr) return Declaration(*document_, pointer_to(field), kNothing);
    if (!value->is_object()) return fail_at(field, fmt::format("is a {}, not a mapping", value->kind()));
    return Declaration(*document_, pointer_to(field), *value);
}

std::string variable_at(const Document& document, std::string_view pointer) {
    const json::Value* value = json::at_pointer(document.root(), pointer);
    if (value == nullptr || !value->is_string()) return {};
    const std::string& text = *value->string();
    const auto open = text.find("${");
    if (open == std::string::npos) return {};
    const auto end = text.find_first_of(":}", open);
    return end == std::string::npos ? std::string() : text.substr(open + 2, end - open - 2);
}

Result<json::Value> expand(const Source& source, const Environment& environment) {
    return LAGOA_TRY(expand_environment(source.document.root(), environment), "{}", source.document.name());
}

Declaration stream_of(const Source& source, const Stream& stream, const json::Value& root) {
    const json::Value* value = json::at_pointer(root, stream.pointer);
    LAGOA_CHECK(value != nullptr, "a stream's pointer leads nowhere in its own source");
    return {source.document, stream.pointer, *value};
}

}  // namespace lagoa::ingest
