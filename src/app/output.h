// What the program says on stdout and stderr. A stream that nobody reads, or a full disk behind it, ends no work:
// nothing here throws, and what happened to stdout is told once, by finish_output().
#pragma once

#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/result.h"

namespace lagoa::app {

/// Writes `text`; false if it could not be written, with the cause in errno.
bool write_text(std::FILE* out, std::string_view text);

/// As fmt::print, which throws; a failure is kept for finish_output().
template <class... Arguments>
void say(std::FILE* out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write_text(out, fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Flushes stdout. kUnavailable if something said there was lost; a reader that went away (`| head`) is no failure.
Result<> finish_output();

}  // namespace lagoa::app
