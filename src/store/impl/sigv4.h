// AWS Signature Version 4, in the Authorization header: who sent a request, and that nobody changed it.
//
// Our own, because libcurl's signs query parameters as they come (curl issue 9717) and keys with `=` and other bytes
// wrong (issue 13754), in Debian 12's version both. Each header that is given is signed: one that decides
// (If-None-Match) cannot be dropped on the way unnoticed.
//
// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http_client.h"

namespace lagoa {

struct SigningIdentity {
    std::string access_key;
    std::string secret_key;
    std::string session_token;  ///< Empty: long-term keys.
    std::string region;
};

struct SignableRequest {
    std::string method;
    std::string host;                                        ///< As in the Host header.
    std::string path;                                        ///< Percent-encoded, as on the wire.
    std::vector<std::pair<std::string, std::string>> query;  ///< Not encoded.
    net::Headers headers;                                    ///< Without Host and the signature's own.
    std::string payload_sha256;                              ///< 64 hexadecimal digits.
};

/// The headers to send: those of `request`, x-amz-date, x-amz-content-sha256, x-amz-security-token, Authorization.
net::Headers sign(const SignableRequest& request, const SigningIdentity& identity, Instant now);

/// The query as it is signed and sent: sorted, `name=` for an empty value.
std::string canonical_query(std::vector<std::pair<std::string, std::string>> query);

}  // namespace lagoa
