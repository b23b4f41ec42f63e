#include "codec/document.h"

#include <yaml-cpp/yaml.h>

#include "base/text.h"

namespace lagoa {
namespace {

constexpr std::size_t kMaxDepth = 64;

bool is_json_number(std::string_view text) {
    const auto value = json::parse(text);
    return value && value->is_number();
}

// A plain scalar of YAML 1.2's JSON schema, leniently: `0.10` and `1_000` stay as written.
json::Value scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool plain = node.Tag() == "?" || node.Tag().empty();
    if (!plain) return text;
    if (text == "true" || text == "True") return true;
    if (text == "false" || text == "False") return false;
    if (text == "null" || text == "~" || text.empty()) return nullptr;
    if (is_json_number(text)) return json::Number{text};
    return text;
}

using Lines = std::map<std::string, int, std::less<>>;

Result<json::Value> convert(const YAML::Node& node, const std::string& pointer, std::size_t depth, Lines& lines) {
    if (depth > kMaxDepth) return fail(ErrorCode::kInvalidConfig, "nested more than {} levels deep", kMaxDepth);
    lines.emplace(pointer, node.Mark().line + 1);
    switch (node.Type()) {
        case YAML::NodeType::Sequence: {
            json::Array array;
            for (std::size_t i = 0; i < node.size(); ++i)
                array.push_back(LAGOA_TRY(convert(node[i], fmt::format("{}/{}", pointer, i), depth + 1, lines)));
            return json::Value(std::move(array));
        }
        case YAML::NodeType::Map: {
            json::Object object;
            for (const auto& entry : node) {
                if (!entry.first.IsScalar())
                    return fail(ErrorCode::kInvalidConfig, "line {}: a key is not a text", entry.first.Mark().line + 1);
                const std::string key = entry.first.Scalar();
                const std::string path = pointer + '/' + json::escape_pointer_token(key);
                if (object.contains(key))
                    return fail(ErrorCode::kInvalidConfig, "line {}: {} is written twice", entry.first.Mark().line + 1,
                                path);
                lines.emplace(path, entry.first.Mark().line + 1);
                object.set(key, LAGOA_TRY(convert(entry.second, path, depth + 1, lines)));
            }
            return json::Value(std::move(object));
        }
        case YAML::NodeType::Scalar:
            return scalar(node);
        default:
            return json::Value();
    }
}

}  // namespace

Result<Document> Document::parse(std::string name, std::string_view text) {
    if (!is_utf8(text)) return fail(ErrorCode::kInvalidConfig, "{}: the file is not UTF-8", name);
    Document document;
    document.name_ = std::move(name);
    try {
        const YAML::Node node = YAML::Load(std::string(text));
        document.root_ = LAGOA_TRY(convert(node, "", 0, document.lines_), "{}", document.name_);
    } catch (const YAML::Exception& error) {
        return fail(ErrorCode::kInvalidConfig, "{}:{}:{}: not YAML: {}", document.name_, error.mark.line + 1,
                    error.mark.column + 1, error.msg);
    }
    return document;
}

const json::Value* Document::at(std::string_view pointer) const {
    const json::Value* value = json::at_pointer(root_, pointer);
    return value != nullptr && value->is_null() ? nullptr : value;
}

Result<std::string> Document::text_at(std::string_view pointer) const {
    const json::Value* value = at(pointer);
    if (value == nullptr) return std::string();
    if (value->is_string()) return *value->string();
    if (value->is_number()) return value->number()->text;
    return fail_at(pointer, fmt::format("is a {}, not a text", value->kind()));
}

int Document::line_of(std::string_view pointer) const {
    for (std::string_view at = pointer;;) {
        const auto found = lines_.find(at);
        if (found != lines_.end()) return found->second;
        if (at.empty()) return 1;
        at = at.substr(0, at.rfind('/'));
    }
}

std::unexpected<Error> Document::fail_at(std::string_view pointer, std::string_view message, std::string hint) const {
    return fail_with_hint(ErrorCode::kInvalidConfig, std::move(hint), "{}:{}: {}: {}", name_, line_of(pointer),
                          pointer.empty() ? std::string_view("/") : pointer, message);
}

}  // namespace lagoa
