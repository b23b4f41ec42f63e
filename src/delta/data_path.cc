#include "delta/data_path.h"

#include <algorithm>
#include <filesystem>

#include "store/open_store.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kFileScheme = "file:";
constexpr std::string_view kS3Scheme = "s3://";

std::string key_of(const TableLocation& table, std::string_view path) {
    return table.path.empty() ? std::string(path) : table.path + "/" + std::string(path);
}

}  // namespace

std::string store_address(std::string_view uri) {
    if (uri.starts_with("file:/"))
        return "/" + std::string(uri.substr(std::min(uri.find_first_not_of('/', kFileScheme.size()), uri.size())));
    for (const std::string_view scheme : {"s3a://", "s3n://"})
        if (uri.starts_with(scheme)) return std::string(kS3Scheme) + std::string(uri.substr(scheme.size()));
    return std::string(uri);
}

bool is_absolute(std::string_view path) {
    return path.starts_with('/') || path.starts_with("file:/") || path.find("://") != std::string_view::npos;
}

std::string table_address(const TableLocation& table) {
    return table.path.empty() ? table.store->root() : table.store->root() + "/" + table.path;
}

std::optional<std::string> path_in_table(const TableLocation& table, std::string_view log_path) {
    std::string path = decode_path(log_path);
    if (!is_absolute(path)) return path;
    const std::string address = store_address(path);
    const std::string folder = table_address(table) + "/";
    if (!address.starts_with(folder)) return std::nullopt;
    return address.substr(folder.size());
}

Result<std::string> absolute_uri(const TableLocation& table, std::string_view log_path) {
    std::string path = decode_path(log_path);
    if (is_absolute(path)) return std::string(log_path);
    const std::string address = table_address(table) + "/" + path;
    if (address.starts_with('/')) return std::string(kFileScheme) + encode_path(address);
    if (address.starts_with(kS3Scheme))
        return std::string(kS3Scheme) + encode_path(std::string_view(address).substr(kS3Scheme.size()));
    return fail(ErrorCode::kUnsupported, "files of {} have no address that another table could name",
                table_address(table));
}

Result<StoredFile> find_file(const TableLocation& table, std::string_view log_path) {
    const std::string path = decode_path(log_path);
    if (!is_absolute(path)) return StoredFile{table.store, key_of(table, path)};
    const std::string address = store_address(path);
    const std::string own = table.store->root() + "/";
    if (address.starts_with(own)) return StoredFile{table.store, address.substr(own.size())};
    const bool is_local = address.starts_with('/');
    if (!is_local && !address.starts_with(kS3Scheme))
        return fail(ErrorCode::kUnsupported, "{} is neither a local file nor on S3", path);
    const std::size_t slash = address.rfind('/');
    const std::string folder = address.substr(0, std::max<std::size_t>(slash, 1));
    std::error_code failed;
    if (is_local && !std::filesystem::is_directory(folder, failed))  // opening a store would create it
        return fail(ErrorCode::kNotFound, "there is no {}", address);
    auto store = LAGOA_TRY(open_store(folder));
    return StoredFile{store.get(), address.substr(slash + 1), store};
}

}  // namespace lagoa::delta
