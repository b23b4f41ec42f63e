#include "catalog/duckdb/file_writer.h"

#include <algorithm>
#include <utility>

#include "duckdb/catalog/catalog_entry/copy_function_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/copy_info.hpp"
#include "duckdb/planner/operator/logical_copy_to_file.hpp"

#include "base/text.h"
#include "delta/column_mapping.h"
#include "delta/table_properties.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

constexpr const char* kFieldId = "__duckdb_field_id";

// Zstandard at its lightest: two thirds of Snappy's bytes for a little more time, half of what its usual level takes.
constexpr std::string_view kCodecProperty = "delta.parquet.compression.codec";
constexpr std::string_view kDefaultCodec = "zstd";
constexpr std::int64_t kZstdLevel = 1;
// Distinct values of a column in a row group beyond which no dictionary is tried: building those costs more time than
// they save bytes once these are compressed.
constexpr std::int64_t kDictionaryLimit = 8'192;

// ------------------------------------------------------------------ what files look like

// What FIELD_IDS of DuckDB's writer says of a field: its id, and those inside it. NULL if there is none.
duckdb::Value field_ids(const Field& field, bool is_named) {
    duckdb::child_list_t<duckdb::Value> parts;
    const bool is_struct = field.type.kind == TypeKind::kStruct;
    if (const auto id = delta::field_id(field); id && is_named)
        parts.emplace_back(kFieldId, duckdb::Value::INTEGER(static_cast<std::int32_t>(*id)));
    for (const Field& inner : field.type.children) {
        duckdb::Value ids = field_ids(inner, is_struct);
        if (!ids.IsNull()) parts.emplace_back(is_struct ? delta::physical_name(inner) : inner.name, std::move(ids));
    }
    return parts.empty() ? duckdb::Value() : duckdb::Value::STRUCT(std::move(parts));
}

// The columns of a target's rows as its files have them.
struct FileColumns {
    explicit FileColumns(const StagingTarget& target) {
        const delta::Metadata& metadata = target.metadata;
        const Schema physical = delta::to_physical(metadata.schema);
        duckdb::child_list_t<duckdb::Value> all_ids;
        for (std::size_t i = 0; i < physical.fields.size(); ++i) {
            const Field& field = metadata.schema.fields[i];
            const bool partitions_by_it =
                std::ranges::find(metadata.partition_columns, field.name) != metadata.partition_columns.end();
            if (partitions_by_it && target.partition) continue;
            add(physical.fields[i]);
            if (partitions_by_it) continue;
            duckdb::Value column_ids = field_ids(field, true);
            if (!column_ids.IsNull()) all_ids.emplace_back(names.back(), std::move(column_ids));
        }
        for (const Field& field : target.hidden) add(field);
        if (!target.partition)
            for (const std::string& name : delta::physical_partition_columns(metadata))
                partitions.push_back(static_cast<duckdb::idx_t>(std::ranges::find(names, name) - names.begin()));
        if (!all_ids.empty()) ids = duckdb::Value::STRUCT(std::move(all_ids));
    }

    duckdb::vector<duckdb::string> names;
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::idx_t> partitions;
    duckdb::Value ids;

private:
    void add(const Field& field) {
        names.push_back(field.name);
        types.push_back(to_duckdb(field.type));
    }
};

std::string codec_of(const delta::Metadata& metadata) {
    const auto property = delta::property_of(metadata, kCodecProperty);
    if (!property) return std::string(kDefaultCodec);
    const std::string codec = to_lower(*property);
    for (const char* known : {"zstd", "snappy", "gzip", "brotli", "uncompressed"})
        if (codec == known) return codec;
    if (codec == "lz4") return "lz4_raw";  // Parquet has two of that name, and this is the one it keeps
    raise({ErrorCode::kInvalidArgument, fmt::format("{} is {}", kCodecProperty, quote_json(*property)),
           "It is zstd, snappy, gzip, brotli, lz4 or uncompressed."});
}

}  // namespace

duckdb::PhysicalCopyToFile& plan_file_writer(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                             const StagingTarget& target, bool ordered, duckdb::idx_t estimated_rows) {
    auto& parquet = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::CopyFunctionCatalogEntry>(
        context, DEFAULT_SCHEMA, "parquet");
    const FileColumns columns(target);

    const bool has_folder = target.partition && !target.partition->folder.empty();
    const std::string folder = has_folder ? target.url + "/" + target.partition->folder : target.url;

    duckdb::CopyInfo info;
    info.file_path = folder;
    info.format = "parquet";
    info.is_from = false;
    const std::string codec = codec_of(target.metadata);
    info.options["compression"] = {duckdb::Value(codec)};
    if (codec == "zstd") info.options["compression_level"] = {duckdb::Value::BIGINT(kZstdLevel)};
    info.options["dictionary_size_limit"] = {duckdb::Value::BIGINT(kDictionaryLimit)};
    if (!columns.ids.IsNull()) info.options["field_ids"] = {columns.ids};
    duckdb::CopyFunctionBindInput input(info);
    // The types differ from those of `rows` in the names of members only: the vectors are the same.
    auto bound = parquet.function.copy_to_bind(
        context, input, duckdb::LogicalCopyToFile::GetNamesWithoutPartitions(columns.names, columns.partitions, false),
        duckdb::LogicalCopyToFile::GetTypesWithoutPartitions(columns.types, columns.partitions, false));
    constexpr auto kReturned = duckdb::CopyFunctionReturnType::WRITTEN_FILE_STATISTICS;
    auto& made = planner.Make<duckdb::PhysicalCopyToFile>(duckdb::GetCopyFunctionReturnLogicalTypes(kReturned),
                                                          parquet.function, std::move(bound), estimated_rows);
    auto& copy = made.Cast<duckdb::PhysicalCopyToFile>();
    copy.file_path = folder;
    copy.use_tmp_file = false;
    // A name of its own for each file: two partitions may share a folder (NULL and the text that hive has for it).
    copy.filename_pattern.SetFilenamePattern(fmt::format("part-{{i}}-{{uuid}}.c000.{}", codec));
    copy.file_extension = "parquet";
    copy.overwrite_mode = duckdb::CopyOverwriteMode::COPY_OVERWRITE_OR_IGNORE;  // names are new: nothing to look for
    copy.per_thread_output = false;
    copy.return_type = kReturned;
    copy.partition_output = !columns.partitions.empty();
    copy.partition_columns = columns.partitions;
    copy.write_partition_columns = false;
    copy.write_empty_file = false;
    copy.hive_file_pattern = true;
    copy.names = columns.names;
    copy.expected_types = columns.types;
    // A table has no order of its own; rows that were put in one keep it, for what it does to statistics.
    copy.parallel = target.loose_order || !ordered;
    copy.rotate = columns.partitions.empty();
    if (copy.rotate) copy.file_size_bytes = target.file_bytes;
    return copy;
}

}  // namespace lagoa
