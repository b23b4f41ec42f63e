#include "catalog/duckdb/staged_file.h"

#include <charconv>

#include "base/clock.h"
#include "base/text.h"

namespace lagoa {
namespace {

// Calls `each(key, value)` for the entries of a MAP value.
template <class Each>
void for_each_entry(const duckdb::Value& map, Each&& each) {
    if (map.IsNull()) return;
    for (const duckdb::Value& entry : duckdb::MapValue::GetChildren(map)) {
        const auto& members = duckdb::StructValue::GetChildren(entry);
        each(members[0].GetValue<std::string>(), members[1]);
    }
}

LeafStatistics to_leaf(const duckdb::Value& map) {
    LeafStatistics leaf;
    for_each_entry(map, [&](const std::string& key, const duckdb::Value& value) {
        if (value.IsNull()) return;
        const auto text = value.GetValue<std::string>();
        if (key == "min") leaf.min = text;
        if (key == "max") leaf.max = text;
        if (key == "has_nan") leaf.has_nan = text == "true";
        std::uint64_t count = 0;
        if (key == "null_count" && std::from_chars(text.data(), text.data() + text.size(), count).ec == std::errc())
            leaf.nulls = count;
    });
    return leaf;
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

StagedFile read_staged_file(const duckdb::DataChunk& chunk, duckdb::idx_t row) {
    StagedFile file{.path = chunk.GetValue(0, row).GetValue<std::string>(),
                    .rows = chunk.GetValue(1, row).GetValue<std::uint64_t>(),
                    .size_bytes = chunk.GetValue(2, row).GetValue<std::uint64_t>()};
    for_each_entry(chunk.GetValue(4, row), [&](const std::string& column, const duckdb::Value& statistics) {
        file.statistics[column] = to_leaf(statistics);
    });
    for_each_entry(chunk.GetValue(5, row), [&](const std::string& column, const duckdb::Value& value) {
        file.partition_keys[column] = value.IsNull() ? std::nullopt : std::optional(value.GetValue<std::string>());
    });
    return file;
}

Result<delta::AddFile> to_add_file(const StagedFile& file, const delta::Metadata& metadata, const std::string& root) {
    if (!file.path.starts_with(root + "/")) return fail(ErrorCode::kInternal, "{} is not under {}", file.path, root);
    delta::AddFile add{.path = delta::encode_path(std::string_view(file.path).substr(root.size() + 1)),
                       .size_bytes = static_cast<std::int64_t>(file.size_bytes)};
    add.modified_ms = std::chrono::floor<std::chrono::milliseconds>(system_clock().now()).time_since_epoch().count();
    for (const std::string& column : metadata.partition_columns) {
        const auto key = file.partition_keys.find(column);
        const Field* field = metadata.schema.find(column);
        if (key == file.partition_keys.end() || field == nullptr)
            return fail(ErrorCode::kInternal, "{} has no value of partition column {}", file.path, column);
        add.partition_values[column] = delta_partition_value(field->type, key->second);
    }
    LAGOA_TRY(check_not_null(file, metadata, add.partition_values));
    const auto indexed = metadata.configuration.find("delta.dataSkippingNumIndexedCols");
    int columns = kIndexedColumns;
    if (indexed != metadata.configuration.end())
        std::from_chars(indexed->second.data(), indexed->second.data() + indexed->second.size(), columns);
    add.stats = delta_statistics(metadata.schema, metadata.partition_columns, file.rows, file.statistics, columns);
    return add;
}

}  // namespace lagoa
