// Result<T>: a value or an Error, and the macro that passes an error on with context.
//
//     const Snapshot snapshot = LAGOA_TRY(open(store, table), "opening {}", table);
//
// An Error says what the caller may do (its code), what happened (its message: outermost doing
// first, values last) and, where we know it, what to try next (its hint).
#pragma once

#include <expected>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/error_code.h"

namespace lagoa {

/// Why something failed, and what the caller may do about it.
struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;
    std::string hint = {};  ///< An imperative sentence for `Try: …`; may be empty.
};

/// A value or an Error. Unlike std::expected it may not be dropped unread.
template <class T = void>
struct [[nodiscard]] Result : std::expected<T, Error> {
    using std::expected<T, Error>::expected;
};

/// Makes the failed side of any Result: `return fail(ErrorCode::kNotFound, "no table {}", name);`
template <class... Args>
std::unexpected<Error> fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...)});
}

/// As fail(), with the advice that the command line prints as `Try: …`.
template <class... Args>
std::unexpected<Error> fail_with_hint(ErrorCode code, std::string hint, fmt::format_string<Args...> format,
                                      Args&&... args) {
    return std::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), std::move(hint)});
}

/// Passes `error` on unchanged.
inline std::unexpected<Error> pass_on(Error error) {
    return std::unexpected<Error>(std::move(error));
}

/// Passes `error` on with what was being done in front of its message; keeps code and hint.
template <class... Args>
std::unexpected<Error> pass_on(Error error, fmt::format_string<Args...> doing, Args&&... args) {
    error.message = fmt::format(doing, std::forward<Args>(args)...) + ": " + error.message;
    return std::unexpected<Error>(std::move(error));
}

}  // namespace lagoa

/// Unwraps a Result or returns its error, prefixed by the optional format and arguments.
/// One per statement, never nested, and never after a temporary of the same expression was made
/// (`f({a, LAGOA_TRY(b)})`): g++ 12 does not destroy that temporary when the macro returns.
#define LAGOA_TRY(result, ...)                                                                  \
    __extension__({                                                                             \
        auto try_ = (result);                                                                   \
        if (!try_) return ::lagoa::pass_on(std::move(try_).error() __VA_OPT__(, ) __VA_ARGS__); \
        std::move(try_).operator*();                                                            \
    })
