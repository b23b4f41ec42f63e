#include "app/cli.h"

#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/install.h"
#include "app/output.h"
#include "base/log.h"

namespace lagoa::app {
namespace {

log::Level level_of(const std::string& name) {
    if (name == "debug") return log::Level::kDebug;
    if (name == "info") return log::Level::kInfo;
    if (name == "error") return log::Level::kError;
    if (name == "off") return log::Level::kOff;
    return log::Level::kWarn;
}

int report(const Error& error) {
    say(stderr, "lagoa: {}\n", error.message);
    if (!error.hint.empty()) say(stderr, "  Try: {}\n", error.hint);
    return info(error.code).exit_code;
}

}  // namespace

int run_command_line(int argc, const char* const* argv, std::stop_token stop) {
    Invocation invocation{.options = {}, .environment = process_environment(), .stop = std::move(stop)};
    CLI::App app("Lagoa: a market-data lakehouse in one program.", "lagoa");
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("lagoa ") + kVersion);
    app.add_option("-C,--project", invocation.options.project, "Folder of lagoa.yaml, or one below it")
        ->envname("LAGOA_PROJECT");
    app.add_option("--log-level", invocation.options.log_level, "debug, info, warn, error or off")
        ->envname("LAGOA_LOG_LEVEL")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
    app.add_option("--log-format", invocation.options.log_format, "auto, text or json")
        ->check(CLI::IsMember({"auto", "text", "json"}));
    app.footer("Every command explains itself with --help. Results go to stdout, talk to stderr.");
    const auto verbs = all_verbs();
    for (const auto& verb : verbs) verb->add(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked = error.get_exit_code() == 0;  // --help, --version
        app.exit(error, std::cout, std::cerr);
        std::cout.flush();
        return asked ? 0 : info(ErrorCode::kInvalidArgument).exit_code;
    }
    log::configure(level_of(invocation.options.log_level), invocation.options.log_format == "json" ? log::Format::kJson
                                                           : invocation.options.log_format == "text"
                                                               ? log::Format::kText
                                                               : log::Format::kAuto);
    for (const auto& verb : verbs) {
        if (!verb->command->parsed()) continue;
        const auto done = verb->run(invocation);
        const auto written = finish_output();
        if (!done) return report(done.error());
        return written ? 0 : report(written.error());
    }
    return info(ErrorCode::kInternal).exit_code;
}

}  // namespace lagoa::app
