// HttpServer over Beast: each connection is a chain of asynchronous reads and writes on its own strand,
// and the handler runs on the pool between the two, so at most `threads` handlers run at a time.
#include "net/http_server.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "net/percent_encoding.h"

namespace lagoa::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using BeastError = beast::error_code;

constexpr std::chrono::milliseconds kDrain{2'000};   // what a started answer may take once the server ends
constexpr std::chrono::milliseconds kLinger{1'000};  // what a client may take to read a last answer
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::uint32_t kMaxHeadBytes = 16'384;

ServerResponse plain_text(int status, std::string_view text) {
    return {.status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::string(text)};
}

/// Nothing if the target is not a decodable path and query.
std::optional<ServerRequest> to_request(http::request<http::string_body>&& message) {
    ServerRequest request;
    request.method = std::string(message.method_string());
    const std::string_view target(message.target().data(), message.target().size());
    const std::size_t question = std::min(target.find('?'), target.size());
    auto path = percent_decode(target.substr(0, question));
    auto query = decode_query(question < target.size() ? target.substr(question + 1) : std::string_view{});
    if (!path || !query || !path->starts_with('/')) return std::nullopt;
    request.path = *std::move(path);
    request.query = *std::move(query);
    for (const auto& field : message) request.headers.emplace_back(field.name_string(), field.value());
    request.body = std::move(message.body());
    return request;
}

class Server;

/// One connection. Kept alive by the operation it waits for; every member is touched on its strand only.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket&& socket, Server& server) : stream_(std::move(socket)), server_(server) {}
    ~Session();

    void start() {
        asio::post(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
    }

    /// Ends an idle connection now, a busy one after its answer.
    void stop() {
        asio::post(stream_.get_executor(), [self = shared_from_this()] {
            self->stopping_ = true;
            if (self->reading_) self->close();
        });
    }

private:
    void read();
    void on_read(BeastError error);
    void answer(ServerResponse response, bool keep_alive);
    void finish();
    void discard_input();
    void close() {
        BeastError ignored;  // the connection is going away, whatever its state
        stream_.socket().shutdown(tcp::socket::shutdown_both, ignored);
        stream_.close();
    }

    beast::tcp_stream stream_;
    Server& server_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::string_body> response_;
    bool reading_ = false;
    bool stopping_ = false;
    bool head_only_ = false;
    bool input_left_ = false;  // a request that was refused before its end
};

class Server final : public HttpServer {
public:
    Server(const ServerOptions& options, Handler handler)
        : options_(options),
          handler_(std::move(handler)),
          acceptor_(asio::make_strand(context_)),
          pause_(acceptor_.get_executor()) {}

    Result<> listen() {
        BeastError error;
        const auto address = asio::ip::make_address(options_.address, error);
        if (error) return fail(ErrorCode::kInvalidArgument, "listening on {}: not a numeric address", options_.address);
        const tcp::endpoint endpoint(address, options_.port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (!error) port_ = acceptor_.local_endpoint(error).port();
        if (error) {
            return fail(ErrorCode::kUnavailable, "listening on {} port {}: {}", options_.address, options_.port,
                        error.message());
        }
        accept();
        for (unsigned i = 0; i < std::max(1u, options_.threads); ++i) {
            threads_.emplace_back([this] { context_.run(); });
        }
        return {};
    }

    ~Server() override {
        asio::post(acceptor_.get_executor(), [this] {
            BeastError ignored;  // nothing is accepted any more, whatever it says
            acceptor_.close(ignored);
        });
        for (const auto& session : close_admission()) session->stop();
        {
            std::unique_lock lock(mutex_);
            all_gone_.wait_for(lock, kDrain, [this] { return sessions_.empty(); });
        }
        context_.stop();
        threads_.clear();  // joins
    }

    std::uint16_t port() const override { return port_; }
    const ServerOptions& options() const { return options_; }
    const Handler& handler() const { return handler_; }

    void forget(const Session* session) {
        const std::lock_guard lock(mutex_);
        sessions_.erase(session);
        if (sessions_.empty()) all_gone_.notify_all();
    }

private:
    void accept() {
        acceptor_.async_accept(asio::make_strand(context_), [this](BeastError error, tcp::socket socket) {
            if (!acceptor_.is_open()) return;
            if (!error) admit(std::move(socket));
            if (!error || error == asio::error::connection_aborted) return accept();
            pause_.expires_after(kAcceptPause);  // out of descriptors, most likely
            pause_.async_wait([this](BeastError) {
                if (acceptor_.is_open()) accept();
            });
        });
    }

    /// No session is added from now on. Their last owners may be the ones returned, which must not go
    /// while mutex_ is held: a session that ends takes it.
    std::vector<std::shared_ptr<Session>> close_admission() {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        std::vector<std::shared_ptr<Session>> alive;
        for (const auto& [address, session] : sessions_) {
            if (auto owner = session.lock()) alive.push_back(std::move(owner));
        }
        return alive;
    }

    void admit(tcp::socket socket) {
        auto session = std::make_shared<Session>(std::move(socket), *this);
        {
            const std::lock_guard lock(mutex_);
            // Over the limit the connection is closed unanswered: an answer would need a place of its own.
            if (stopping_ || sessions_.size() >= options_.max_connections) return;
            sessions_.emplace(session.get(), session);
        }
        session->start();
    }

    const ServerOptions options_;
    const Handler handler_;
    std::mutex mutex_;
    std::condition_variable all_gone_;
    std::map<const Session*, std::weak_ptr<Session>> sessions_;  // guarded by mutex_
    bool stopping_ = false;                                      // guarded by mutex_
    std::uint16_t port_ = 0;
    asio::io_context context_;  // its pending operations hold sessions: destroyed before what they use
    tcp::acceptor acceptor_;
    asio::steady_timer pause_;
    std::vector<std::jthread> threads_;
};

Session::~Session() {
    server_.forget(this);
}

void Session::read() {
    parser_.emplace();
    parser_->body_limit(server_.options().max_body_bytes);
    parser_->header_limit(kMaxHeadBytes);
    stream_.expires_after(server_.options().idle_timeout);
    reading_ = true;
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](BeastError error, std::size_t) { self->on_read(error); });
}

void Session::on_read(BeastError error) {
    reading_ = false;
    head_only_ = false;
    input_left_ = bool(error);
    if (error == http::error::body_limit) return answer(plain_text(413, "the body is too large\n"), false);
    if (error == http::error::header_limit) return answer(plain_text(431, "the headers are too large\n"), false);
    if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
        return answer(plain_text(400, "not an HTTP/1.1 request\n"), false);
    }
    if (error) return close();

    const bool keep_alive = parser_->get().keep_alive();
    head_only_ = parser_->get().method() == http::verb::head;
    const auto request = to_request(parser_->release());
    if (!request) return answer(plain_text(400, "the target is not a well-formed path and query\n"), false);
    answer(server_.handler()(*request), keep_alive);
}

void Session::answer(ServerResponse response, bool keep_alive) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(response.status));
    for (const auto& [name, value] : response.headers) response_.insert(name, value);
    response_.keep_alive(keep_alive && !stopping_);
    response_.content_length(response.body.size());
    if (!head_only_) response_.body() = std::move(response.body);
    stream_.expires_after(server_.options().idle_timeout);
    http::async_write(stream_, response_, [self = shared_from_this()](BeastError error, std::size_t) {
        if (error) return self->close();
        if (self->stopping_ || !self->response_.keep_alive()) return self->finish();
        self->read();
    });
}

// Closing with input unread would reset the connection and could take the answer with it.
void Session::finish() {
    if (!input_left_) return close();
    BeastError ignored;  // a client that is gone already needs no end of stream
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    reading_ = true;
    discard_input();
}

void Session::discard_input() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kMaxHeadBytes), [self = shared_from_this()](BeastError error, std::size_t) {
        if (error) return self->close();
        self->discard_input();
    });
}

}  // namespace

const std::string* ServerRequest::parameter(std::string_view name) const {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? nullptr : &found->second;
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options, Handler handler) {
    auto server = std::make_unique<Server>(options, std::move(handler));
    LAGOA_TRY(server->listen());
    return server;
}

}  // namespace lagoa::net
