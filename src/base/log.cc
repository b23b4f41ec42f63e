#include "base/log.h"

#include <unistd.h>
#include <array>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/text.h"

namespace lagoa::log {
namespace {

struct Settings {
    std::shared_ptr<spdlog::logger> logger;  // shared_ptr: spdlog's own ownership rule
    bool json = false;
};

Settings& settings() {
    static Settings value = [] {
        Settings made;
        made.logger = spdlog::stderr_logger_mt("lagoa");
        made.logger->set_pattern("%v");
        made.logger->set_level(spdlog::level::warn);
        made.json = isatty(STDERR_FILENO) == 0;
        return made;
    }();
    return value;
}

constexpr std::array kLevels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err,
                                spdlog::level::off};
constexpr std::array<std::string_view, 5> kNames = {"debug", "info", "warn", "error", "off"};

std::size_t index(Level level) {
    return static_cast<std::size_t>(level);
}

}  // namespace

void configure(Level level, Format format) {
    settings().logger->set_level(kLevels[index(level)]);
    if (format != Format::kAuto) settings().json = format == Format::kJson;
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    auto& [logger, json] = settings();
    if (!logger->should_log(kLevels[index(level)])) return;
    const std::string now = format_instant(system_clock().now());
    std::string line =
        json ? fmt::format(R"({{"time":"{}","level":"{}","event":{})", now, kNames[index(level)], quote_json(event))
             : fmt::format("{} {:5} {}", now, kNames[index(level)], event);
    for (const auto& field : fields) {
        if (json)
            line += fmt::format(",{}:{}", quote_json(field.key), quote_json(field.value));
        else if (field.value.find_first_of(" \"=\n") == std::string::npos)
            line += fmt::format(" {}={}", field.key, field.value);
        else
            line += fmt::format(" {}={}", field.key, quote_json(field.value));
    }
    if (json) line += '}';
    logger->log(kLevels[index(level)], "{}", line);
}

}  // namespace lagoa::log
