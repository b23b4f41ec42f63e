// Goal: the fake that other tests trust (test/support/scripted_server.h) does what its script says.
// Method: raw bytes over a socket, so that no client's tolerance hides a fault of the fake.
#include "support/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace lagoa::test {
namespace {

std::string exchange(const ScriptedServer& server, std::string_view text) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(socket, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    std::string heard;
    char buffer[4096];
    for (ssize_t got = 0; (got = recv(socket, buffer, sizeof buffer, 0)) > 0;) {
        heard.append(buffer, static_cast<std::size_t>(got));
    }
    close(socket);
    return heard;
}

TEST(ScriptedServer, AnswersInTurnAndRepeatsTheLast) {
    ScriptedServer server;
    server.script("/a", {{.status = 500}, {.headers = {{"X", "y"}}, .body = "two"}});
    EXPECT_EQ(exchange(server, "GET /a?q=1 HTTP/1.1\r\n\r\n"),
              "HTTP/1.1 500 Scripted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(exchange(server, "GET /a HTTP/1.1\r\n\r\n"),
                  "HTTP/1.1 200 Scripted\r\nConnection: close\r\nX: y\r\nContent-Length: 3\r\n\r\ntwo");
    }
    EXPECT_TRUE(exchange(server, "GET /b HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    server.script("*", {{.status = 204}});
    EXPECT_TRUE(exchange(server, "GET /b HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 204 "));
}

TEST(ScriptedServer, PlaysFaults) {
    ScriptedServer server;
    server.script("/cut", {{.body = "0123456789", .cut_after = 3}});
    server.script("/lie", {{.body = "01", .content_length = 7}});
    server.script("/none", {{.close_without_answer = true}});
    server.script("/open", {{.body = "01", .no_content_length = true}});
    EXPECT_TRUE(exchange(server, "GET /cut HTTP/1.1\r\n\r\n").ends_with("Content-Length: 10\r\n\r\n012"));
    EXPECT_TRUE(exchange(server, "GET /lie HTTP/1.1\r\n\r\n").ends_with("Content-Length: 7\r\n\r\n01"));
    EXPECT_EQ(exchange(server, "GET /none HTTP/1.1\r\n\r\n"), "");
    EXPECT_TRUE(exchange(server, "GET /open HTTP/1.1\r\n\r\n").ends_with("close\r\n\r\n01"));
}

TEST(ScriptedServer, RemembersRequests) {
    ScriptedServer server;
    exchange(server, "POST /p?x=1 HTTP/1.1\r\nContent-Length: 4\r\nX-Name:  v \r\n\r\nbody");
    ASSERT_TRUE(server.wait_for_requests(1));
    const auto request = server.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/p?x=1");
    EXPECT_EQ(request.headers.at("x-name"), "v");
    EXPECT_EQ(request.body, "body");
}

TEST(ScriptedServer, EndsWhileAnAnswerIsDelayed) {
    ScriptedServer server;
    server.script("/late", {{.delay = std::chrono::hours(1)}});
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_GT(send(socket, "GET /late HTTP/1.1\r\n\r\n", 22, MSG_NOSIGNAL), 0);
    ASSERT_TRUE(server.wait_for_requests(1));
    close(socket);
}  // returns although an hour is left

}  // namespace
}  // namespace lagoa::test
