#include "model/schema_delta.h"

#include <array>
#include <charconv>
#include <set>

#include "base/text.h"

namespace lagoa {
namespace {

struct PrimitiveName {
    std::string_view name;
    TypeKind kind;
};

// The first name of a kind is the one that is written.
constexpr std::array kPrimitives = {
    PrimitiveName{"boolean", TypeKind::kBoolean},     PrimitiveName{"byte", TypeKind::kInt8},
    PrimitiveName{"short", TypeKind::kInt16},         PrimitiveName{"integer", TypeKind::kInt32},
    PrimitiveName{"long", TypeKind::kInt64},          PrimitiveName{"float", TypeKind::kFloat},
    PrimitiveName{"double", TypeKind::kDouble},       PrimitiveName{"string", TypeKind::kString},
    PrimitiveName{"binary", TypeKind::kBinary},       PrimitiveName{"date", TypeKind::kDate},
    PrimitiveName{"timestamp", TypeKind::kTimestamp}, PrimitiveName{"timestamp_ntz", TypeKind::kTimestampNtz},
    PrimitiveName{"variant", TypeKind::kVariant},     PrimitiveName{"void", TypeKind::kVoid},
    PrimitiveName{"null", TypeKind::kVoid},
};

json::Value fields_to_delta(const std::vector<Field>& fields);

json::Value type_to_delta(const Type& type) {
    switch (type.kind) {
        case TypeKind::kDecimal:
            return fmt::format("decimal({},{})", type.precision, type.scale);
        case TypeKind::kList: {
            const Field& element = type.children.at(0);
            return json::make_object(
                {{"type", "array"}, {"elementType", type_to_delta(element.type)}, {"containsNull", element.nullable}});
        }
        case TypeKind::kMap: {
            const Field& value = type.children.at(1);
            return json::make_object({{"type", "map"},
                                      {"keyType", type_to_delta(type.children.at(0).type)},
                                      {"valueType", type_to_delta(value.type)},
                                      {"valueContainsNull", value.nullable}});
        }
        case TypeKind::kStruct:
            return fields_to_delta(type.children);
        default:
            break;
    }
    for (const auto& [name, kind] : kPrimitives)
        if (kind == type.kind) return name;
    return "string";
}

json::Value fields_to_delta(const std::vector<Field>& fields) {
    json::Array members;
    for (const auto& field : fields)
        members.push_back(json::make_object({{"name", field.name},
                                             {"type", type_to_delta(field.type)},
                                             {"nullable", field.nullable},
                                             {"metadata", field.metadata}}));
    return json::make_object({{"type", "struct"}, {"fields", std::move(members)}});
}

Result<std::vector<Field>> fields_from_delta(const json::Value& value);
Result<Type> type_from_delta(const json::Value& value);

Result<Type> decimal_from_delta(std::string_view text) {
    if (text == "decimal") return Type::decimal(10, 0);
    int precision = 0;
    int scale = 0;
    const char* const end = text.data() + text.size();
    const auto [comma, first] = std::from_chars(text.data() + std::string_view("decimal(").size(), end, precision);
    if (first != std::errc{} || comma == end || *comma != ',')
        return fail(ErrorCode::kCorruption, "type {} is malformed", quote_json(text));
    const std::string_view rest = trim(std::string_view(comma + 1, end));
    const auto [close, second] = std::from_chars(rest.data(), end, scale);
    if (second != std::errc{} || std::string_view(close, end) != ")")
        return fail(ErrorCode::kCorruption, "type {} is malformed", quote_json(text));
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return fail(ErrorCode::kUnsupported, "type {}: the precision is at most 38 and the scale at most that", text);
    return Type::decimal(precision, scale);
}

Result<Type> primitive_from_delta(std::string_view text) {
    for (const auto& [name, kind] : kPrimitives)
        if (text == name) return Type{.kind = kind, .children = {}};
    if (text == "decimal" || text.starts_with("decimal(")) return decimal_from_delta(text);
    return fail(ErrorCode::kUnsupported, "type {} is unknown to this version", quote_json(text));
}

// The member `type_key` of a container and whether its values may be null.
Result<Field> inner_from_delta(const json::Value& value, std::string_view name, std::string_view type_key,
                               std::string_view null_key) {
    const json::Value* const type = value.find(type_key);
    if (type == nullptr) return fail(ErrorCode::kCorruption, "a nested type has no {}", type_key);
    Type inner = LAGOA_TRY(type_from_delta(*type));
    return Field{.name = std::string(name),
                 .type = std::move(inner),
                 .nullable = null_key.empty() ? false : value.bool_at(null_key).value_or(true),
                 .metadata = {}};
}

Result<Type> type_from_delta(const json::Value& value) {
    if (const auto* text = value.string()) return primitive_from_delta(*text);
    const std::string kind = value.string_at("type").value_or("");
    Type type;
    if (kind == "struct") {
        type.kind = TypeKind::kStruct;
        type.children = LAGOA_TRY(fields_from_delta(value));
    } else if (kind == "array") {
        type.kind = TypeKind::kList;
        type.children.push_back(LAGOA_TRY(inner_from_delta(value, "element", "elementType", "containsNull")));
    } else if (kind == "map") {
        type.kind = TypeKind::kMap;
        type.children.push_back(LAGOA_TRY(inner_from_delta(value, "key", "keyType", "")));
        type.children.push_back(LAGOA_TRY(inner_from_delta(value, "value", "valueType", "valueContainsNull")));
    } else if (kind.empty()) {
        return fail(ErrorCode::kCorruption, "a type is neither a name nor a nested type but {}",
                    json::dump(value).substr(0, 60));
    } else {
        return fail(ErrorCode::kUnsupported, "type {} is unknown to this version", quote_json(kind));
    }
    return type;
}

Result<Field> field_from_delta(const json::Value& value) {
    const auto name = value.string_at("name");
    if (!name) return fail(ErrorCode::kCorruption, "a field has no name");
    const json::Value* const type = value.find("type");
    if (type == nullptr) return fail(ErrorCode::kCorruption, "field {} has no type", *name);
    Type own = LAGOA_TRY(type_from_delta(*type), "field {}", *name);
    Field field{
        .name = *name, .type = std::move(own), .nullable = value.bool_at("nullable").value_or(true), .metadata = {}};
    if (const json::Value* const metadata = value.find("metadata"); metadata != nullptr && metadata->is_object())
        field.metadata = *metadata->object();
    return field;
}

Result<std::vector<Field>> fields_from_delta(const json::Value& value) {
    const json::Value* const members = value.find("fields");
    if (members == nullptr || !members->is_array()) return fail(ErrorCode::kCorruption, "a struct has no fields");
    std::vector<Field> fields;
    std::set<std::string> names;
    for (const auto& member : *members->array()) {
        fields.push_back(LAGOA_TRY(field_from_delta(member)));
        // Names differ in more than case, or no query could tell the columns apart.
        if (!names.insert(to_lower(fields.back().name)).second)
            return fail(ErrorCode::kCorruption, "field {} is there twice", fields.back().name);
    }
    return fields;
}

}  // namespace

json::Value to_delta(const Schema& schema) {
    return fields_to_delta(schema.fields);
}

Result<Schema> schema_from_delta(const json::Value& value) {
    if (value.string_at("type") != "struct") return fail(ErrorCode::kCorruption, "a table's schema is not a struct");
    return Schema{.fields = LAGOA_TRY(fields_from_delta(value))};
}

}  // namespace lagoa
