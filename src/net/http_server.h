// A small HTTP/1.1 server over Boost.Beast: handlers are plain functions on a bounded thread pool.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"

namespace lagoa::net {

struct ServerRequest {
    std::string method;
    std::string path;                                        ///< Decoded, without the query.
    std::vector<std::pair<std::string, std::string>> query;  ///< Decoded, in order.
    Headers headers;
    std::string body;

    /// First value of a query parameter, or nullptr.
    const std::string* parameter(std::string_view name) const;
};

struct ServerResponse {
    int status = 200;
    Headers headers;
    std::string body;
};

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one.
    unsigned threads = 2;
    std::size_t max_connections = 256;
    std::uint64_t max_body_bytes = std::uint64_t{1} << 20;
    std::chrono::milliseconds idle_timeout{30'000};
};

/// Serves until destroyed; the destructor ends open connections and joins.
class HttpServer {
public:
    using Handler = std::function<ServerResponse(const ServerRequest&)>;

    /// kUnavailable if the address cannot be bound, naming it.
    static Result<std::unique_ptr<HttpServer>> start(const ServerOptions& options, Handler handler);
    virtual ~HttpServer() = default;
    virtual std::uint16_t port() const = 0;
};

}  // namespace lagoa::net
