#include "app/noun.h"

#include <CLI/CLI.hpp>

namespace lagoa::app {

CLI::App* noun(CLI::App& app, const std::string& name, const std::string& description) {
    const auto found = app.get_subcommands([&](CLI::App* each) { return each->get_name() == name; });
    if (!found.empty()) return found.front();
    CLI::App* made = app.add_subcommand(name, description);
    made->require_subcommand(1);
    return made;
}

}  // namespace lagoa::app
