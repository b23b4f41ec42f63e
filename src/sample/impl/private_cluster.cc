#include "sample/impl/private_cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"

namespace lagoa::sample {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kStartLimit = 60s;
constexpr auto kPollInterval = 20ms;
constexpr int kAttempts = 3;    // a port may be taken between finding and using it
constexpr int kLifelineFd = 3;  // in the supervisor

Result<std::optional<Account>> unprivileged_account() {
    if (geteuid() != 0) return std::optional<Account>();
    for (const char* name : {"postgres", "nobody"}) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): start() is not called concurrently with itself
        if (const passwd* entry = getpwnam(name)) return std::optional(Account{entry->pw_uid, entry->pw_gid});
    }
    return fail(ErrorCode::kNotFound,
                "starting PostgreSQL: it does not run as root, and there is no account postgres or nobody");
}

Result<fs::path> find_binaries() {
    std::vector<fs::path> folders = {"/usr/lib/postgresql/15/bin"};
    if (const char* path = std::getenv("PATH")) {
        for (const std::string_view folder : split(path, ':')) folders.emplace_back(folder);
    }
    std::error_code error;
    for (const fs::path& folder : folders) {
        if (fs::exists(folder / "initdb", error) && fs::exists(folder / "postgres", error)) return folder;
    }
    return fail_with_hint(ErrorCode::kNotFound, "install the package postgresql-15, or run without a legacy database",
                          "starting PostgreSQL: initdb is neither in /usr/lib/postgresql/15/bin nor on the PATH");
}

/// A command's arguments, laid out before fork(): between fork() and exec() nothing may allocate.
class Command {
public:
    explicit Command(std::vector<std::string> words) : words_(std::move(words)) {
        for (std::string& word : words_) pointers_.push_back(word.data());
        pointers_.push_back(nullptr);
    }
    [[noreturn]] void become() const {
        execv(pointers_[0], pointers_.data());
        _exit(127);
    }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

// The functions below run between fork() and exec() or _exit(): async-signal-safe calls only.

void give_up_root(const std::optional<Account>& account) {
    if (!account) return;
    if (setgroups(0, nullptr) != 0 || setgid(account->group) != 0 || setuid(account->user) != 0) _exit(126);
}

/// Standard input from nowhere, both outputs to the log, every other descriptor but `kept` closed.
void redirect(const char* log, int kept) {
    const int null = open("/dev/null", O_RDONLY);
    const int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(null, 0);
    dup2(out, 1);
    dup2(out, 2);
    if (kept >= 0 && kept != kLifelineFd) dup2(kept, kLifelineFd);
    closefrom(kept >= 0 ? kLifelineFd + 1 : 3);
}

/// Runs in the supervisor: starts the server, waits for the end of either side, leaves nothing behind.
[[noreturn]] void supervise(const Command& server, const Command& removal, const std::optional<Account>& account,
                            const char* log, int lifeline) {
    setsid();  // signals of the terminal are for our parent; we outlive it by a moment
    redirect(log, lifeline);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const pid_t postgres = fork();
    if (postgres == 0) {
        close(kLifelineFd);
        give_up_root(account);
        server.become();
    }
    for (const int asked_to_end : {SIGINT, SIGTERM, SIGHUP}) signal(asked_to_end, SIG_IGN);
    pollfd parent{.fd = kLifelineFd, .events = POLLIN, .revents = 0};
    bool running = postgres > 0;
    while (running && poll(&parent, 1, 200) <= 0) running = waitpid(postgres, nullptr, WNOHANG) == 0;
    if (running) {
        kill(postgres, SIGINT);  // fast shutdown: sessions are ended
        for (int i = 0; i < 50 && running; ++i) {
            poll(nullptr, 0, 100);
            running = waitpid(postgres, nullptr, WNOHANG) == 0;
        }
        if (running) {
            kill(postgres, SIGQUIT);
            waitpid(postgres, nullptr, 0);
        }
    }
    removal.become();
}

// Until here.

std::string last_line(const fs::path& log) {
    std::ifstream file(log);
    std::string line, last = "nothing in its log";
    while (std::getline(file, line)) {
        if (!trim(line).empty()) last = line;
    }
    return last;
}

/// The status `child` ended with, interruptions by signals aside.
int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

Result<> run_to_end(const Command& command, const std::optional<Account>& account, const fs::path& log) {
    const std::string log_name = log.string();
    const pid_t child = fork();
    if (child == 0) {
        redirect(log_name.c_str(), -1);
        give_up_root(account);
        command.become();
    }
    if (child < 0) return fail(ErrorCode::kUnavailable, "no process left");
    const int status = wait_for(child);
    if (status != 0) return fail(ErrorCode::kUnavailable, "it ended with status {}: {}", status, last_line(log));
    return {};
}

/// A port of loopback that was free a moment ago.
std::uint16_t free_port() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = bind(listener, generic, size) == 0 && getsockname(listener, generic, &size) == 0;
    close(listener);
    return bound ? ntohs(address.sin_port) : std::uint16_t{0};
}

constexpr std::string_view kFolderPrefix = "lagoa-legacy-";
constexpr std::string_view kOwnerFile = "owner";  // holds the process's id

bool is_abandoned(const fs::directory_entry& folder) {
    std::error_code error;
    if (!folder.path().filename().string().starts_with(kFolderPrefix) || folder.is_symlink(error) ||
        !folder.is_directory(error))
        return false;
    pid_t owner = 0;
    std::ifstream(folder.path() / kOwnerFile) >> owner;
    return owner > 0 && kill(owner, 0) != 0 && errno == ESRCH;
}

/// Removes the folders of owners that were killed before a supervisor could do it.
void sweep_abandoned(const fs::path& parent) {
    std::error_code ignored;
    std::vector<fs::path> abandoned;
    for (fs::directory_iterator entry(parent, ignored), end; entry != end; entry.increment(ignored)) {
        if (is_abandoned(*entry)) abandoned.push_back(entry->path());
    }
    for (const fs::path& folder : abandoned) fs::remove_all(folder, ignored);
}

Result<fs::path> make_folder(const std::optional<Account>& account) {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    std::string name = (parent / kFolderPrefix).string() + "XXXXXX";
    if (!error) sweep_abandoned(parent);
    if (error || mkdtemp(name.data()) == nullptr) {
        return fail(ErrorCode::kUnavailable, "making a temporary folder in {}: not possible", parent.string());
    }
    std::ofstream(fs::path(name) / kOwnerFile) << getpid();
    if (account && chown(name.c_str(), account->user, account->group) != 0) {
        fs::remove_all(name, error);
        return fail(ErrorCode::kUnavailable, "giving {} to PostgreSQL's account: not possible", name);
    }
    return fs::path(name);
}

}  // namespace

Result<std::unique_ptr<PrivateCluster>> PrivateCluster::start() {
    const fs::path binaries = LAGOA_TRY(find_binaries());
    const auto account = LAGOA_TRY(unprivileged_account());
    for (int attempt = 1;; ++attempt) {
        auto folder = LAGOA_TRY(make_folder(account));
        std::unique_ptr<PrivateCluster> cluster(new PrivateCluster(std::move(folder)));
        auto started = cluster->launch(binaries, account);
        if (started) return cluster;
        if (attempt == kAttempts) return pass_on(started.error(), "starting PostgreSQL");
    }
}

Result<> PrivateCluster::launch(const fs::path& binaries, const std::optional<Account>& account) {
    const std::string folder = folder_.string(), data = folder + "/data", log = folder + "/log";
    // Over TCP a password is asked for; the socket's folder lets nobody but its owner in.
    const Command initdb({(binaries / "initdb").string(), "-D", data, "-U", "owner", "--auth-local=trust",
                          "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"});
    LAGOA_TRY(run_to_end(initdb, account, log), "running initdb");

    port_ = free_port();
    // Its data are ours to make again: durability is given up for speed.
    const Command server({(binaries / "postgres").string(),
                          "-D",
                          data,
                          "-k",
                          folder,
                          "-h",
                          "127.0.0.1",
                          "-p",
                          std::to_string(port_),
                          "-c",
                          "fsync=off",
                          "-c",
                          "synchronous_commit=off",
                          "-c",
                          "full_page_writes=off",
                          "-c",
                          "max_connections=32",
                          "-c",
                          "shared_buffers=32MB",
                          "-c",
                          "autovacuum=off"});
    const Command removal({"/bin/rm", "-rf", folder});
    std::array<int, 2> pipe_ends{};
    if (pipe2(pipe_ends.data(), O_CLOEXEC) != 0) return fail(ErrorCode::kUnavailable, "no pipe left");
    supervisor_ = fork();
    if (supervisor_ == 0) supervise(server, removal, account, log.c_str(), pipe_ends[0]);
    close(pipe_ends[0]);
    lifeline_ = pipe_ends[1];
    if (supervisor_ < 0) return fail(ErrorCode::kUnavailable, "no process left");
    return wait_until_ready();
}

Result<> PrivateCluster::wait_until_ready() {
    const std::string conninfo = owner_conninfo("postgres");
    for (auto waited = 0ms; waited < kStartLimit; waited += kPollInterval) {
        const std::string talk = last_line(folder_ / "log");  // read while it is there: it goes with the server
        if (PQping(conninfo.c_str()) == PQPING_OK) return {};
        if (waitpid(supervisor_, nullptr, WNOHANG) == supervisor_) {
            supervisor_ = -1;
            return fail(ErrorCode::kUnavailable, "the server ended at once: {}", talk);
        }
        system_clock().sleep(kPollInterval);
    }
    return fail(ErrorCode::kDeadlineExceeded, "not ready in time: {}", last_line(folder_ / "log"));
}

PrivateCluster::~PrivateCluster() {
    if (lifeline_ >= 0) close(lifeline_);
    if (supervisor_ > 0) wait_for(supervisor_);
    std::error_code ignored;  // the supervisor has removed it, but for a start that failed
    fs::remove_all(folder_, ignored);
}

std::string PrivateCluster::owner_conninfo(const std::string& database) const {
    return fmt::format("host={} port={} user=owner dbname={} connect_timeout=10", folder_.string(), port_, database);
}

}  // namespace lagoa::sample
