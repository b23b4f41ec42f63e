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
    if (target.partition) add.partition_values = target.partition->values;
    for (const std::string& column :
         target.partition ? std::vector<std::string>{} : target.metadata.partition_columns) {
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
    std::vector<std::string> paths;
    for (const delta::AddFile& file : files) paths.push_back(delta::decode_path(file.path));
    remove_paths(location, paths);
}

void remove_paths(const delta::TableLocation& location, const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        const auto removed = location.store->remove(location.path + "/" + path);
        if (!removed)
            log::warn("catalog.orphan_left",
                      {{"table", location.path}, {"file", path}, {"error", removed.error().message}});
    }
}

delta::RemoveFile remove_of(const delta::AddFile& file) {
    return {.path = file.path,
            .data_change = true,
            .extended_file_metadata = true,
            .partition_values = file.partition_values,
            .size_bytes = file.size_bytes,
            .deletion_vector = file.deletion_vector,
            .base_row_id = file.base_row_id,
            .default_row_commit_version = file.default_row_commit_version};
}

bool may_partition(const Type& type) {
    using enum TypeKind;
    return type.kind != kBinary && type.kind != kVariant && type.kind != kVoid && type.kind != kList &&
           type.kind != kMap && type.kind != kStruct;
}

}  // namespace lagoa
