#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "support/loopback.h"

namespace lagoa::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 20;

/// The whole request; nothing if the client closed first.
std::optional<ScriptedRequest> read_request(int socket) {
    std::string text;
    std::size_t head_end = std::string::npos;
    std::size_t body_bytes = 0;
    ScriptedRequest request;
    while (head_end == std::string::npos || text.size() < head_end + 4 + body_bytes) {
        char buffer[8192];
        const ssize_t got = recv(socket, buffer, sizeof buffer, 0);
        if (got <= 0 || text.size() > kMaxRequestBytes) return std::nullopt;
        text.append(buffer, static_cast<std::size_t>(got));
        if (head_end != std::string::npos) continue;
        head_end = text.find("\r\n\r\n");
        if (head_end == std::string::npos) continue;
        const std::string_view head = std::string_view(text).substr(0, head_end);
        bool first = true;
        for (std::string_view line : split(head, '\n')) {
            line = trim(line);
            if (std::exchange(first, false)) {
                const auto words = split(line, ' ');
                if (words.size() != 3) return std::nullopt;
                request.method = words[0];
                request.target = words[1];
            } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
                request.headers[to_lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
            }
        }
        const std::string& length = request.headers["content-length"];
        std::from_chars(length.data(), length.data() + length.size(), body_bytes);
        if (length.empty()) request.headers.erase("content-length");
    }
    request.body = text.substr(head_end + 4);
    return request;
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

std::string wire_text(const ScriptedAnswer& answer, bool head_only) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\nConnection: close\r\n";
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    if (!answer.no_content_length) {
        text += "Content-Length: " + std::to_string(answer.content_length.value_or(answer.body.size())) + "\r\n";
    }
    text += "\r\n";
    if (!head_only) text += answer.body.substr(0, answer.cut_after.value_or(std::string::npos));
    return text;
}

}  // namespace

class ScriptedServer::State {
public:
    State() {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        LAGOA_CHECK(listener_ >= 0 && bind(listener_, generic, size) == 0 && listen(listener_, 64) == 0 &&
                        getsockname(listener_, generic, &size) == 0,
                    "no free port on loopback");
        port_ = ntohs(address.sin_port);
        acceptor_ = std::jthread([this](std::stop_token stop) { accept_all(stop); });
    }

    ~State() {
        acceptor_.request_stop();
        shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        close(listener_);
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            for (const int socket : open_) shutdown(socket, SHUT_RDWR);
        }
        changed_.notify_all();
        connections_.clear();  // joins
    }

    void script(const std::string& path, std::vector<ScriptedAnswer> answers) {
        const std::lock_guard lock(mutex_);
        scripts_[path].assign(answers.begin(), answers.end());
    }

    std::uint16_t port() const { return port_; }

    std::vector<ScriptedRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

    bool wait_for_requests(std::size_t count) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return requests_.size() >= count; });
    }

private:
    void accept_all(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) continue;  // the destructor shuts the listener and asks to stop
            {
                const std::lock_guard lock(mutex_);
                open_.push_back(socket);
            }
            connections_.emplace_back([this, socket] { serve(socket); });
        }
    }

    void serve(int socket) {
        if (auto request = read_request(socket)) answer(socket, *std::move(request));
        const std::lock_guard lock(mutex_);
        open_.remove(socket);
        close(socket);
    }

    void answer(int socket, ScriptedRequest request) {
        const bool head_only = request.method == "HEAD";
        ScriptedAnswer answer;
        {
            std::unique_lock lock(mutex_);
            answer = next_answer(request.target.substr(0, request.target.find('?')));
            requests_.push_back(std::move(request));
            changed_.notify_all();
            if (changed_.wait_for(lock, answer.delay, [this] { return stopping_; })) return;
        }
        if (!answer.close_without_answer) send_all(socket, wire_text(answer, head_only));
    }

    // Called with mutex_ held.
    ScriptedAnswer next_answer(const std::string& path) {
        auto script = scripts_.find(path);
        if (script == scripts_.end()) script = scripts_.find("*");
        if (script == scripts_.end() || script->second.empty()) return {.status = 404, .body = "no script"};
        ScriptedAnswer answer = script->second.front();
        if (script->second.size() > 1) script->second.pop_front();
        return answer;
    }

    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::map<std::string, std::deque<ScriptedAnswer>> scripts_;  // guarded by mutex_
    std::vector<ScriptedRequest> requests_;                      // guarded by mutex_
    std::list<int> open_;                                        // guarded by mutex_
    bool stopping_ = false;                                      // guarded by mutex_
    std::list<std::jthread> connections_;                        // touched by acceptor_, and by the destructor after it
    std::jthread acceptor_;
};

ScriptedServer::ScriptedServer() : state_(std::make_unique<State>()) {}
ScriptedServer::~ScriptedServer() = default;

void ScriptedServer::script(const std::string& path, std::vector<ScriptedAnswer> answers) {
    state_->script(path, std::move(answers));
}
std::uint16_t ScriptedServer::port() const {
    return state_->port();
}
std::string ScriptedServer::base_url() const {
    return "http://127.0.0.1:" + std::to_string(port());
}
std::vector<ScriptedRequest> ScriptedServer::requests() const {
    return state_->requests();
}
bool ScriptedServer::wait_for_requests(std::size_t count) const {
    return state_->wait_for_requests(count);
}

}  // namespace lagoa::test
