#include "flow/impl/payload_template.h"

#include "flow/impl/field_reader.h"

namespace lagoa::flow {
namespace {

constexpr std::string_view kComputedSuffix = ".$";

}  // namespace

Result<PayloadTemplate> PayloadTemplate::parse(const Document& document, const std::string& pointer,
                                               const json::Value& value) {
    PayloadTemplate parsed;
    if (const auto* items = value.array()) {
        std::vector<PayloadTemplate> parts;
        for (std::size_t i = 0; i < items->size(); ++i)
            parts.push_back(LAGOA_TRY(parse(document, fmt::format("{}/{}", pointer, i), (*items)[i])));
        parsed.node_ = std::move(parts);
    } else if (const auto* object = value.object()) {
        std::vector<Member> members;
        for (const auto& [key, content] : *object) {
            const std::string place = pointer + "/" + json::escape_pointer_token(key);
            if (!key.ends_with(kComputedSuffix)) {
                auto part = LAGOA_TRY(parse(document, place, content));
                members.push_back({key, std::move(part)});
                continue;
            }
            const std::string* text = content.string();
            if (text == nullptr)
                return document.fail_at(place, "a field whose name ends in .$ holds a path or an intrinsic function",
                                        "write a string such as \"$.name\", or drop the .$ of the name");
            auto expression = Expression::parse(*text);
            if (!expression) return fail_at(document, place, expression.error());
            Member member = {key.substr(0, key.size() - kComputedSuffix.size()), {}};
            member.content.node_ = Computed{std::move(*expression), key};
            members.push_back(std::move(member));
        }
        parsed.node_ = std::move(members);
    } else {
        parsed.node_ = value;
    }
    return parsed;
}

Outcome<json::Value> PayloadTemplate::fill(const Evaluation& evaluation) const {
    if (const auto* constant = std::get_if<json::Value>(&node_)) return *constant;
    if (const auto* computed = std::get_if<Computed>(&node_))
        return computed->expression.evaluate(evaluation, computed->field);
    if (const auto* parts = std::get_if<std::vector<PayloadTemplate>>(&node_)) {
        json::Array items;
        for (const PayloadTemplate& part : *parts) items.push_back(LAGOA_TRY(part.fill(evaluation)));
        return json::Value(std::move(items));
    }
    json::Object object;
    for (const Member& member : std::get<std::vector<Member>>(node_))
        object.set(member.name, LAGOA_TRY(member.content.fill(evaluation)));
    return json::Value(std::move(object));
}

}  // namespace lagoa::flow
