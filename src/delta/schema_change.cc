#include "delta/schema_change.h"

#include <algorithm>
#include <array>

#include <fmt/ranges.h>

#include "base/text.h"
#include "delta/column_mapping.h"
#include "delta/column_rules.h"
#include "delta/table_properties.h"
#include "model/schema_delta.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kTypeChanges = "delta.typeChanges";
constexpr std::string_view kComment = "comment";
constexpr std::string_view kStatsColumns = "delta.dataSkippingStatsColumns";
// What Parquet files of tables without column mapping cannot have in a name.
constexpr std::string_view kNotInNames = " ,;{}()\n\t=";

std::string print(FieldPath path) {
    return fmt::format("{}", fmt::join(path, "."));
}

bool same_name(std::string_view a, std::string_view b) {
    return to_lower(a) == to_lower(b);
}

// ------------------------------------------------------------------ finding

// A field, and where it is.
struct Place {
    std::vector<Field>* siblings = nullptr;  // the members of its struct, or the parts of its list or map
    std::size_t index = 0;
    bool is_member = true;            // of a struct (or the table): it has a name and metadata of its own
    Field* owner = nullptr;           // itself if it is a member, else the member whose list or map it is part of
    std::vector<std::string> inside;  // from the owner to it: `element`, `key`, `value`

    Field& field() const { return (*siblings)[index]; }
};

Result<Place> find_place(Metadata& metadata, FieldPath path) {
    if (path.empty()) return fail(ErrorCode::kInvalidArgument, "a column has no name");
    Place place{.siblings = &metadata.schema.fields, .index = 0, .is_member = true, .owner = nullptr, .inside = {}};
    for (std::size_t depth = 0; depth < path.size(); ++depth) {
        if (depth > 0) {
            Type& type = place.field().type;
            if (type.children.empty())
                return fail(ErrorCode::kNotFound, "{} is not there: {} has no members", print(path),
                            print(path.first(depth)));
            place.siblings = &type.children;
            place.is_member = type.kind == TypeKind::kStruct;
        }
        const auto at = std::ranges::find_if(*place.siblings,
                                             [&](const Field& field) { return same_name(field.name, path[depth]); });
        if (at == place.siblings->end()) return fail(ErrorCode::kNotFound, "there is no column {}", print(path));
        place.index = static_cast<std::size_t>(at - place.siblings->begin());
        if (place.is_member) {
            place.owner = &*at;
            place.inside.clear();
        } else {
            place.inside.push_back(at->name);
        }
    }
    return place;
}

Result<std::vector<Field>*> find_members(Metadata& metadata, FieldPath parent) {
    if (parent.empty()) return &metadata.schema.fields;
    const Place place = LAGOA_TRY(find_place(metadata, parent));
    if (place.field().type.kind != TypeKind::kStruct)
        return fail(ErrorCode::kInvalidArgument, "{} is not a struct", print(parent));
    return &place.field().type.children;
}

// ------------------------------------------------------------------ what depends on a column

// Whether an SQL expression names `column`, quoted or not. A text in it that looks like the name counts too: a change
// that is refused in vain does less harm than one that breaks every later write.
bool mentions(std::string_view expression, std::string_view column) {
    const std::string text = to_lower(expression);
    const std::string name = to_lower(column);
    const auto is_part_of_name = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
    };
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
        const bool starts = at == 0 || !is_part_of_name(text[at - 1]);
        const auto end = at + name.size();
        if (starts && (end == text.size() || !is_part_of_name(text[end]))) return true;
    }
    return false;
}

// The name of what would break if `column` went or changed: a generated column or a constraint.
std::optional<std::string> dependent_on(const Metadata& metadata, const std::vector<Field>& fields,
                                        std::string_view column) {
    for (const Field& field : fields) {
        const json::Value* const expression = field.metadata.find(kGenerationExpression);
        if (expression != nullptr && expression->is_string() && mentions(*expression->string(), column))
            return "the generated column " + field.name;
        const json::Value* const invariant = field.metadata.find(kInvariants);
        if (invariant != nullptr && invariant->is_string() && mentions(*invariant->string(), column))
            return "the invariant of " + field.name;
        if (auto inner = dependent_on(metadata, field.type.children, column)) return inner;
    }
    for (const auto& [name, value] : metadata.configuration)
        if (name.starts_with(kConstraintProperty) && mentions(value, column))
            return "the constraint " + name.substr(kConstraintProperty.size());
    return std::nullopt;
}

Result<> check_unused(const Metadata& metadata, FieldPath column) {
    if (const auto user = dependent_on(metadata, metadata.schema.fields, column.front()))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Drop what uses the column first.", "{} is used by {}",
                              print(column), *user);
    return {};
}

Result<> check_mapped(const Metadata& metadata, std::string_view doing) {
    if (LAGOA_TRY(column_mapping_of(metadata)) != ColumnMapping::kNone) return {};
    return fail_with_hint(ErrorCode::kUnsupported, "Set the property delta.columnMapping.mode to name first.",
                          "{} a column needs column mapping, which the table does not have", doing);
}

Result<> check_name(const Metadata& metadata, std::string_view name) {
    if (name.empty()) return fail(ErrorCode::kInvalidArgument, "a column has no name");
    if (LAGOA_TRY(column_mapping_of(metadata)) != ColumnMapping::kNone) return {};
    if (name.find_first_of(kNotInNames) == std::string_view::npos) return {};
    return fail_with_hint(ErrorCode::kInvalidArgument, "Set the property delta.columnMapping.mode to name first.",
                          "{} cannot be the name of a column of a table without column mapping", quote_json(name));
}

// ------------------------------------------------------------------ the columns that statistics are kept of

// The property is a list of paths, each name in backticks or not. Its entries that are `column` or inside it are
// renamed, or go if `new_name` is empty.
void change_stats_columns(Metadata& metadata, FieldPath column, std::optional<std::string_view> new_name) {
    const auto property = metadata.configuration.find(std::string(kStatsColumns));
    if (property == metadata.configuration.end()) return;
    std::vector<std::vector<std::string>> entries(1);
    std::string name;
    bool is_quoted = false;
    for (const char c : property->second + ",") {
        if (c == '`') is_quoted = !is_quoted;
        if (is_quoted || (c != '.' && c != ',')) {
            if (c != '`') name += c;
            continue;
        }
        entries.back().emplace_back(is_quoted ? std::string_view(name) : trim(name));
        name.clear();
        if (c == ',') entries.emplace_back();
    }
    entries.pop_back();

    std::vector<std::string> kept;
    for (auto& entry : entries) {
        const bool is_inside = entry.size() >= column.size() &&
                               std::ranges::equal(column, std::span(entry).first(column.size()), same_name);
        if (is_inside && !new_name) continue;
        if (is_inside) entry[column.size() - 1] = *new_name;
        for (auto& part : entry)
            if (part.find_first_of(" .,") != std::string::npos) part = "`" + part + "`";
        kept.push_back(fmt::format("{}", fmt::join(entry, ".")));
    }
    property->second = fmt::format("{}", fmt::join(kept, ","));
}

// ------------------------------------------------------------------ parts of the changes

// A new field brings no ids and names of another table's files.
void forget_mapping(Field& field) {
    field.metadata.erase("delta.columnMapping.id");
    field.metadata.erase("delta.columnMapping.physicalName");
    field.metadata.erase("delta.columnMapping.nested.ids");
    for (Field& child : field.type.children) forget_mapping(child);
}

json::Value type_name(const Type& type) {
    const json::Value schema = to_delta(Schema{.fields = {Field{.name = "x", .type = type, .metadata = {}}}});
    return *schema.find("fields")->array()->front().find("type");
}

int digits_of(TypeKind integer) {
    return integer == TypeKind::kInt64 ? 20 : 10;
}

bool is_small_integer(TypeKind kind) {
    return kind == TypeKind::kInt8 || kind == TypeKind::kInt16 || kind == TypeKind::kInt32;
}

}  // namespace

Result<Metadata> add_column(Metadata metadata, FieldPath parent, Field field, std::optional<std::string> after) {
    LAGOA_TRY(check_name(metadata, field.name), "adding a column");
    std::vector<Field>* const members = LAGOA_TRY(find_members(metadata, parent), "adding column {}", field.name);
    const auto find = [&](std::string_view name) {
        return std::ranges::find_if(*members, [&](const Field& member) { return same_name(member.name, name); });
    };
    if (find(field.name) != members->end())
        return fail(ErrorCode::kAlreadyExists, "adding column {}: it is there", field.name);
    if (!field.nullable)
        return fail_with_hint(ErrorCode::kInvalidArgument, "Add it without NOT NULL.",
                              "adding column {}: the rows that stand have no value for it", field.name);
    forget_mapping(field);
    auto at = members->end();
    if (after && after->empty()) {
        at = members->begin();
    } else if (after) {
        at = find(*after);
        if (at == members->end())
            return fail(ErrorCode::kNotFound, "adding column {} after {}, which is not there", field.name, *after);
        ++at;
    }
    members->insert(at, std::move(field));
    return metadata;
}

Result<Metadata> rename_column(Metadata metadata, FieldPath column, std::string new_name) {
    LAGOA_TRY(check_mapped(metadata, "renaming"));
    LAGOA_TRY(check_name(metadata, new_name), "renaming column {}", print(column));
    const Place place = LAGOA_TRY(find_place(metadata, column), "renaming column {}", print(column));
    if (!place.is_member)
        return fail(ErrorCode::kInvalidArgument, "renaming {}: a part of a list or map has no name", print(column));
    for (std::size_t i = 0; i < place.siblings->size(); ++i)
        if (i != place.index && same_name((*place.siblings)[i].name, new_name))
            return fail(ErrorCode::kAlreadyExists, "renaming column {} to {}, which is there", print(column), new_name);
    LAGOA_TRY(check_unused(metadata, column), "renaming column {}", print(column));
    change_stats_columns(metadata, column, new_name);
    if (column.size() == 1)
        for (std::string& partition : metadata.partition_columns)
            if (same_name(partition, column.front())) partition = new_name;
    place.field().name = std::move(new_name);
    return metadata;
}

Result<Metadata> drop_column(Metadata metadata, FieldPath column) {
    LAGOA_TRY(check_mapped(metadata, "dropping"));
    const Place place = LAGOA_TRY(find_place(metadata, column), "dropping column {}", print(column));
    if (!place.is_member)
        return fail(ErrorCode::kInvalidArgument, "dropping {}: a list or map cannot be without it", print(column));
    if (place.siblings->size() == 1)
        return fail(ErrorCode::kInvalidArgument, "dropping column {}: it is the last one", print(column));
    if (column.size() == 1 && std::ranges::any_of(metadata.partition_columns, [&](const std::string& partition) {
            return same_name(partition, column.front());
        }))
        return fail(ErrorCode::kInvalidArgument, "dropping column {}: the table is partitioned by it", print(column));
    place.siblings->erase(place.siblings->begin() + static_cast<std::ptrdiff_t>(place.index));
    LAGOA_TRY(check_unused(metadata, column), "dropping column {}", print(column));  // its own expression is gone
    change_stats_columns(metadata, column, std::nullopt);
    return metadata;
}

bool can_widen(const Type& from, const Type& to) {
    constexpr std::array kIntegers = {TypeKind::kInt8, TypeKind::kInt16, TypeKind::kInt32, TypeKind::kInt64};
    const auto* const narrow = std::ranges::find(kIntegers, from.kind);
    const auto* const wide = std::ranges::find(kIntegers, to.kind);
    if (from.kind == TypeKind::kDecimal && to.kind == TypeKind::kDecimal)
        return from != to && to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale;
    if (narrow != kIntegers.end()) {
        if (wide != kIntegers.end()) return narrow < wide;
        if (to.kind == TypeKind::kDecimal) return to.precision - to.scale >= digits_of(from.kind);
        return to.kind == TypeKind::kDouble && is_small_integer(from.kind);
    }
    return (from.kind == TypeKind::kFloat && to.kind == TypeKind::kDouble) ||
           (from.kind == TypeKind::kDate && to.kind == TypeKind::kTimestampNtz);
}

Result<Metadata> widen_column(Metadata metadata, FieldPath column, const Type& type) {
    const Place place = LAGOA_TRY(find_place(metadata, column), "changing the type of {}", print(column));
    Type& current = place.field().type;
    if (current == type) return metadata;
    if (!is_enabled(metadata, "delta.enableTypeWidening"))
        return fail_with_hint(ErrorCode::kUnsupported, "Set the property delta.enableTypeWidening to true first.",
                              "changing the type of {}: the table does not have type widening", print(column));
    if (!can_widen(current, type))
        return fail(ErrorCode::kInvalidArgument, "changing the type of {} from {} to {}: not every value would fit",
                    print(column), to_sql(current), to_sql(type));
    LAGOA_TRY(check_unused(metadata, column), "changing the type of {}", print(column));

    json::Object change = json::make_object({{"fromType", type_name(current)}, {"toType", type_name(type)}});
    if (!place.inside.empty()) change.set("fieldPath", print(place.inside));
    json::Object& own = place.owner->metadata;
    const json::Value* const before = own.find(kTypeChanges);
    json::Array changes = before != nullptr && before->is_array() ? *before->array() : json::Array();
    changes.emplace_back(std::move(change));
    own.set(kTypeChanges, std::move(changes));
    current = type;
    return metadata;
}

Result<Metadata> drop_not_null(Metadata metadata, FieldPath column) {
    const Place place = LAGOA_TRY(find_place(metadata, column), "dropping NOT NULL of {}", print(column));
    if (!place.is_member && place.inside.back() == "key")
        return fail(ErrorCode::kInvalidArgument, "dropping NOT NULL of {}: a map's keys are never NULL", print(column));
    place.field().nullable = true;
    return metadata;
}

Result<Metadata> set_not_null(Metadata metadata, FieldPath column) {
    const Place place = LAGOA_TRY(find_place(metadata, column), "forbidding NULL in {}", print(column));
    place.field().nullable = false;
    return metadata;
}

Result<Metadata> comment_column(Metadata metadata, FieldPath column, std::string comment) {
    const Place place = LAGOA_TRY(find_place(metadata, column), "describing {}", print(column));
    if (!place.is_member)
        return fail(ErrorCode::kInvalidArgument, "describing {}: a part of a list or map has no description",
                    print(column));
    if (comment.empty())
        place.field().metadata.erase(kComment);
    else
        place.field().metadata.set(kComment, std::move(comment));
    return metadata;
}

}  // namespace lagoa::delta
