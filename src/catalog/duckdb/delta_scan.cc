#include "catalog/duckdb/delta_scan.h"

#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_function_catalog_entry.hpp"
#include "duckdb/common/multi_file/multi_file_function.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/common/multi_file/multi_file_states.hpp"
#include "duckdb/common/serializer/deserializer.hpp"
#include "duckdb/common/serializer/serializer.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/tableref/table_function_ref.hpp"

#include "catalog/duckdb/delta_files.h"
#include "catalog/duckdb/delta_reader.h"
#include "catalog/duckdb/log_statistics.h"
#include "catalog/duckdb/row_tracking.h"
#include "catalog/duckdb/table_at_path.h"
#include "delta/data_path.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kScanName = "lagoa_scan";

using duckdb::MultiFileReader;

const duckdb::MultiFileBindData& multi_file(const duckdb::FunctionData* data) {
    return data->Cast<duckdb::MultiFileBindData>();
}

const DeltaFiles& files_of(const duckdb::FunctionData* data) {
    return multi_file(data).file_list->Cast<DeltaFiles>();
}

duckdb::unique_ptr<MultiFileReader> make_reader(const duckdb::TableFunction& function) {
    return duckdb::make_uniq<DeltaReader>(function.function_info->Cast<DeltaScanInfo>());
}

const DeltaReader& reader_of(const duckdb::FunctionData* data) {
    return multi_file(data).multi_file_reader->Cast<DeltaReader>();
}

// Runs `read`, a part of DuckDB's Parquet scan. The log promises whole files: what is missing or does not parse in one
// is damage, whatever DuckDB calls it; a store that fails, a stop and the like stay what they are.
template <class Read>
auto reading(const duckdb::FunctionData* data, const duckdb::MultiFileLocalState* state, Read&& read) {
    try {
        return read();
    } catch (const std::exception& thrown) {
        const Error error = to_error(duckdb::ErrorData(thrown));
        const bool damaged = error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInternal ||
                             error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kCorruption;
        if (!damaged) throw;
        const std::string& root = files_of(data).source().root;
        const bool named = error.message.find(root + "/") != std::string::npos || !state || !state->reader;
        raise({ErrorCode::kCorruption,
               fmt::format("reading {}: {}{}", root, named ? "" : state->reader->GetFileName() + ": ", error.message)});
    }
}

duckdb::unique_ptr<duckdb::GlobalTableFunctionState> init_global(duckdb::ClientContext& context,
                                                                 duckdb::TableFunctionInitInput& input) {
    const duckdb::FunctionData* data = input.bind_data.get();
    auto state = reading(data, nullptr, [&] { return reader_of(data).parquet_scan().init_global(context, input); });
    // Where a filter is not pushed down, its column may come last though it was asked for first; DuckDB's scan keeps to
    // the projection only if that leaves a column out.
    auto& projection = state->Cast<duckdb::MultiFileGlobalState>().projection_ids;
    if (projection.empty()) projection = input.projection_ids;
    return state;
}

duckdb::unique_ptr<duckdb::LocalTableFunctionState> init_local(duckdb::ExecutionContext& context,
                                                               duckdb::TableFunctionInitInput& input,
                                                               duckdb::GlobalTableFunctionState* global) {
    const duckdb::FunctionData* data = input.bind_data.get();
    return reading(data, nullptr, [&] { return reader_of(data).parquet_scan().init_local(context, input, global); });
}

void scan_rows(duckdb::ClientContext& context, duckdb::TableFunctionInput& input, duckdb::DataChunk& rows) {
    const duckdb::FunctionData* data = input.bind_data.get();
    const auto* state = input.local_state ? &input.local_state->Cast<duckdb::MultiFileLocalState>() : nullptr;
    reading(data, state, [&] { reader_of(data).parquet_scan().function(context, input, rows); });
}

duckdb::BindInfo bind_info(const duckdb::optional_ptr<duckdb::FunctionData> data) {
    auto table = reader_of(data.get()).table();
    return table ? duckdb::BindInfo(*table) : duckdb::BindInfo(duckdb::ScanType::EXTERNAL);
}

duckdb::vector<duckdb::column_t> row_id_columns(duckdb::ClientContext&, duckdb::optional_ptr<duckdb::FunctionData>) {
    return {MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX, MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER};
}

duckdb::virtual_column_map_t virtual_columns(duckdb::ClientContext&, duckdb::optional_ptr<duckdb::FunctionData> data) {
    return multi_file(data.get()).virtual_columns;
}

// Row ids come from two columns of a file, and a pushed filter sees one.
bool supports_filters_on(const duckdb::FunctionData&, duckdb::idx_t column) {
    return !is_row_tracking_column(column);
}

duckdb::vector<duckdb::PartitionStatistics> partition_stats(duckdb::ClientContext&,
                                                            duckdb::GetPartitionStatsInput& input) {
    return log_statistics(files_of(input.bind_data.get()));
}

duckdb::InsertionOrderPreservingMap<duckdb::string> explain_analyze(duckdb::TableFunctionDynamicToStringInput& input) {
    const auto& state = input.global_state->Cast<duckdb::MultiFileGlobalState>();
    const auto& files = state.file_list.Cast<DeltaFiles>();
    duckdb::InsertionOrderPreservingMap<duckdb::string> result;
    result.insert("Files Scanned", std::to_string(files.GetTotalFileCount()));
    result.insert("Files In Table", std::to_string(files.source().snapshot->files.size()));
    return result;
}

// The optimiser serialises scans for two ends, both while their plan is alive: it runs scans of equal bytes once,
// and copies plans by reading the bytes back. So the bytes are the address of what is scanned: the transaction's
// entry of the table at its version, or of a scan by path its own file list.
template <class Scanned>
std::uint64_t address_of(const Scanned* scanned) {
    return reinterpret_cast<std::uintptr_t>(scanned);
}

void serialize(duckdb::Serializer& serializer, const duckdb::optional_ptr<duckdb::FunctionData> data,
               const duckdb::TableFunction&) {
    const auto* table = reader_of(data.get()).table().get();
    serializer.WriteProperty(100, "table", address_of(table));
    serializer.WriteProperty(101, "files", table == nullptr ? address_of(&files_of(data.get())) : 0);
}

duckdb::unique_ptr<duckdb::FunctionData> deserialize(duckdb::Deserializer& deserializer, duckdb::TableFunction&) {
    const auto table = deserializer.ReadProperty<std::uint64_t>(100, "table");
    const auto files = deserializer.ReadProperty<std::uint64_t>(101, "files");
    auto& context = deserializer.Get<duckdb::ClientContext&>();
    duckdb::unique_ptr<duckdb::FunctionData> bound;
    if (table != 0) {
        reinterpret_cast<duckdb::TableCatalogEntry*>(table)->GetScanFunction(context, bound);
    } else {
        bind_delta_scan(context, reinterpret_cast<const DeltaFiles*>(files)->source(), nullptr, bound);
    }
    return bound;
}

duckdb::unique_ptr<duckdb::FunctionData> refuse_to_bind(duckdb::ClientContext&, duckdb::TableFunctionBindInput&,
                                                        duckdb::vector<duckdb::LogicalType>&,
                                                        duckdb::vector<duckdb::string>&) {
    raise({ErrorCode::kUnsupported, "lagoa_scan() is not for queries", "Write delta('PATH')."});
}

duckdb::TableFunction parquet_scan(duckdb::ClientContext& context) {
    auto& entry = duckdb::Catalog::GetSystemCatalog(context).GetEntry<duckdb::TableFunctionCatalogEntry>(
        context, DEFAULT_SCHEMA, "parquet_scan");
    return entry.functions.GetFunctionByArguments(context, {duckdb::LogicalType::VARCHAR});
}

void locate(duckdb::ClientContext& context, ScanSource& source) {
    source.mounts = &mounts(context);
    for (const delta::AddFile& file : source.snapshot->files) {
        const bool is_address = file.path.starts_with("s3");
        if (is_address && file.path.find("://") != std::string::npos)
            unwrap(mount_bucket(context, delta::store_address(delta::decode_path(file.path))));
    }
    if (source.table.store != nullptr) return;
    const Mounts::Place place = unwrap(source.mounts->find(source.root));
    source.table.store = place.store;
    source.table.path = place.key;
}

// A scan whose rows are not bound to a snapshot yet.
duckdb::TableFunction unbound_scan(duckdb::ClientContext& context) {
    duckdb::TableFunction scan = parquet_scan(context);
    scan.name = kScanName;
    scan.init_global = init_global;
    scan.init_local = init_local;
    scan.function = scan_rows;
    scan.named_parameters.clear();
    scan.get_multi_file_reader = make_reader;
    scan.get_bind_info = bind_info;
    scan.get_row_id_columns = row_id_columns;
    scan.get_partition_stats = partition_stats;
    scan.dynamic_to_string = explain_analyze;
    scan.get_partition_info = nullptr;
    scan.get_virtual_columns = virtual_columns;
    scan.supports_pushdown_type = supports_filters_on;
    scan.statistics = nullptr;  // those of one Parquet file are not the table's
    scan.serialize = serialize;
    scan.deserialize = deserialize;
    return scan;
}

}  // namespace

std::shared_ptr<const delta::DeletedRows> ScanSource::only_rows(delta::Slot slot) const {
    if (!only) return nullptr;
    const auto rows = only->find(slot);
    return rows == only->end() ? nullptr : rows->second;
}

duckdb::TableFunction bind_delta_scan(duckdb::ClientContext& context, ScanSource source,
                                      duckdb::optional_ptr<duckdb::TableCatalogEntry> table,
                                      duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
    duckdb::TableFunction scan = unbound_scan(context);
    locate(context, source);
    duckdb::vector<duckdb::Value> inputs{duckdb::Value(source.root)};
    scan.function_info = duckdb::make_shared_ptr<DeltaScanInfo>(std::move(source), table, parquet_scan(context));
    duckdb::named_parameter_map_t parameters;
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::string> names;
    duckdb::TableFunctionRef ref;
    duckdb::TableFunctionBindInput input(inputs, parameters, types, names, nullptr, nullptr, scan, ref);
    duckdb::vector<duckdb::LogicalType> return_types;
    duckdb::vector<duckdb::string> return_names;
    bind_data = scan.bind(context, input, return_types, return_names);
    auto& bound = bind_data->Cast<duckdb::MultiFileBindData>();
    bound.virtual_columns = delta_virtual_columns(*files_of(&bound).source().snapshot);
    return scan;
}

duckdb::TableFunction delta_scan_function(duckdb::DatabaseInstance& instance, const char* name,
                                          duckdb::table_function_bind_t bind) {
    duckdb::Connection connection(instance);
    connection.BeginTransaction();  // the scan is a copy of one in the system catalog
    duckdb::TableFunction scan = unbound_scan(*connection.context);
    connection.Commit();
    scan.name = name;
    scan.bind = bind;
    return scan;
}

duckdb::unique_ptr<duckdb::FunctionData> bind_delta_rows(duckdb::ClientContext& context, ScanSource source,
                                                         duckdb::vector<duckdb::LogicalType>& types,
                                                         duckdb::vector<duckdb::string>& names) {
    duckdb::unique_ptr<duckdb::FunctionData> bound;
    bind_delta_scan(context, std::move(source), nullptr, bound);
    const auto& scan = multi_file(bound.get());
    types = scan.types;
    names = scan.names;
    return bound;
}

void register_delta_scan(duckdb::DatabaseInstance& instance) {
    duckdb::ExtensionLoader(instance, "lagoa")
        .RegisterFunction(delta_scan_function(instance, kScanName, refuse_to_bind));
}

duckdb::virtual_column_map_t delta_virtual_columns(const delta::Snapshot& snapshot) {
    using duckdb::LogicalType;
    using duckdb::TableColumn;
    duckdb::virtual_column_map_t columns;
    columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILENAME, TableColumn("filename", LogicalType::VARCHAR));
    columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER,
                    TableColumn("file_row_number", LogicalType::BIGINT));
    columns.emplace(MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX, TableColumn("file_index", LogicalType::UBIGINT));
    columns.emplace(duckdb::COLUMN_IDENTIFIER_EMPTY, TableColumn("", LogicalType::BOOLEAN));
    if (has_row_tracking(snapshot.metadata)) {
        columns.emplace(kRowIdColumn, TableColumn("_row_id", LogicalType::BIGINT));
        columns.emplace(kRowCommitVersionColumn, TableColumn("_row_commit_version", LogicalType::BIGINT));
    }
    return columns;
}

std::string data_file_path(const ScanSource& source, const std::string& log_path) {
    const std::string path = delta::decode_path(log_path);
    if (!delta::is_absolute(path)) return source.root + "/" + path;
    const std::string address = delta::store_address(path);
    return source.mounts->locate(address).value_or(address);
}

}  // namespace lagoa
