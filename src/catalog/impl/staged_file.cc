#include "catalog/impl/staged_file.h"

#include <algorithm>

#include "base/text.h"

namespace lagoa {
namespace {

// How many columns of the table have statistics: -1 is all of them.
int indexed_columns(const delta::Metadata& metadata) {
    const auto property = metadata.configuration.find("delta.dataSkippingNumIndexedCols");
    const auto number =
        property == metadata.configuration.end() ? std::nullopt : json::Number{property->second}.to_int64();
    return number ? static_cast<int>(std::clamp<std::int64_t>(*number, -1, 1 << 20)) : kIndexedColumns;
}

Result<> check_not_null(const StagedFile& file, const delta::Metadata& metadata,
                        const delta::PartitionValues& partitions) {
    for (const Field& field : metadata.schema.fields) {
        if (field.nullable) continue;
        const auto partition = partitions.find(field.name);
        const auto leaf = file.statistics.find(quote_identifier(field.name));
        const bool has_null = partition != partitions.end()
                                  ? !partition->second.has_value()
                                  : leaf != file.statistics.end() && leaf->second.nulls.value_or(0) > 0;
        if (has_null) return fail(ErrorCode::kDataRejected, "column {} may not be NULL", field.name);
    }
    return {};
}

}  // namespace

Result<delta::AddFile> to_add_file(const StagedFile& file, const delta::Metadata& metadata, const std::string& root) {
    if (!file.path.starts_with(root + "/")) return fail(ErrorCode::kInternal, "{} is not under {}", file.path, root);
    delta::AddFile add;
    add.path = delta::encode_path(std::string_view(file.path).substr(root.size() + 1));
    add.size_bytes = static_cast<std::int64_t>(file.size_bytes);
    for (const std::string& column : metadata.partition_columns) {
        const auto key = file.partition_keys.find(column);
        const Field* field = metadata.schema.find(column);
        if (key == file.partition_keys.end() || field == nullptr)
            return fail(ErrorCode::kInternal, "{} has no value of partition column {}", file.path, column);
        add.partition_values[column] = delta_partition_value(field->type, key->second);
    }
    LAGOA_TRY(check_not_null(file, metadata, add.partition_values));
    add.stats = delta_statistics(metadata.schema, metadata.partition_columns, file.rows, file.statistics,
                                 indexed_columns(metadata));
    return add;
}

bool may_partition(const Type& type) {
    using enum TypeKind;
    return type.kind != kBinary && type.kind != kVariant && type.kind != kVoid && type.kind != kList &&
           type.kind != kMap && type.kind != kStruct;
}

}  // namespace lagoa
