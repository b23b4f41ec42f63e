// LAGOA_CHECK: aborts on a bug of ours, in every build. Bad input never reaches it.
#pragma once

#include <string_view>

namespace lagoa {

/// Writes file, line, condition and `message` to stderr and aborts.
[[noreturn]] void check_failed(std::string_view file, int line, std::string_view condition, std::string_view message);

}  // namespace lagoa

#define LAGOA_CHECK(condition, message) \
    (static_cast<bool>(condition) ? void() : ::lagoa::check_failed(__FILE__, __LINE__, #condition, message))
