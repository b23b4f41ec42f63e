// The command line: one Verb a command, registered in verbs.cc, run by main.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "app/workspace.h"

namespace CLI {
class App;
}

namespace lagoa::app {

/// What stands before the verb.
struct GlobalOptions {
    std::string project = ".";
    std::string log_level = "warn";
    std::string log_format = "auto";
};

/// What a verb gets when it runs.
struct Invocation {
    GlobalOptions options;
    Environment environment;
    std::stop_token stop;

    /// The project of --project. kInvalidConfig.
    Result<std::unique_ptr<Workspace>> open() const { return Workspace::open(options.project, environment, stop); }
};

/// One verb. add() declares options on its own subcommand and keeps where they go; run() is called when the
/// command line named it.
class Verb {
public:
    virtual ~Verb() = default;
    virtual void add(CLI::App& app) = 0;
    virtual Result<> run(const Invocation& invocation) = 0;
    /// Set by add(): the subcommand that stands for this verb.
    CLI::App* command = nullptr;
};

std::vector<std::unique_ptr<Verb>> all_verbs();

/// Parses and runs; returns the exit code of the error table.
int run_command_line(int argc, const char* const* argv, std::stop_token stop);

}  // namespace lagoa::app
