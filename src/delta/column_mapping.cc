#include "delta/column_mapping.h"

#include <algorithm>
#include <set>

#include "base/id.h"
#include "base/text.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kModeProperty = "delta.columnMapping.mode";
constexpr std::string_view kMaxIdProperty = "delta.columnMapping.maxColumnId";
constexpr std::string_view kId = "delta.columnMapping.id";
constexpr std::string_view kPhysicalName = "delta.columnMapping.physicalName";

// Calls `visit` for every named field, outer ones first. The parts of lists and maps have no names of their own.
template <class Fields, class Visit>
void each_field(Fields& fields, bool named, const Visit& visit) {
    for (auto& field : fields) {
        if (named) visit(field);
        each_field(field.type.children, field.type.kind == TypeKind::kStruct, visit);
    }
}

void rename_to_physical(std::vector<Field>& fields) {
    each_field(fields, true, [](Field& field) { field.name = physical_name(field); });
}

// Physical names are unique among the members of one struct, ids in the whole table.
Result<> check_unique_names(const std::vector<Field>& fields) {
    std::set<std::string> names;
    for (const Field& field : fields) {
        if (!names.insert(to_lower(physical_name(field))).second)
            return fail(ErrorCode::kCorruption, "two columns have the physical name {}", physical_name(field));
        for (const Field* inner = &field; inner != nullptr;) {
            if (inner->type.kind == TypeKind::kStruct) LAGOA_TRY(check_unique_names(inner->type.children));
            inner = inner->type.kind == TypeKind::kList ? &inner->type.children.at(0) : nullptr;
        }
    }
    return {};
}

}  // namespace

Result<ColumnMapping> column_mapping_of(const Metadata& metadata) {
    const auto property = metadata.configuration.find(std::string(kModeProperty));
    const std::string mode = property == metadata.configuration.end() ? "none" : to_lower(property->second);
    if (mode == "none") return ColumnMapping::kNone;
    if (mode == "name") return ColumnMapping::kName;
    if (mode == "id") return ColumnMapping::kId;
    return fail(ErrorCode::kInvalidArgument, "{} is {}; it is none, name or id", kModeProperty,
                quote_json(property->second));
}

std::string physical_name(const Field& field) {
    const json::Value* const name = field.metadata.find(kPhysicalName);
    return name != nullptr && name->is_string() ? *name->string() : field.name;
}

std::optional<std::int64_t> field_id(const Field& field) {
    const json::Value* const id = field.metadata.find(kId);
    return id != nullptr && id->number() ? id->number()->to_int64() : std::nullopt;
}

Schema to_physical(const Schema& schema) {
    Schema physical = schema;
    rename_to_physical(physical.fields);
    return physical;
}

std::vector<std::string> physical_partition_columns(const Metadata& metadata) {
    std::vector<std::string> names;
    for (const std::string& column : metadata.partition_columns) {
        const Field* const field = metadata.schema.find(column);
        names.push_back(field == nullptr ? column : physical_name(*field));
    }
    return names;
}

Result<> assign_column_mapping(Metadata& metadata, bool was_mapped, bool is_new_table) {
    if (LAGOA_TRY(column_mapping_of(metadata)) == ColumnMapping::kNone) return {};
    std::int64_t last = 0;
    if (const auto known = metadata.configuration.find(std::string(kMaxIdProperty));
        known != metadata.configuration.end())
        last = json::Number{known->second}.to_int64().value_or(0);
    std::set<std::int64_t> ids;
    bool repeated = false;
    each_field(metadata.schema.fields, true, [&](const Field& field) {
        const auto id = field_id(field);
        if (!id) return;
        repeated = repeated || !ids.insert(*id).second;
        last = std::max(last, *id);
    });
    if (repeated) return fail(ErrorCode::kCorruption, "two columns have the same {}", kId);
    each_field(metadata.schema.fields, true, [&](Field& field) {
        if (!field_id(field)) field.metadata.set(std::string(kId), ++last);
        if (field.metadata.find(kPhysicalName) == nullptr)
            field.metadata.set(std::string(kPhysicalName),
                               was_mapped || is_new_table ? "col-" + new_uuid() : field.name);
    });
    metadata.configuration[std::string(kMaxIdProperty)] = std::to_string(last);
    return check_unique_names(metadata.schema.fields);
}

Result<> continue_column_mapping(Metadata& metadata, const Metadata& before) {
    const ColumnMapping was = LAGOA_TRY(column_mapping_of(before));
    if (was == ColumnMapping::kNone) return {};
    const auto last_id = [](const Metadata& of) {
        const auto known = of.configuration.find(std::string(kMaxIdProperty));
        return known == of.configuration.end() ? 0 : json::Number{known->second}.to_int64().value_or(0);
    };
    const bool was_unmapped = LAGOA_TRY(column_mapping_of(metadata)) == ColumnMapping::kNone;
    if (was_unmapped && was == ColumnMapping::kId)
        return fail(ErrorCode::kUnsupported, "the table is mapped by column ids, which files without a mapping lack");
    metadata.configuration[std::string(kMaxIdProperty)] = std::to_string(std::max(last_id(metadata), last_id(before)));
    if (!was_unmapped) return {};
    metadata.configuration[std::string(kModeProperty)] = "name";
    return assign_column_mapping(metadata, /*was_mapped=*/false, /*is_new_table=*/false);
}

}  // namespace lagoa::delta
