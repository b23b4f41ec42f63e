#include "catalog/duckdb/written_files.h"

#include <charconv>

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

}  // namespace

StagedFile read_staged_file(const duckdb::DataChunk& chunk, duckdb::idx_t row) {
    StagedFile file{.path = chunk.GetValue(0, row).GetValue<std::string>(),
                    .rows = chunk.GetValue(1, row).GetValue<std::uint64_t>(),
                    .size_bytes = chunk.GetValue(2, row).GetValue<std::uint64_t>(),
                    .statistics = {},
                    .partition_keys = {}};
    for_each_entry(chunk.GetValue(4, row), [&](const std::string& column, const duckdb::Value& statistics) {
        file.statistics[column] = to_leaf(statistics);
    });
    for_each_entry(chunk.GetValue(5, row), [&](const std::string& column, const duckdb::Value& value) {
        file.partition_keys[column] = value.IsNull() ? std::nullopt : std::optional(value.GetValue<std::string>());
    });
    return file;
}

}  // namespace lagoa
