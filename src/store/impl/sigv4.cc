#include "store/impl/sigv4.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "net/digest.h"

namespace lagoa {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// 20130524T000000Z
std::string basic_format(Instant now) {
    std::string text = format_instant(now);  // 2013-05-24T00:00:00.000000Z
    text = text.substr(0, text.find('.')) + "Z";
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

struct CanonicalHeaders {
    std::string lines;  // `host:example\n…`
    std::string names;  // `host;x-amz-date`
};

CanonicalHeaders canonical_headers(const net::Headers& headers, const std::string& host) {
    std::map<std::string, std::string> sorted = {{"host", host}};
    for (const auto& [name, value] : headers) sorted[to_lower(name)] = std::string(trim(value));
    CanonicalHeaders canonical;
    for (const auto& [name, value] : sorted) {
        canonical.lines += name + ':' + value + '\n';
        canonical.names += (canonical.names.empty() ? "" : ";") + name;
    }
    return canonical;
}

}  // namespace

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
    for (auto& [name, value] : query) {
        name = net::percent_encode(name);
        value = net::percent_encode(value);
    }
    std::ranges::sort(query);
    std::string text;
    for (const auto& [name, value] : query) text += (text.empty() ? "" : "&") + name + '=' + value;
    return text;
}

net::Headers sign(const SignableRequest& request, const SigningIdentity& identity, Instant now) {
    const std::string stamp = basic_format(now);
    const std::string day = stamp.substr(0, 8);
    net::Headers headers = request.headers;
    headers.emplace_back("x-amz-content-sha256", request.payload_sha256);
    headers.emplace_back("x-amz-date", stamp);
    if (!identity.session_token.empty()) headers.emplace_back("x-amz-security-token", identity.session_token);

    const CanonicalHeaders signed_headers = canonical_headers(headers, request.host);
    const std::string canonical =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, canonical_query(request.query),
                    signed_headers.lines, signed_headers.names, request.payload_sha256);
    const std::string scope = day + "/" + identity.region + "/s3/aws4_request";
    const std::string to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, stamp, scope, net::sha256_hex(canonical));

    std::string key = "AWS4" + identity.secret_key;
    for (const std::string_view part : {std::string_view(day), std::string_view(identity.region),
                                        std::string_view("s3"), std::string_view("aws4_request")})
        key = net::hmac_sha256(key, part);
    headers.emplace_back("Authorization", fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm,
                                                      identity.access_key, scope, signed_headers.names,
                                                      net::to_hex(net::hmac_sha256(key, to_sign))));
    return headers;
}

}  // namespace lagoa
