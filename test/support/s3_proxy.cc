#include "support/s3_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "support/loopback.h"

namespace lagoa::test {
namespace {

constexpr int kPatienceMilliseconds = 20'000;  // of a client that should give up

class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(descriptor_); }
    int get() const { return descriptor_; }

    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Appends what comes next; false at the end.
    bool receive(std::string& into) const {
        char buffer[65536];
        const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
        if (got <= 0) return false;
        into.append(buffer, static_cast<std::size_t>(got));
        return true;
    }
    /// Waits until the other side has closed.
    void wait_for_end() const {
        ::pollfd poll{descriptor_, POLLIN | POLLRDHUP, 0};
        ::poll(&poll, 1, kPatienceMilliseconds);
    }

private:
    int descriptor_;
};

/// A request or an answer: its head, with the empty line, and its body.
struct Message {
    std::string head;
    std::string body;
};

std::string_view header(std::string_view head, std::string_view name) {
    for (std::string_view line : split(head, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && to_lower(line.substr(0, colon)) == name)
            return trim(line.substr(colon + 1));
    }
    return {};
}

/// The next message of a connection; what follows stays in `pending`. Bodies have a length: the server sends no chunks.
std::optional<Message> receive_message(const Socket& socket, std::string& pending, bool has_body) {
    std::size_t end = 0;
    while ((end = pending.find("\r\n\r\n")) == std::string::npos)
        if (!socket.receive(pending)) return std::nullopt;
    Message message{pending.substr(0, end + 4), {}};
    pending.erase(0, end + 4);
    std::size_t length = 0;
    const std::string_view text = header(message.head, "content-length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    LAGOA_CHECK(header(message.head, "transfer-encoding").empty(), "the proxy knows no chunks");
    if (!has_body) return message;
    while (pending.size() < length)
        if (!socket.receive(pending)) return std::nullopt;
    message.body = pending.substr(0, length);
    pending.erase(0, length);
    return message;
}

std::string error_answer(std::string_view status, std::string_view code, bool is_head) {
    const std::string body =
        is_head ? "" : "<Error><Code>" + std::string(code) + "</Code><Message>disturbed</Message></Error>";
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: application/xml\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

class S3Proxy::State {
public:
    State(std::uint16_t server_port, Plan plan) : server_port_(server_port), plan_(std::move(plan)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        LAGOA_CHECK(listener_ >= 0 && ::bind(listener_, generic, size) == 0 && ::listen(listener_, 256) == 0 &&
                        ::getsockname(listener_, generic, &size) == 0,
                    "no free port on loopback");
        port_ = ntohs(address.sin_port);
        acceptor_ = std::jthread([this](std::stop_token stop) { accept_all(stop); });
    }

    ~State() {
        acceptor_.request_stop();
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        {
            const std::lock_guard lock(mutex_);
            for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
        }
        connections_.clear();  // joins
    }

    std::uint16_t port() const { return port_; }
    void set_plan(Plan plan) {
        const std::lock_guard lock(mutex_);
        plan_ = std::move(plan);
    }
    std::vector<ProxiedRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    void forget_requests() {
        const std::lock_guard lock(mutex_);
        requests_.clear();
    }
    void wait_until_quiet() const {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return under_way_ == 0; });
    }

private:
    void accept_all(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) continue;  // the destructor shuts the listener and asks to stop
            {
                const std::lock_guard lock(mutex_);
                open_.insert(socket);
            }
            connections_.emplace_back([this, socket] { serve(socket); });
        }
    }

    void serve(int descriptor) {
        {
            const Socket client(descriptor);
            std::string pending;
            while (const auto request = receive_message(client, pending, true)) {
                begin();
                const bool goes_on = disturb(client, *request);
                end();
                if (!goes_on) break;
            }
            const std::lock_guard lock(mutex_);
            open_.erase(descriptor);
        }
    }

    void begin() {
        const std::lock_guard lock(mutex_);
        ++under_way_;
    }
    void end() {
        const std::lock_guard lock(mutex_);
        --under_way_;
        changed_.notify_all();
    }

    // Whether the client's connection stays open.
    bool disturb(const Socket& client, const Message& request) {
        const auto words = split(std::string_view(request.head).substr(0, request.head.find('\r')), ' ');
        ProxiedRequest seen{
            std::string(words.at(0)), std::string(words.at(1)), request.head, request.body.size(), 0, {}};
        {
            const std::lock_guard lock(mutex_);
            if (plan_) seen.disturbance = plan_(seen, number_);
            ++number_;
        }
        const bool is_head = seen.method == "HEAD";
        std::optional<Message> answer;
        if (seen.disturbance == Disturbance::kLate) client.wait_for_end();
        if (!is_withheld(seen.disturbance)) answer = forward(request, is_head);
        if (seen.disturbance == Disturbance::kRepeat) answer = forward(request, is_head);
        if (answer) seen.answer_bytes = answer->body.size();
        const Disturbance disturbance = seen.disturbance;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(std::move(seen));
        }
        switch (disturbance) {
            case Disturbance::kNone:
            case Disturbance::kRepeat:
                return answer && client.send(answer->head) && client.send(answer->body);
            case Disturbance::kSlowDown:
                return client.send(error_answer("503 Slow Down", "SlowDown", is_head));
            case Disturbance::kInternal:
                return client.send(error_answer("500 Internal Server Error", "InternalError", is_head));
            case Disturbance::kStall:
                client.wait_for_end();
                return false;
            case Disturbance::kTruncate:
                if (answer)
                    static_cast<void>(client.send(answer->head) &&
                                      client.send(answer->body.substr(0, answer->body.size() / 2)));
                return false;
            case Disturbance::kDropRequest:
            case Disturbance::kDropAnswer:
            case Disturbance::kLate:
                return false;
        }
        return false;
    }

    static bool is_withheld(Disturbance disturbance) {
        return disturbance == Disturbance::kDropRequest || disturbance == Disturbance::kSlowDown;
    }

    // One connection a request: what happens to one must not touch another.
    std::optional<Message> forward(const Message& request, bool is_head) const {
        const Socket server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_in address = loopback(server_port_);
        if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            return std::nullopt;
        if (!server.send(request.head) || !server.send(request.body)) return std::nullopt;
        std::string pending;
        auto answer = receive_message(server, pending, !is_head);
        // It was said of this connection, not of the client's.
        if (answer) answer->head = replace_all(answer->head, "Connection: close\r\n", "");
        return answer;
    }

    const std::uint16_t server_port_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Plan plan_;                             // guarded by mutex_
    std::size_t number_ = 0;                // guarded by mutex_
    int under_way_ = 0;                     // guarded by mutex_
    std::vector<ProxiedRequest> requests_;  // guarded by mutex_
    std::set<int> open_;                    // guarded by mutex_
    std::list<std::jthread> connections_;   // touched by acceptor_, and by the destructor after it
    std::jthread acceptor_;
};

S3Proxy::S3Proxy(std::uint16_t server_port, Plan plan)
    : state_(std::make_unique<State>(server_port, std::move(plan))) {}
S3Proxy::~S3Proxy() = default;
std::string S3Proxy::endpoint() const {
    return "http://127.0.0.1:" + std::to_string(state_->port());
}
void S3Proxy::set_plan(Plan plan) {
    state_->set_plan(std::move(plan));
}
std::vector<ProxiedRequest> S3Proxy::requests() const {
    return state_->requests();
}
void S3Proxy::forget_requests() {
    state_->forget_requests();
}
void S3Proxy::wait_until_quiet() const {
    state_->wait_until_quiet();
}

}  // namespace lagoa::test
