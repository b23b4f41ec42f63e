// An HTTP server on loopback that answers by a script, faults included: for tests of what talks HTTP.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lagoa::test {

struct ScriptedAnswer {
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    std::chrono::milliseconds delay{0};              ///< Before the first byte; the server's end cuts it short.
    std::optional<std::size_t> cut_after = {};       ///< Close after so many bytes of the body.
    std::optional<std::size_t> content_length = {};  ///< What the header claims, whatever the body has.
    bool close_without_answer = false;
    bool no_content_length = false;  ///< The body ends where the connection does.
};

struct ScriptedRequest {
    std::string method;
    std::string target;                          ///< As sent: path and query.
    std::map<std::string, std::string> headers;  ///< Names in lower case.
    std::string body;
};

/// Raw sockets, a thread and one request a connection. Safe to call from any thread.
class ScriptedServer {
public:
    /// Listens on a free port of 127.0.0.1 at once.
    ScriptedServer();
    /// Cuts what is being answered and joins.
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    /// Requests for `path` (without its query) get these answers in turn; the last one is repeated.
    /// `*` stands for every path without a script of its own; with none at all the answer is 404.
    void script(const std::string& path, std::vector<ScriptedAnswer> answers);

    std::string base_url() const;  ///< `http://127.0.0.1:<port>`
    std::uint16_t port() const;

    /// Every request that was read whole, in the order of arrival.
    std::vector<ScriptedRequest> requests() const;
    /// Waits up to ten seconds until `count` requests have been read; whether they have.
    bool wait_for_requests(std::size_t count) const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace lagoa::test
