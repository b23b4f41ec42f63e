#include "support/s3_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/check.h"
#include "support/loopback.h"

namespace lagoa::test {
namespace {

constexpr const char* kAccessKey = "test-access";
constexpr const char* kSecretKey = "test-secret-key";
constexpr auto kPatience = std::chrono::seconds(20);

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    LAGOA_CHECK(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                "no free port on loopback");
    ::close(socket);
    return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return connected;
}

}  // namespace

Result<std::unique_ptr<S3Server>> S3Server::start() {
    const std::string program = std::string(LAGOA_DEPS) + "/versitygw/versitygw";
    if (::access(program.c_str(), X_OK) != 0)
        return fail_with_hint(ErrorCode::kNotFound, "Run ./dev setup.", "{} is not there", program);
    std::unique_ptr<S3Server> server(new S3Server());
    std::filesystem::create_directories(server->folder_.path() / "data");
    for (int attempt = 0; attempt < 3; ++attempt)  // another process may take the port in between
        if (server->launch(program)) return server;
    return fail(ErrorCode::kUnavailable, "{} does not start", program);
}

bool S3Server::launch(const std::string& program) {
    port_ = free_port();
    const std::string address = "127.0.0.1:" + std::to_string(port_);
    const std::string data = (folder_.path() / "data").string();
    const std::string log = (folder_.path() / "log").string();
    const std::array<const char*, 13> arguments = {program.c_str(), "--access", kAccessKey,      "--secret",
                                                   kSecretKey,      "--port",   address.c_str(), "--keep-alive",
                                                   "--quiet",       "posix",    data.c_str(),    nullptr};
    const pid_t parent = ::getpid();
    process_ = ::fork();
    LAGOA_CHECK(process_ >= 0, "no process for the S3 server");
    if (process_ == 0) {  // only calls that are safe after a fork of a process with threads
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        ::execv(program.c_str(), const_cast<char* const*>(arguments.data()));
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
        if (accepts(port_)) return true;
        if (::waitpid(process_, nullptr, WNOHANG) == process_) {
            process_ = -1;
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));  // a process tells nothing else when it is ready
    }
    return false;
}

S3Server::~S3Server() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

S3Options S3Server::options() const {
    S3Options options;
    options.endpoint = "http://127.0.0.1:" + std::to_string(port_);
    options.access_key = kAccessKey;
    options.secret_key = kSecretKey;
    options.part_bytes = std::uint64_t{5} << 20;
    options.parallel_requests = 4;
    return options;
}

std::string S3Server::make_bucket() {
    const std::string name = "bucket-" + std::to_string(++buckets_);
    std::filesystem::create_directory(folder_.path() / "data" / name);  // a folder there is a bucket
    return name;
}

}  // namespace lagoa::test
