#include "store/impl/s3_address.h"

#include <algorithm>

#include "base/text.h"
#include "net/http_client.h"
#include "store/object_store.h"

namespace lagoa {
namespace {

constexpr std::string_view kScheme = "s3://";

struct Endpoint {
    std::string scheme;  // `https://`
    std::string host;    // with its port
    std::string path;    // empty, or begins with '/' and does not end so
};

Result<Endpoint> parse_endpoint(const S3Options& options) {
    if (options.endpoint.empty()) {
        const std::string_view domain = options.region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
        return Endpoint{"https://", fmt::format("s3.{}.{}", options.region, domain), ""};
    }
    const std::string_view text = options.endpoint;
    Endpoint endpoint;
    for (const std::string_view scheme : {"https://", "http://"})
        if (to_lower(text.substr(0, scheme.size())) == scheme) endpoint.scheme = scheme;
    const std::string_view rest = text.substr(std::min(endpoint.scheme.size(), text.size()));
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    endpoint.host = to_lower(rest.substr(0, slash));
    endpoint.path = rest.substr(slash);
    while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
    if (endpoint.scheme.empty() || endpoint.host.empty() || text.find_first_of("?#@ ") != std::string_view::npos)
        return fail_with_hint(ErrorCode::kInvalidConfig, "Write it as https://host or http://host:port.",
                              "the S3 endpoint {} is not a URL without user, query and fragment", quote_json(text));
    const std::string_view own_port = endpoint.scheme == "https://" ? ":443" : ":80";  // never in the Host header
    if (endpoint.host.ends_with(own_port)) endpoint.host.resize(endpoint.host.size() - own_port.size());
    return endpoint;
}

// Names under a host that is an address, or localhost, resolve nowhere.
bool needs_path_style(std::string_view host, std::string_view bucket) {
    const std::string_view name = host.substr(0, host.starts_with('[') ? host.find(']') : host.rfind(':'));
    const bool is_address = name.starts_with('[') || name.find_first_not_of("0123456789.") == std::string_view::npos;
    // A dot in the bucket's name takes the host out of the certificate's wildcard.
    return is_address || name == "localhost" || bucket.find('.') != std::string_view::npos;
}

bool is_bucket(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos &&
           name.front() != '.' && name.front() != '-' && name.back() != '.' && name.back() != '-';
}

}  // namespace

Result<S3Address> S3Address::parse(std::string_view root, const S3Options& options) {
    S3Address address;
    std::string_view rest = root;
    if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
    while (rest.ends_with('/')) rest.remove_suffix(1);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    address.bucket = rest.substr(0, slash);
    address.root = std::string(kScheme) + std::string(rest);
    if (!is_bucket(address.bucket))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write s3://bucket or s3://bucket/prefix.",
                              "opening {}: {} is not a bucket's name", root, quote_json(address.bucket));
    if (slash < rest.size()) {
        address.prefix = rest.substr(slash + 1);
        LAGOA_TRY(check_key(address.prefix), "opening {}", root);
        address.prefix += '/';
    }
    const Endpoint endpoint = LAGOA_TRY(parse_endpoint(options), "opening {}", root);
    const bool path_style = options.path_style || needs_path_style(endpoint.host, address.bucket);
    address.host = path_style ? endpoint.host : address.bucket + "." + endpoint.host;
    address.origin = endpoint.scheme + address.host;
    address.base_path = endpoint.path + (path_style ? "/" + address.bucket + "/" : "/");
    return address;
}

std::string S3Address::path(std::string_view whole_key) const {
    return base_path + replace_all(net::percent_encode(whole_key), "%2F", "/");
}

}  // namespace lagoa
