#include "catalog/duckdb/delta_function.h"

#include <filesystem>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_states.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/main/settings.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/parquet_io.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "store/open_store.h"

namespace lagoa {
namespace {

constexpr std::string_view kLakeScheme = "lagoa://";

struct DeltaFunctionInfo final : duckdb::TableFunctionInfo {
    explicit DeltaFunctionInfo(Engine& engine) : stores(mounts(engine)), parquet(make_parquet_io(engine)) {}

    Mounts& stores;
    std::unique_ptr<delta::ParquetIo> parquet;
};

Result<ScanSource> read_mounted(DeltaFunctionInfo& function, const std::string& path,
                                std::optional<delta::Version> version) {
    const Mounts::Place place = LAGOA_TRY(function.stores.find(path));
    const delta::TableLocation table{place.store, function.parquet.get(), place.key};
    return ScanSource{LAGOA_TRY(delta::read_snapshot(table, version)), path};
}

Result<ScanSource> read_folder(DeltaFunctionInfo& function, const std::string& path,
                               std::optional<delta::Version> version) {
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::canonical(path, failed);
    if (failed || !std::filesystem::is_directory(folder / "_delta_log", failed))
        return fail(ErrorCode::kNotFound, "there is no Delta table at {}", path);
    const auto store = LAGOA_TRY(open_store(folder.string()));
    const delta::TableLocation table{store.get(), function.parquet.get(), ""};
    return ScanSource{LAGOA_TRY(delta::read_snapshot(table, version)), folder.string()};
}

Result<ScanSource> read_source(duckdb::ClientContext& context, DeltaFunctionInfo& function, std::string path,
                               std::optional<delta::Version> version) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path.starts_with(kLakeScheme)) return read_mounted(function, path, version);
    if (!duckdb::Settings::Get<duckdb::EnableExternalAccessSetting>(context))
        return fail(ErrorCode::kPermissionDenied, "delta('{}'): this engine reads nothing outside the lake", path);
    return read_folder(function, path, version);
}

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext& context, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    if (input.inputs[0].IsNull()) raise({ErrorCode::kInvalidArgument, "delta(NULL): a path is needed"});
    std::optional<delta::Version> version;
    if (const auto named = input.named_parameters.find("version");
        named != input.named_parameters.end() && !named->second.IsNull())
        version = named->second.GetValue<std::int64_t>();
    auto source = unwrap(
        read_source(context, input.info->Cast<DeltaFunctionInfo>(), input.inputs[0].GetValue<std::string>(), version));

    duckdb::unique_ptr<duckdb::FunctionData> bound;
    bind_delta_scan(context, std::move(source), nullptr, bound);
    const auto& scan = bound->Cast<duckdb::MultiFileBindData>();
    types = scan.types;
    names = scan.names;
    return bound;
}

}  // namespace

Result<> register_delta_function(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::Connection connection(instance(engine));
        connection.BeginTransaction();  // the scan is a copy of one in the system catalog
        duckdb::TableFunction function = unbound_delta_scan(*connection.context);
        connection.Commit();
        function.name = "delta";
        function.named_parameters["version"] = duckdb::LogicalType::BIGINT;
        function.bind = bind;
        function.function_info = duckdb::make_shared_ptr<DeltaFunctionInfo>(engine);
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(function));
        return {};
    });
}

}  // namespace lagoa
