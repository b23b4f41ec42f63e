// `${NAME}` and `${NAME:-default}` in project files.
#include <optional>

#include "model/project.h"

namespace lagoa {
namespace {

bool is_variable(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
           std::string_view::npos;
}

Result<std::string> expand(std::string_view text, const Environment& environment,
                           std::map<std::string, std::string>* used) {
    std::string out;
    for (std::size_t at = 0;;) {
        const auto open = text.find("${", at);
        if (open == std::string_view::npos) return out.append(text.substr(at));
        if (open > 0 && text[open - 1] == '$') {  // `$${` stands for `${`
            out.append(text.substr(at, open - 1 - at)).append("${");
            at = open + 2;
            continue;
        }
        const auto close = text.find('}', open);
        if (close == std::string_view::npos)
            return fail(ErrorCode::kInvalidConfig, "\"{}\" has no closing brace", text);
        const std::string_view body = text.substr(open + 2, close - open - 2);
        const auto split = body.find(":-");
        const std::string name(body.substr(0, split));
        if (!is_variable(name))
            return fail(ErrorCode::kInvalidConfig, "\"${{{}}}\" is not ${{NAME}} or ${{NAME:-default}}", body);
        std::optional<std::string> value = environment(name);
        if (value && used != nullptr) used->insert_or_assign(name, *value);
        if ((!value || value->empty()) && split != std::string_view::npos) value = body.substr(split + 2);
        if (!value)
            return fail_with_hint(ErrorCode::kInvalidConfig, fmt::format("Set {} in the environment.", name),
                                  "the environment variable {} is not set", name);
        out.append(text.substr(at, open - at)).append(*value);
        at = close + 1;
    }
}

}  // namespace

Result<json::Value> expand_environment(const json::Value& value, const Environment& environment,
                                       std::map<std::string, std::string>* used) {
    if (const auto* text = value.string()) return json::Value(LAGOA_TRY(expand(*text, environment, used)));
    if (const auto* array = value.array()) {
        json::Array out;
        for (const auto& item : *array) out.push_back(LAGOA_TRY(expand_environment(item, environment, used)));
        return json::Value(std::move(out));
    }
    if (const auto* object = value.object()) {
        json::Object out;
        for (const auto& [key, member] : *object)
            out.set(key, LAGOA_TRY(expand_environment(member, environment, used)));
        return json::Value(std::move(out));
    }
    return value;
}

}  // namespace lagoa
