// Structured logs: one event a line, to stderr only.
//
//     log::info("delta.commit", {{"table", name}, {"version", version}, {"took_ms", ms}});
//
// error = someone must act; warn = degraded, self-healing; info = state changed; debug = the
// rest. key=value on a terminal, one JSON object a line otherwise. Never a secret, never a row.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace lagoa::log {

enum class Level { kDebug, kInfo, kWarn, kError, kOff };
enum class Format { kAuto, kText, kJson };

/// One key and its value, already text.
struct Field {
    template <class T>
    Field(std::string_view name, const T& content) : key(name), value(fmt::format("{}", content)) {}

    std::string_view key;
    std::string value;
};

/// Sets what is written, once, before threads start. The default is kWarn, kAuto.
void configure(Level level, Format format);

void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kInfo, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kWarn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::kError, event, fields);
}

}  // namespace lagoa::log
