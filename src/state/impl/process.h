// Who a process is, so that another can tell whether it still lives.
#pragma once

#include <cstdint>
#include <string>

namespace lagoa::state {

/// A pid alone is recycled; with the machine's boot and the start tick it names one process for ever.
struct Process {
    std::int64_t pid = 0;
    std::string started;  ///< `<boot id>/<start tick>`; empty if it could not be read.

    friend bool operator==(const Process&, const Process&) = default;
};

/// The calling process. Not cached: a forked child is another process.
Process this_process();

/// Whether `process` still runs. A zombie does not.
bool is_alive(const Process& process);

}  // namespace lagoa::state
