#include "catalog/impl/table_place.h"

#include <filesystem>

#include "delta/data_path.h"
#include "store/open_store.h"

namespace lagoa {
namespace {

constexpr std::string_view kLakeScheme = "lagoa://";
constexpr std::string_view kS3Scheme = "s3://";

Result<TablePlace> in_zone(const OperationContext& context, const std::string& zone, const std::string& key) {
    const auto found = context.tables->zones.find(zone);
    if (found == context.tables->zones.end()) return fail(ErrorCode::kNotFound, "there is no zone {}", zone);
    TablePlace place{.location = {found->second.get(), context.tables->parquet.get(), key},
                     .url = fmt::format("{}{}/{}", kLakeScheme, zone, key),
                     .name = std::nullopt};
    if (is_name(key)) place.name = TableName{zone, key};
    return place;
}

// The zone whose store holds `address`, and the key in it; a store may lie inside another.
std::optional<std::pair<std::string, std::string>> zone_of(const OperationContext& context,
                                                           const std::string& address) {
    std::optional<std::pair<std::string, std::string>> found;
    std::size_t longest = 0;
    for (const auto& [zone, store] : context.tables->zones) {
        const std::string root = store->root() + "/";
        if (!address.starts_with(root) || root.size() < longest) continue;
        longest = root.size();
        found.emplace(zone, address.substr(root.size()));
    }
    return found;
}

Result<> check_external_access(const OperationContext& context, const std::string& source) {
    const auto session = LAGOA_TRY(context.engine.connect());
    const auto allowed = LAGOA_TRY(session->value("SELECT current_setting('enable_external_access')"));
    if (allowed == "true") return {};
    return fail(ErrorCode::kPermissionDenied, "{}: this engine reads nothing outside the lake", source);
}

Result<TablePlace> in_folder(const OperationContext& context, const std::string& address) {
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::canonical(address, failed);
    if (failed || !std::filesystem::is_directory(folder, failed))
        return fail(ErrorCode::kNotFound, "there is no folder {}", address);
    if (const auto zone = zone_of(context, folder.native())) return in_zone(context, zone->first, zone->second);
    auto store = LAGOA_TRY(open_store(folder.native()));
    return TablePlace{.location = {store.get(), context.tables->parquet.get(), ""},
                      .url = folder.native(),
                      .name = std::nullopt,
                      .opened = store};
}

Result<TablePlace> in_bucket(const OperationContext& context, const std::string& address) {
    const std::string bucket = address.substr(0, address.find('/', kS3Scheme.size()));
    if (bucket.size() == address.size())
        return fail(ErrorCode::kInvalidArgument, "{} is a bucket, and a table is a folder of one", address);
    auto store = LAGOA_TRY(open_store(bucket));
    const std::string mount = "s3:" + bucket.substr(kS3Scheme.size());  // not a zone's name, which has no colon
    const std::string key = address.substr(bucket.size() + 1);
    const auto mounted = context.engine.mount(mount, store);
    if (!mounted && mounted.error().code != ErrorCode::kAlreadyExists) return pass_on(mounted.error());
    return TablePlace{.location = {store.get(), context.tables->parquet.get(), key},
                      .url = fmt::format("{}{}/{}", kLakeScheme, mount, key),
                      .name = std::nullopt,
                      .opened = store};
}

}  // namespace

Result<TablePlace> place_of(const OperationContext& context, const TableName& table) {
    return in_zone(context, table.zone, table.table);
}

Result<TablePlace> find_place(const OperationContext& context, std::string source) {
    if (const auto name = TableName::parse(source)) return place_of(context, *name);
    while (source.size() > 1 && source.ends_with('/')) source.pop_back();
    if (source.starts_with(kLakeScheme)) {
        const std::string rest = source.substr(kLakeScheme.size());
        const std::size_t slash = rest.find('/');
        if (slash == std::string::npos)
            return fail(ErrorCode::kInvalidArgument, "{} is a zone, and a table is a folder of one", source);
        return in_zone(context, rest.substr(0, slash), rest.substr(slash + 1));
    }
    const std::string address = delta::store_address(source);
    if (const auto zone = zone_of(context, address)) return in_zone(context, zone->first, zone->second);
    const bool is_on_s3 = address.starts_with(kS3Scheme);
    if (!is_on_s3 && !address.starts_with('/'))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write zone.table, or an absolute path.",
                              "{} is neither a table's name nor a path", source);
    LAGOA_TRY(check_external_access(context, source));
    return is_on_s3 ? in_bucket(context, address) : in_folder(context, address);
}

}  // namespace lagoa
