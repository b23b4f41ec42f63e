#include "base/check.h"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace lagoa {

void check_failed(std::string_view file, int line, std::string_view condition, std::string_view message) {
    fmt::print(stderr, "lagoa: bug at {}:{}: {} ({})\n", file, line, message, condition);
    std::abort();
}

}  // namespace lagoa
