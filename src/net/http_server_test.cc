// Goal: the server hands each request over whole and decoded, keeps its bounds, and ends without losing
// an answer. Method: our client over loopback, and a raw socket for what no client sends.
#include "net/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

namespace lagoa::net {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<HttpServer> start(HttpServer::Handler handler, ServerOptions options = {}) {
    auto server = HttpServer::start(options, std::move(handler));
    EXPECT_TRUE(server.has_value());
    return *std::move(server);
}

HttpRequest request_to(const HttpServer& server, std::string target) {
    return {.url = "http://127.0.0.1:" + std::to_string(server.port()) + std::move(target),
            .allow_private_addresses = true};
}

/// One connection that says what it is told to.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawClient() { close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void say(std::string_view text) const {
        EXPECT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
    }
    std::string hear_all() const {
        std::string heard;
        char buffer[4096];
        for (ssize_t got = 0; (got = recv(socket_, buffer, sizeof buffer, 0)) > 0;)
            heard.append(buffer, std::size_t(got));
        return heard;
    }
    bool connected() const { return connected_; }

private:
    int socket_;
    bool connected_ = false;
};

TEST(HttpServer, HandsRequestsOverDecoded) {
    ServerRequest seen;
    auto server = start([&](const ServerRequest& request) {
        seen = request;
        return ServerResponse{.status = 201, .headers = {{"X-One", "1"}}, .body = "done"};
    });
    auto client = make_http_client();
    HttpRequest request = request_to(*server, "/a%20b/c?x=1&x=2&y=%C3%A7+z");
    request.method = "POST";
    request.body = "payload";
    request.headers = {{"X-Mine", "yes"}};

    const auto response = client->send(request);

    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 201);
    EXPECT_EQ(response->body, "done");
    EXPECT_EQ(*find_header(response->headers, "x-one"), "1");
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.path, "/a b/c");
    EXPECT_EQ(seen.query.size(), 3u);
    EXPECT_EQ(*seen.parameter("x"), "1");
    EXPECT_EQ(*seen.parameter("y"), "ç z");
    EXPECT_EQ(seen.parameter("z"), nullptr);
    EXPECT_EQ(*find_header(seen.headers, "x-mine"), "yes");
    EXPECT_EQ(seen.body, "payload");
}

TEST(HttpServer, AnswersHeadWithoutABody) {
    auto server = start([](const ServerRequest&) { return ServerResponse{.body = "12345"}; });
    RawClient raw(server->port());
    raw.say("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const std::string heard = raw.hear_all();
    EXPECT_NE(heard.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_TRUE(heard.ends_with("\r\n\r\n"));
}

TEST(HttpServer, RefusesWhatIsNotARequest) {
    auto server = start([](const ServerRequest&) { return ServerResponse{}; });
    for (const char* text : {"nonsense\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "GET /?a=%4 HTTP/1.1\r\n\r\n",
                             "GET nopath HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"}) {
        RawClient raw(server->port());
        raw.say(text);
        EXPECT_TRUE(raw.hear_all().starts_with("HTTP/1.1 400 ")) << text;
    }
}

TEST(HttpServer, BoundsBodiesAndHeaders) {
    std::atomic<int> handled = 0;
    auto server = start(
        [&](const ServerRequest&) {
            ++handled;
            return ServerResponse{};
        },
        {.max_body_bytes = 100});
    HttpRequest request = request_to(*server, "/");
    request.method = "POST";
    request.body = std::string(1'000'000, 'x');
    EXPECT_EQ(make_http_client()->send(request)->status, 413);
    request.body.clear();
    request.headers = {{"X-Long", std::string(20'000, 'x')}};
    EXPECT_EQ(make_http_client()->send(request)->status, 431);
    EXPECT_EQ(handled, 0);
    request.headers.clear();
    request.body = std::string(100, 'x');
    EXPECT_EQ(make_http_client()->send(request)->status, 200);
}

TEST(HttpServer, KeepsConnectionsAndClosesIdleOnes) {
    auto server = start([](const ServerRequest&) { return ServerResponse{.body = "ok"}; }, {.idle_timeout = 50ms});
    RawClient raw(server->port());
    raw.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");  // pipelined
    const std::string heard = raw.hear_all();  // ends when the idle connection is closed
    EXPECT_NE(heard.find("200", heard.find("ok")), std::string::npos) << heard;
    RawClient silent(server->port());
    EXPECT_EQ(silent.hear_all(), "");
}

TEST(HttpServer, BoundsConnections) {
    std::latch entered(1);
    std::latch leave(1);
    auto server = start(
        [&](const ServerRequest&) {
            entered.count_down();
            leave.wait();
            return ServerResponse{};
        },
        {.max_connections = 1});
    RawClient first(server->port());
    first.say("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    entered.wait();
    RawClient second(server->port());
    EXPECT_EQ(second.hear_all(), "");
    leave.count_down();
    EXPECT_TRUE(first.hear_all().starts_with("HTTP/1.1 200 "));
}

TEST(HttpServer, EndsWithAnswersDeliveredAndIdleConnectionsClosed) {
    std::latch entered(1);
    std::latch leave(1);
    auto server = start([&](const ServerRequest&) {
        entered.count_down();
        leave.wait();
        return ServerResponse{.body = "late but whole"};
    });
    RawClient idle(server->port());
    RawClient busy(server->port());
    busy.say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    entered.wait();
    std::jthread ending([&] { server.reset(); });
    EXPECT_EQ(idle.hear_all(), "");  // closed while the other is still being answered
    leave.count_down();
    EXPECT_TRUE(busy.hear_all().ends_with("late but whole"));
}

TEST(HttpServer, NamesTheAddressItCannotHave) {
    auto server = start([](const ServerRequest&) { return ServerResponse{}; });
    const auto second =
        HttpServer::start({.port = server->port()}, [](const ServerRequest&) { return ServerResponse{}; });
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
    EXPECT_NE(second.error().message.find(std::to_string(server->port())), std::string::npos);
    const auto named =
        HttpServer::start({.address = "no address"}, [](const ServerRequest&) { return ServerResponse{}; });
    ASSERT_FALSE(named.has_value());
    EXPECT_EQ(named.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lagoa::net
