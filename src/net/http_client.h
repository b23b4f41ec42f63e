// HTTP requests over libcurl: one blocking call a request, every limit explicit.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace lagoa::net {

/// Header names are kept as received; look-ups ignore ASCII case.
using Headers = std::vector<std::pair<std::string, std::string>>;
const std::string* find_header(const Headers& headers, std::string_view name);

struct HttpRequest {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds total_timeout{30'000};
    std::chrono::milliseconds stall_timeout{0};  ///< Without a byte of the body sent, or one of the answer; 0: none.
    std::uint64_t max_body_bytes = std::uint64_t{64} << 20;  ///< After decompression.
    int max_redirects = 3;                 ///< Of GET and HEAD; 0, and any other method: a redirect is the answer.
    bool allow_private_addresses = false;  ///< Loopback, private, link-local and metadata addresses.
    bool decompress = true;                ///< false: the body is wanted as it is stored, ranges of it included.
    /// libcurl repeats a request whose kept connection turns out to be closed, though the server may have got it.
    /// true: that is kUnavailable instead.
    bool at_most_once = false;
};

struct HttpResponse {
    int status = 0;
    Headers headers;
    std::string body;  ///< Decompressed.
    std::chrono::milliseconds took{};
    std::string effective_url;
};

/// Safe to call from any thread.
class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// Any status is a success here: callers judge it. kUnavailable: could not connect, or the answer
    /// was cut (one without a length or chunks ends where its connection does). kDeadlineExceeded,
    /// kCancelled. kPermissionDenied: an address that is not allowed (checked after resolution and after
    /// each redirect) or a redirect to another scheme. kResourceExhausted: body, headers or redirects over
    /// the limit. kInvalidArgument: a URL that is not http or https, or holds credentials, or a header
    /// that breaks its line.
    virtual Result<HttpResponse> send(const HttpRequest& request, std::stop_token stop = {}) = 0;
};

std::unique_ptr<HttpClient> make_http_client();

/// `a=1&b=x%20y` from pairs, RFC 3986 unreserved characters kept.
std::string encode_query(const std::vector<std::pair<std::string, std::string>>& parameters);
std::string percent_encode(std::string_view text);

}  // namespace lagoa::net
