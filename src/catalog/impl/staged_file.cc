#include "catalog/impl/staged_file.h"

#include "base/log.h"
#include "delta/column_mapping.h"

namespace lagoa {
Result<delta::AddFile> to_add_file(const StagedFile& file, const StagingTarget& target) {
    if (!file.path.starts_with(target.url + "/"))
        return fail(ErrorCode::kInternal, "{} is not under {}", file.path, target.url);
    delta::AddFile add;
    add.path = delta::encode_path(std::string_view(file.path).substr(target.url.size() + 1));
    add.size_bytes = static_cast<std::int64_t>(file.size_bytes);
    for (const std::string& column : target.metadata.partition_columns) {
        const Field* field = target.metadata.schema.find(column);
        const std::string name = field == nullptr ? column : delta::physical_name(*field);
        const auto key = file.partition_keys.find(name);
        if (key == file.partition_keys.end() || field == nullptr)
            return fail(ErrorCode::kInternal, "{} has no value of partition column {}", file.path, column);
        auto value = delta_partition_value(field->type, key->second);
        // An empty text is NULL as a partition's value.
        if (!value && !field->nullable) return fail(ErrorCode::kDataRejected, "column {} may not be NULL", column);
        add.partition_values[name] = std::move(value);
    }
    add.stats = delta_statistics(target.metadata, file.rows, file.statistics, target.tight_bounds);
    return add;
}

void remove_files(const delta::TableLocation& location, const std::vector<delta::AddFile>& files) {
    for (const delta::AddFile& file : files) {
        const auto removed = location.store->remove(location.path + "/" + delta::decode_path(file.path));
        if (!removed)
            log::warn("catalog.orphan_left",
                      {{"table", location.path}, {"file", file.path}, {"error", removed.error().message}});
    }
}

bool may_partition(const Type& type) {
    using enum TypeKind;
    return type.kind != kBinary && type.kind != kVariant && type.kind != kVoid && type.kind != kList &&
           type.kind != kMap && type.kind != kStruct;
}

}  // namespace lagoa
