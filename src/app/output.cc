#include "app/output.h"

#include <atomic>
#include <cerrno>
#include <cstring>

namespace lagoa::app {
namespace {

std::atomic<int> stdout_failure = 0;  // the first errno; progress is said from several threads

void keep_failure(std::FILE* out) {
    int none = 0;
    if (out == stdout) stdout_failure.compare_exchange_strong(none, errno);
}

}  // namespace

bool write_text(std::FILE* out, std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), out) == text.size()) return true;
    keep_failure(out);
    return false;
}

Result<> finish_output() {
    if (std::fflush(stdout) != 0) keep_failure(stdout);
    const int failure = stdout_failure;
    if (failure == 0 || failure == EPIPE) return {};
    return fail(ErrorCode::kUnavailable, "writing to stdout: {}", std::strerror(failure));
}

}  // namespace lagoa::app
