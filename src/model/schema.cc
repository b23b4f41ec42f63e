#include "model/schema.h"

#include <array>
#include <charconv>

#include "base/text.h"

namespace lagoa {
namespace {

struct SimpleName {
    std::string_view name;
    TypeKind kind;
};

// The first name of a kind is the one that to_sql prints.
constexpr std::array kSimple = {
    SimpleName{"boolean", TypeKind::kBoolean},
    SimpleName{"bool", TypeKind::kBoolean},
    SimpleName{"tinyint", TypeKind::kInt8},
    SimpleName{"smallint", TypeKind::kInt16},
    SimpleName{"integer", TypeKind::kInt32},
    SimpleName{"int", TypeKind::kInt32},
    SimpleName{"bigint", TypeKind::kInt64},
    SimpleName{"long", TypeKind::kInt64},
    SimpleName{"float", TypeKind::kFloat},
    SimpleName{"real", TypeKind::kFloat},
    SimpleName{"double", TypeKind::kDouble},
    SimpleName{"double precision", TypeKind::kDouble},
    SimpleName{"varchar", TypeKind::kString},
    SimpleName{"text", TypeKind::kString},
    SimpleName{"string", TypeKind::kString},
    SimpleName{"blob", TypeKind::kBinary},
    SimpleName{"bytea", TypeKind::kBinary},
    SimpleName{"binary", TypeKind::kBinary},
    SimpleName{"date", TypeKind::kDate},
    SimpleName{"timestamp with time zone", TypeKind::kTimestamp},
    SimpleName{"timestamptz", TypeKind::kTimestamp},
    SimpleName{"timestamp", TypeKind::kTimestampNtz},
    SimpleName{"timestamp without time zone", TypeKind::kTimestampNtz},
    SimpleName{"variant", TypeKind::kVariant},
    SimpleName{"\"null\"", TypeKind::kVoid},
};

bool same_name(std::string_view a, std::string_view b) {
    return to_lower(a) == to_lower(b);
}

std::unexpected<Error> unknown(std::string_view text) {
    return fail_with_hint(ErrorCode::kInvalidArgument,
                          "Write one of VARCHAR, BIGINT, DECIMAL(18,4), DOUBLE, BOOLEAN, DATE, TIMESTAMPTZ.",
                          "\"{}\" is not a type", text);
}

// The parts of `text` between commas that no parenthesis or quote encloses.
std::vector<std::string_view> split_members(std::string_view text) {
    std::vector<std::string_view> parts;
    int depth = 0;
    bool quoted = false;
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted) continue;
        if (text[i] == '(') ++depth;
        if (text[i] == ')') --depth;
        if (text[i] == ',' && depth == 0) parts.push_back(trim(text.substr(from, i - from))), from = i + 1;
    }
    parts.push_back(trim(text.substr(from)));
    return parts;
}

Result<Type> parse_decimal(std::string_view text, std::string_view arguments) {
    const auto parts = split_members(arguments);
    int precision = 0;
    int scale = 0;
    const auto number = [](std::string_view part, int& out) {
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
        return error == std::errc{} && end == part.data() + part.size();
    };
    if (parts.size() > 2 || !number(parts[0], precision) || (parts.size() == 2 && !number(parts[1], scale)))
        return unknown(text);
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return unknown(text);
    return Type::decimal(precision, scale);
}

Result<Type> parse_struct(std::string_view text, std::string_view arguments) {
    Type type{.kind = TypeKind::kStruct, .children = {}};
    for (const auto member : split_members(arguments)) {
        std::size_t end = 0;
        std::string name;
        if (!member.empty() && member[0] == '"') {
            for (end = 1; end < member.size(); ++end) {
                if (member[end] == '"' && (end + 1 >= member.size() || member[end + 1] != '"')) break;
                if (member[end] == '"') ++end;
                name += member[end];
            }
            if (end >= member.size()) return unknown(text);
            ++end;
        } else {
            end = std::min(member.find(' '), member.size());
            name = member.substr(0, end);
        }
        if (name.empty()) return unknown(text);
        Type child = LAGOA_TRY(parse_sql_type(member.substr(end)));
        type.children.push_back({.name = name, .type = std::move(child), .metadata = {}});
    }
    return type;
}

}  // namespace

bool Type::operator==(const Type& other) const {
    return kind == other.kind && precision == other.precision && scale == other.scale && children == other.children;
}

bool Field::operator==(const Field& other) const {
    return name == other.name && type == other.type && nullable == other.nullable &&
           json::Value(metadata) == json::Value(other.metadata);
}

const Field* Schema::find(std::string_view name) const {
    for (const auto& field : fields)
        if (same_name(field.name, name)) return &field;
    return nullptr;
}

bool Schema::operator==(const Schema& other) const {
    return fields == other.fields;
}

std::string to_sql(const Type& type) {
    switch (type.kind) {
        case TypeKind::kDecimal:
            return fmt::format("DECIMAL({},{})", type.precision, type.scale);
        case TypeKind::kList:
            return to_sql(type.children.at(0).type) + "[]";
        case TypeKind::kMap:
            return fmt::format("MAP({}, {})", to_sql(type.children.at(0).type), to_sql(type.children.at(1).type));
        case TypeKind::kStruct: {
            std::string out = "STRUCT(";
            for (const auto& child : type.children) {
                if (&child != &type.children.front()) out += ", ";
                out += quote_identifier(child.name) + " " + to_sql(child.type);
            }
            return out + ")";
        }
        default:
            break;
    }
    for (const auto& [name, kind] : kSimple) {
        if (kind != type.kind) continue;
        std::string upper(name);
        for (char& c : upper)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        return upper;
    }
    return "VARCHAR";
}

Result<Type> parse_sql_type(std::string_view raw) {
    const std::string_view text = trim(raw);
    if (text.ends_with("[]")) {
        Type element = LAGOA_TRY(parse_sql_type(text.substr(0, text.size() - 2)));
        return Type{.kind = TypeKind::kList,
                    .children = {{.name = "element", .type = std::move(element), .metadata = {}}}};
    }
    const auto open = text.find('(');
    if (open != std::string_view::npos && text.ends_with(")")) {
        const std::string head = to_lower(trim(text.substr(0, open)));
        const std::string_view arguments = text.substr(open + 1, text.size() - open - 2);
        if (head == "decimal" || head == "numeric") return parse_decimal(text, arguments);
        if (head == "struct") return parse_struct(text, arguments);
        if (head == "varchar" || head == "char") return Type{.kind = TypeKind::kString, .children = {}};
        if (head == "map") {
            const auto parts = split_members(arguments);
            if (parts.size() != 2) return unknown(text);
            Type key = LAGOA_TRY(parse_sql_type(parts[0]));
            Type value = LAGOA_TRY(parse_sql_type(parts[1]));
            return Type{.kind = TypeKind::kMap,
                        .children = {{.name = "key", .type = std::move(key), .nullable = false, .metadata = {}},
                                     {.name = "value", .type = std::move(value), .metadata = {}}}};
        }
        return unknown(text);
    }
    for (const auto& [name, kind] : kSimple)
        if (to_lower(text) == name) return Type{.kind = kind, .children = {}};
    return unknown(text);
}

}  // namespace lagoa
