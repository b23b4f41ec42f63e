#include "catalog/impl/row_copy.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/text.h"
#include "delta/table_properties.h"

namespace lagoa {

std::vector<Field> row_tracking_columns(const delta::Metadata& metadata) {
    const auto id = delta::property_of(metadata, delta::kRowIdColumnProperty);
    const auto version = delta::property_of(metadata, delta::kRowCommitVersionColumnProperty);
    if (!delta::is_enabled(metadata, delta::kRowTrackingProperty) || !id || !version) return {};
    const Type bigint{.kind = TypeKind::kInt64, .children = {}};
    return {Field{.name = *id, .type = bigint, .metadata = {}},
            Field{.name = *version, .type = bigint, .metadata = {}}};
}

std::string copied_columns(const delta::Metadata& metadata, bool one_partition) {
    std::vector<std::string> columns;
    for (const Field& field : metadata.schema.fields) {
        const bool partitions =
            std::ranges::find(metadata.partition_columns, field.name) != metadata.partition_columns.end();
        if (!one_partition || !partitions) columns.push_back("t." + quote_identifier(field.name));
    }
    if (!row_tracking_columns(metadata).empty()) columns.emplace_back("t._row_id, t._row_commit_version");
    return fmt::format("{}", fmt::join(columns, ", "));
}

std::string folder_of(std::span<const delta::AddFile> files) {
    for (const delta::AddFile& file : files) {
        const std::string path = delta::decode_path(file.path);
        const bool is_relative = !path.starts_with('/') && path.find(":/") == std::string::npos;
        if (const auto slash = path.rfind('/'); is_relative && slash != std::string::npos) return path.substr(0, slash);
    }
    return "";
}

}  // namespace lagoa
