#include <unistd.h>

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "base/text.h"
#include "state/impl/process.h"

namespace lagoa::state {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// proc(5): the second field is the command in parentheses and may hold anything, so fields are counted after
// its last ')': state is the 1st there, the start time in ticks since boot the 20th.
Process look_up(std::int64_t pid) {
    constexpr std::size_t kState = 0;
    constexpr std::size_t kStartTick = 19;
    const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
    const auto command_end = stat.rfind(") ");
    if (command_end == std::string::npos) return {};
    const auto fields = split(std::string_view(stat).substr(command_end + 2), ' ');
    if (fields.size() <= kStartTick || fields[kState] == "Z" || fields[kState] == "X") return {};
    const std::string boot = read_file("/proc/sys/kernel/random/boot_id");
    return {pid, fmt::format("{}/{}", trim(boot), fields[kStartTick])};
}

}  // namespace

Process this_process() {
    const auto pid = static_cast<std::int64_t>(::getpid());
    Process found = look_up(pid);
    found.pid = pid;
    return found;
}

bool is_alive(const Process& process) {
    return process.pid > 0 && look_up(process.pid) == process;
}

}  // namespace lagoa::state
