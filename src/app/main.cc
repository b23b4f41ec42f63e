// Entry: signals become a stop request, errors an exit code.
#include <pthread.h>
#include <atomic>
#include <csignal>
#include <thread>

#include "app/cli.h"

namespace {

// SIGINT and SIGTERM ask running work to stop; a second one ends the process at once.
class SignalWatch {
public:
    explicit SignalWatch(std::stop_source& source) {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        sigaddset(&set_, SIGUSR2);  // ends the watch
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        thread_ = std::jthread([this, &source] {
            for (int signal = 0; sigwait(&set_, &signal) == 0 && signal != SIGUSR2;) {
                if (received_.exchange(signal) != 0) std::_Exit(128 + signal);
                source.request_stop();
            }
        });
    }
    ~SignalWatch() { pthread_kill(thread_.native_handle(), SIGUSR2); }  // and thread_ joins
    int received() const { return received_; }

private:
    sigset_t set_{};
    std::atomic<int> received_ = 0;
    std::jthread thread_;  // last: it reads the others until it has joined
};

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    std::stop_source stop;
    const SignalWatch watch(stop);
    const int code = lagoa::app::run_command_line(argc, argv, stop.get_token());
    return watch.received() != 0 ? 128 + watch.received() : code;
}
