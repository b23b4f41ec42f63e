#include "catalog/duckdb/delta_changes.h"

#include <algorithm>

#include "duckdb.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/table_at_path.h"
#include "catalog/duckdb/time_travel.h"
#include "delta/changes.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kChangeType = "_change_type";
constexpr const char* kCommitVersion = "_commit_version";
constexpr const char* kCommitTimestamp = "_commit_timestamp";

Result<> add_column(delta::Metadata& metadata, const char* name, TypeKind kind) {
    const bool is_taken = std::ranges::any_of(
        metadata.schema.fields, [&](const Field& field) { return duckdb::StringUtil::CIEquals(field.name, name); });
    if (is_taken)
        return fail(ErrorCode::kUnsupported, "the table has a column {}, which its change feed would add", name);
    metadata.schema.fields.push_back({.name = name, .type = {.kind = kind, .children = {}}, .metadata = {}});
    metadata.partition_columns.push_back(name);
    return {};
}

// A change file has the type of each change in a column of that name instead.
delta::AddFile with_constants(delta::ChangedFile changed) {
    delta::AddFile file = std::move(changed.file);
    const Instant committed{std::chrono::milliseconds(changed.timestamp_ms)};
    file.partition_values[kCommitVersion] = std::to_string(changed.version);
    file.partition_values[kCommitTimestamp] = format_instant(committed);
    if (changed.kind != delta::ChangedFile::Kind::kCdc)
        file.partition_values[kChangeType] = changed.kind == delta::ChangedFile::Kind::kInsert ? "insert" : "delete";
    return file;
}

Result<ScanSource> as_table(const TableAtPath& found, delta::ChangeFeed feed) {
    auto table = std::make_shared<delta::Snapshot>(*feed.snapshot);
    LAGOA_TRY(add_column(table->metadata, kChangeType, TypeKind::kString));
    LAGOA_TRY(add_column(table->metadata, kCommitVersion, TypeKind::kInt64));
    LAGOA_TRY(add_column(table->metadata, kCommitTimestamp, TypeKind::kTimestamp));
    table->metadata.configuration.erase("delta.enableRowTracking");  // change files have no row ids
    table->tombstones = {};

    std::vector<delta::AddFile> files;
    auto only = std::make_shared<OnlyRows>();
    for (delta::ChangedFile& changed : feed.files) {
        if (changed.only) only->emplace(files.size(), changed.only);
        files.push_back(with_constants(std::move(changed)));
    }
    table->files = delta::FileList(std::move(files));  // whose slots are the places in `files`
    ScanSource source = found.at(std::move(table));
    source.only = std::move(only);
    return source;
}

Result<ScanSource> read_source(duckdb::ClientContext& context, delta::ParquetIo& parquet,
                               const duckdb::vector<duckdb::Value>& inputs) {
    if (inputs[0].IsNull() || inputs[1].IsNull())
        return fail(ErrorCode::kInvalidArgument, "delta_changes(): a path and a first version are needed");
    const TableAtPath found = LAGOA_TRY(table_at_path(context, parquet, inputs[0].GetValue<std::string>()));
    const delta::Version from = LAGOA_TRY(version_number(inputs[1]));
    std::optional<delta::Version> to;
    if (inputs.size() > 2 && !inputs[2].IsNull()) to = LAGOA_TRY(version_number(inputs[2]));
    return as_table(found, LAGOA_TRY(delta::read_changes(found.table, from, to)));
}

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext& context, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    auto source = unwrap(read_source(context, *input.info->Cast<TableAtPathInfo>().parquet, input.inputs));
    return bind_delta_rows(context, std::move(source), types, names);
}

}  // namespace

Result<> register_delta_changes(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::TableFunction function = delta_scan_function(instance(engine), "delta_changes", bind);
        function.function_info = duckdb::make_shared_ptr<TableAtPathInfo>(engine);
        duckdb::TableFunctionSet functions(function.name);
        function.arguments = {duckdb::LogicalType::VARCHAR, duckdb::LogicalType::BIGINT};
        functions.AddFunction(function);
        function.arguments.push_back(duckdb::LogicalType::BIGINT);
        functions.AddFunction(function);
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(functions));
        return {};
    });
}

}  // namespace lagoa
