#include "catalog/duckdb/delta_function.h"

#include "duckdb.hpp"
#include "duckdb/main/extension/extension_loader.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/table_at_path.h"
#include "catalog/duckdb/time_travel.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// The parameter's value; nullopt if it is not given, or NULL.
std::optional<duckdb::Value> parameter(const duckdb::TableFunctionBindInput& input, const char* name) {
    const auto found = input.named_parameters.find(name);
    if (found == input.named_parameters.end() || found->second.IsNull()) return std::nullopt;
    return found->second;
}

Result<ScanSource> read_source(duckdb::ClientContext& context, delta::ParquetIo& parquet,
                               const duckdb::TableFunctionBindInput& input) {
    const auto number = parameter(input, "version");
    const auto instant = parameter(input, "timestamp");
    if (number && instant)
        return fail(ErrorCode::kInvalidArgument, "delta(): a version and a timestamp are given; one of them is enough");
    const TableAtPath found = LAGOA_TRY(table_at_path(context, parquet, input.inputs[0].GetValue<std::string>()));
    std::optional<delta::Version> version;
    if (number) version = LAGOA_TRY(version_number(*number));
    if (instant) version = LAGOA_TRY(version_at(context, found.table, *instant));
    return found.at(LAGOA_TRY(delta::read_snapshot(found.table, version)));
}

duckdb::unique_ptr<duckdb::FunctionData> bind(duckdb::ClientContext& context, duckdb::TableFunctionBindInput& input,
                                              duckdb::vector<duckdb::LogicalType>& types,
                                              duckdb::vector<duckdb::string>& names) {
    if (input.inputs[0].IsNull()) raise({ErrorCode::kInvalidArgument, "delta(NULL): a path is needed"});
    auto source = unwrap(read_source(context, *input.info->Cast<TableAtPathInfo>().parquet, input));
    return bind_delta_rows(context, std::move(source), types, names);
}

}  // namespace

Result<> register_delta_function(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::TableFunction function = delta_scan_function(instance(engine), "delta", bind);
        function.named_parameters["version"] = duckdb::LogicalType::BIGINT;
        // Any type that is an instant: what lacks a zone gets the session's, not UTC by a cast before we see it.
        function.named_parameters["timestamp"] = duckdb::LogicalType::ANY;
        function.function_info = duckdb::make_shared_ptr<TableAtPathInfo>(engine);
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(function));
        return {};
    });
}

}  // namespace lagoa
