#include "catalog/duckdb/table_at_path.h"

#include <filesystem>

#include "duckdb/main/settings.hpp"

#include "delta/data_path.h"
#include "engine/duckdb/access.h"
#include "store/open_store.h"

namespace lagoa {
namespace {

constexpr std::string_view kLakeScheme = "lagoa://";
constexpr std::string_view kS3Scheme = "s3://";

Result<> check_external_access(duckdb::ClientContext& context, const std::string& path) {
    if (duckdb::Settings::Get<duckdb::EnableExternalAccessSetting>(context)) return {};
    return fail(ErrorCode::kPermissionDenied, "reading {}: this engine reads nothing outside the lake", path);
}

Result<TableAtPath> in_mounted_store(Mounts& mounts, delta::ParquetIo& parquet, const std::string& path) {
    const Mounts::Place place = LAGOA_TRY(mounts.find(path));
    return TableAtPath{path, {place.store, &parquet, place.key}, nullptr};
}

Result<TableAtPath> in_folder(delta::ParquetIo& parquet, const std::string& path) {
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::canonical(path, failed);
    if (failed || !std::filesystem::is_directory(folder / "_delta_log", failed))
        return fail(ErrorCode::kNotFound, "there is no Delta table at {}", path);
    const auto store = LAGOA_TRY(open_store(folder.string()));
    return TableAtPath{folder.string(), {store.get(), &parquet, ""}, store};
}

}  // namespace

Result<> mount_bucket(duckdb::ClientContext& context, const std::string& address) {
    Mounts& stores = mounts(context);
    if (stores.locate(address)) return {};
    LAGOA_TRY(check_external_access(context, address));
    const std::string bucket = address.substr(0, address.find('/', kS3Scheme.size()));
    auto store = LAGOA_TRY(open_store(bucket, stores.s3()));
    // Not a zone's name: a zone has no colon.
    const auto mounted = stores.add("s3:" + bucket.substr(kS3Scheme.size()), std::move(store));
    if (!mounted && mounted.error().code != ErrorCode::kAlreadyExists) return pass_on(mounted.error());
    return {};
}

Result<TableAtPath> table_at_path(duckdb::ClientContext& context, delta::ParquetIo& parquet, std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    Mounts& stores = mounts(context);
    if (path.starts_with(kLakeScheme)) return in_mounted_store(stores, parquet, path);
    const std::string address = delta::store_address(path);
    if (address.starts_with(kS3Scheme)) LAGOA_TRY(mount_bucket(context, address));
    if (const auto mounted = stores.locate(address)) return in_mounted_store(stores, parquet, *mounted);
    LAGOA_TRY(check_external_access(context, path));
    return in_folder(parquet, address);
}

}  // namespace lagoa
