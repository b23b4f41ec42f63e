// `lagoa <noun> <verb>`: the noun's subcommand, made by whichever of its verbs comes first.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace lagoa::app {

CLI::App* noun(CLI::App& app, const std::string& name, const std::string& description);

}  // namespace lagoa::app
