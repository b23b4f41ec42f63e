// Goal: every answer is whole or an error with the right code, and no request goes where it may not.
// Method: a scripted server on loopback that delays, cuts, lies and redirects.
#include "net/http_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/http_server.h"
#include "support/s3_proxy.h"
#include "support/scripted_server.h"

namespace lagoa::net {
namespace {

using test::ScriptedServer;
using namespace std::chrono_literals;

constexpr auto kForever = 60s;

HttpRequest local(const ScriptedServer& server, std::string target = "/") {
    return {.url = server.base_url() + std::move(target), .allow_private_addresses = true};
}

ErrorCode code_of(const Result<HttpResponse>& result) {
    EXPECT_FALSE(result.has_value());
    return result ? ErrorCode::kInternal : result.error().code;
}

TEST(HttpClient, ReturnsStatusHeadersAndBody) {
    ScriptedServer server;
    server.script("/quote", {{.status = 404, .headers = {{"X-Twice", "a"}, {"X-Twice", "b"}}, .body = "nada"}});

    const auto response = make_http_client()->send(local(server, "/quote?token=s"));

    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, 404);
    EXPECT_EQ(response->body, "nada");
    EXPECT_EQ(response->effective_url, server.base_url() + "/quote?token=s");
    ASSERT_NE(find_header(response->headers, "x-twice"), nullptr);
    EXPECT_EQ(*find_header(response->headers, "x-twice"), "a");
    EXPECT_EQ(find_header(response->headers, "absent"), nullptr);
    EXPECT_EQ(server.requests().at(0).headers.at("user-agent"), "lagoa/0.1");
}

TEST(HttpClient, SendsMethodHeadersAndBody) {
    ScriptedServer server;
    server.script("*", {{.status = 201}});
    auto client = make_http_client();
    HttpRequest put = local(server, "/key");
    put.method = "PUT";
    put.body = std::string("a\0b", 3);
    put.headers = {{"Authorization", "Bearer t"}, {"User-Agent", "other"}, {"X-Empty", ""}};
    HttpRequest empty_post = local(server, "/post");
    empty_post.method = "POST";
    HttpRequest head = local(server, "/head");
    head.method = "HEAD";

    ASSERT_TRUE(client->send(put).has_value());
    ASSERT_TRUE(client->send(empty_post).has_value());
    ASSERT_TRUE(client->send(head).has_value());

    const auto requests = server.requests();
    EXPECT_EQ(requests[0].method, "PUT");
    EXPECT_EQ(requests[0].body, put.body);
    EXPECT_EQ(requests[0].headers.at("authorization"), "Bearer t");
    EXPECT_EQ(requests[0].headers.at("user-agent"), "other");
    EXPECT_EQ(requests[0].headers.at("x-empty"), "");
    EXPECT_EQ(requests[0].headers.count("content-type"), 0u);
    EXPECT_EQ(requests[0].headers.count("expect"), 0u);
    EXPECT_EQ(requests[1].headers.at("content-length"), "0");
    EXPECT_EQ(requests[2].method, "HEAD");
}

TEST(HttpClient, CutAnswersAreUnavailable) {
    ScriptedServer server;
    auto client = make_http_client();
    server.script("/cut", {{.body = "0123456789", .cut_after = 4}});
    server.script("/silent", {{.close_without_answer = true}});
    server.script("/claims-more", {{.body = "0123456789", .content_length = 11}});
    server.script(
        "/chunks",
        {{.headers = {{"Transfer-Encoding", "chunked"}}, .body = "5\r\nabcde\r\n5\r\nab", .no_content_length = true}});
    for (const char* path : {"/cut", "/silent", "/claims-more", "/chunks"}) {
        EXPECT_EQ(code_of(client->send(local(server, path))), ErrorCode::kUnavailable) << path;
    }
}

// `lagoa` compressed by gzip, and the same with a wrong checksum.
TEST(HttpClient, DecompressesAndRefusesDamagedStreams) {
    const std::string gzip(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x49\x4c\xcf\x4f\x04\x00\x34\x06\x32\x8c\x05\x00\x00\x00", 25);
    ScriptedServer server;
    auto client = make_http_client();
    const test::ScriptedAnswer whole{.headers = {{"Content-Encoding", "gzip"}}, .body = gzip};
    test::ScriptedAnswer damaged = whole;
    damaged.body[gzip.size() - 8] ^= 1;  // the checksum
    server.script("/whole", {whole});
    server.script("/damaged", {damaged});

    const auto response = client->send(local(server, "/whole"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "lagoa");
    EXPECT_NE(server.requests()[0].headers.at("accept-encoding").find("gzip"), std::string::npos);
    EXPECT_EQ(code_of(client->send(local(server, "/damaged"))), ErrorCode::kUnavailable);
}

TEST(HttpClient, BoundsTheBodyAndTheHeaders) {
    ScriptedServer server;
    auto client = make_http_client();
    server.script("/body", {{.body = std::string(1001, 'x')}});
    server.script("/head",
                  {{.headers = std::vector<std::pair<std::string, std::string>>(80, {"X", std::string(4096, 'x')})}});
    HttpRequest request = local(server, "/body");
    request.max_body_bytes = 1000;

    EXPECT_EQ(code_of(client->send(request)), ErrorCode::kResourceExhausted);
    request.max_body_bytes = 1001;
    EXPECT_TRUE(client->send(request).has_value());
    EXPECT_EQ(code_of(client->send(local(server, "/head"))), ErrorCode::kResourceExhausted);
}

TEST(HttpClient, FollowsRedirectsUpToTheLimit) {
    ScriptedServer server;
    auto client = make_http_client();
    server.script("/loop", {{.status = 302, .headers = {{"Location", "/loop"}}}});
    server.script("/once", {{.status = 301, .headers = {{"Location", "/end"}, {"X-Hop", "1"}}, .body = "moved"}});
    server.script("/end", {{.body = "end"}});
    server.script("/file", {{.status = 302, .headers = {{"Location", "file:///etc/hostname"}}}});

    const auto response = client->send(local(server, "/once"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "end");
    EXPECT_EQ(response->effective_url, server.base_url() + "/end");
    EXPECT_EQ(find_header(response->headers, "X-Hop"), nullptr) << "headers of another hop";
    EXPECT_EQ(code_of(client->send(local(server, "/loop"))), ErrorCode::kResourceExhausted);
    EXPECT_EQ(code_of(client->send(local(server, "/file"))), ErrorCode::kPermissionDenied);

    HttpRequest not_followed = local(server, "/once");
    not_followed.max_redirects = 0;
    EXPECT_EQ(client->send(not_followed)->status, 301);
    HttpRequest post = local(server, "/once");
    post.method = "POST";
    EXPECT_EQ(client->send(post)->status, 301);
}

TEST(HttpClient, RefusesAddressesThatAreNotPublic) {
    ScriptedServer server;
    server.script("*", {{.body = "secret"}});
    auto client = make_http_client();
    const std::string port = ":" + std::to_string(server.port()) + "/";

    for (const char* host : {"127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]",
                             "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "10.0.0.1", "100.64.0.1"}) {
        HttpRequest request{.url = std::string("http://") + host + port};
        EXPECT_EQ(code_of(client->send(request)), ErrorCode::kPermissionDenied) << host;
    }
    EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, AnOpenConnectionServesNoRequestThatMayNotUseIt) {
    std::atomic<int> handled = 0;
    const auto server = HttpServer::start({}, [&](const ServerRequest&) {
        ++handled;
        return ServerResponse{.body = "x"};
    });
    ASSERT_TRUE(server.has_value());
    auto client = make_http_client();
    HttpRequest request{.url = "http://127.0.0.1:" + std::to_string((*server)->port()) + "/",
                        .allow_private_addresses = true};
    ASSERT_TRUE(client->send(request).has_value());

    request.allow_private_addresses = false;

    EXPECT_EQ(code_of(client->send(request)), ErrorCode::kPermissionDenied);
    EXPECT_EQ(handled, 1);
}

TEST(HttpClient, RefusesWhatIsNoRequest) {
    auto client = make_http_client();
    for (const char* url : {"", "brapi.dev/api", "ftp://host/", "file:///etc/passwd", "http://",
                            "http://user:secret@127.0.0.1/", "http://a b/", "gopher://127.0.0.1/"}) {
        const auto result = client->send({.url = url});
        EXPECT_EQ(code_of(result), ErrorCode::kInvalidArgument) << url;
        EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
    }
    HttpRequest split{.url = "http://127.0.0.1/", .headers = {{"X", "a\r\nY: b"}}};
    EXPECT_EQ(code_of(client->send(split)), ErrorCode::kInvalidArgument);
    HttpRequest method{.method = "GET /x", .url = "http://127.0.0.1/"};
    EXPECT_EQ(code_of(client->send(method)), ErrorCode::kInvalidArgument);
}

TEST(HttpClient, ErrorsShowNoQuery) {
    std::uint16_t port = 0;
    {
        port = ScriptedServer().port();
    }
    const auto result = make_http_client()->send(
        {.url = "http://127.0.0.1:" + std::to_string(port) + "/q?token=secret", .allow_private_addresses = true});
    EXPECT_EQ(code_of(result), ErrorCode::kUnavailable);
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
    EXPECT_NE(result.error().message.find("/q"), std::string::npos);
}

TEST(HttpClient, GivesUpAtTheDeadline) {
    ScriptedServer server;
    server.script("/late", {{.body = "x", .delay = kForever}});
    HttpRequest request = local(server, "/late");
    request.total_timeout = 50ms;
    EXPECT_EQ(code_of(make_http_client()->send(request)), ErrorCode::kDeadlineExceeded);
}

TEST(HttpClient, GivesUpOnAStall) {
    ScriptedServer server;
    server.script("*", {{.body = "late", .delay = kForever}});
    HttpRequest request = local(server);
    request.total_timeout = kForever;
    request.stall_timeout = 50ms;
    EXPECT_EQ(code_of(make_http_client()->send(request)), ErrorCode::kDeadlineExceeded);
}

// Method: a proxy keeps the client's connection and closes it instead of answering the second request. libcurl sends
// such a request again on a new connection unless told not to.
TEST(HttpClient, SendsAtMostOnceIfAsked) {
    for (const bool at_most_once : {false, true}) {
        ScriptedServer server;
        server.script("*", {{.status = 200}});
        test::S3Proxy proxy(server.port(), [](const auto&, std::size_t number) {
            return number == 1 ? test::Disturbance::kDropAnswer : test::Disturbance::kNone;
        });
        const auto client = make_http_client();
        HttpRequest request{
            .method = "PUT", .url = proxy.endpoint() + "/k", .body = "x", .allow_private_addresses = true};
        request.at_most_once = at_most_once;
        ASSERT_TRUE(client->send(request));
        const auto second = client->send(request);
        EXPECT_EQ(second ? ErrorCode::kInternal : second.error().code,
                  at_most_once ? ErrorCode::kUnavailable : ErrorCode::kInternal);
        EXPECT_EQ(server.requests().size(), at_most_once ? 2u : 3u);
        EXPECT_TRUE(client->send(request));
    }
}

TEST(HttpClient, LeavesABodyCompressedIfAsked) {
    ScriptedServer server;
    server.script("*", {{.headers = {{"Content-Encoding", "gzip"}}, .body = "\x1f\x8b as it is"}});
    HttpRequest request = local(server);
    request.decompress = false;
    EXPECT_EQ(make_http_client()->send(request)->body, "\x1f\x8b as it is");
    EXPECT_FALSE(server.requests().at(0).headers.contains("accept-encoding"));
}

TEST(HttpClient, StopsAtOnceAndIsUsableAfter) {
    ScriptedServer server;
    server.script("/late", {{.body = "x", .delay = kForever}});
    server.script("/now", {{.body = "now"}});
    auto client = make_http_client();
    std::stop_source stop;
    const auto begin = std::chrono::steady_clock::now();
    std::jthread stopper([&] {
        EXPECT_TRUE(server.wait_for_requests(1));
        stop.request_stop();
    });

    EXPECT_EQ(code_of(client->send(local(server, "/late"), stop.get_token())), ErrorCode::kCancelled);

    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(code_of(client->send(local(server, "/now"), stop.get_token())), ErrorCode::kCancelled)
        << "stopped before";
    EXPECT_EQ(client->send(local(server, "/now"))->body, "now");
}

TEST(HttpClient, ServesManyThreads) {
    ScriptedServer server;
    server.script("*", {{.body = std::string(100'000, 'x')}});
    auto client = make_http_client();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 5; ++k) {
                const auto response = client->send(local(server));
                ASSERT_TRUE(response.has_value()) << response.error().message;
                EXPECT_EQ(response->body.size(), 100'000u);
            }
        });
    }
}

}  // namespace
}  // namespace lagoa::net
