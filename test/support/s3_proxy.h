// A proxy on loopback between an S3 client and its server that disturbs what passes: for tests of unknown outcomes.
//
// One request at a time on each connection, kept open as the client wants it. It also counts and keeps what it saw.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lagoa::test {

/// What becomes of one request.
enum class Disturbance {
    kNone,
    kDropRequest,  ///< The connection is closed; the server sees nothing.
    kDropAnswer,   ///< The server has done it; the connection is closed instead of its answer.
    kStall,        ///< The server has done it; nothing is sent until the client gives up.
    kLate,         ///< The server gets it only after the client has given up.
    kRepeat,       ///< The server gets it twice; the client gets the second answer.
    kSlowDown,     ///< 503 SlowDown; the server sees nothing.
    kInternal,     ///< The server has done it; the client gets 500 InternalError.
    kTruncate,     ///< Half of the answer's body, then the connection is closed.
};

struct ProxiedRequest {
    std::string method;
    std::string target;  ///< Path and query, as sent.
    std::string head;    ///< Request line and headers.
    std::size_t body_bytes = 0;
    std::size_t answer_bytes = 0;  ///< Of the answer's body.
    Disturbance disturbance = Disturbance::kNone;
};

/// Safe to call from any thread.
class S3Proxy {
public:
    /// Asked for each request, the first being number 0; by one thread at a time.
    using Plan = std::function<Disturbance(const ProxiedRequest& request, std::size_t number)>;

    /// Listens on a free port of 127.0.0.1 and forwards to `server_port` there.
    explicit S3Proxy(std::uint16_t server_port, Plan plan = {});
    /// Cuts what is under way and joins.
    ~S3Proxy();
    S3Proxy(const S3Proxy&) = delete;
    S3Proxy& operator=(const S3Proxy&) = delete;

    std::string endpoint() const;
    void set_plan(Plan plan);
    /// Those that were answered, or disturbed, until now.
    std::vector<ProxiedRequest> requests() const;
    void forget_requests();
    /// Returns when no request is under way any more: late ones have arrived.
    void wait_until_quiet() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace lagoa::test
