// Errors across DuckDB: ours go in through raise(), the one throw, and come out unchanged; DuckDB's
// own become an Error with the code that says what the caller may do.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include "duckdb.hpp"

#include "base/result.h"

namespace lagoa {

/// Throws `error` as a DuckDB exception that carries code and hint. Only inside DuckDB's callbacks.
[[noreturn]] void raise(const Error& error);

/// raise()s kInvalidArgument for SQL text; DuckDB shows the line and the place, `position` bytes from its beginning.
[[noreturn]] void raise_syntax_error(std::size_t position, const std::string& message);

/// The value of `result`, or raise().
template <class T>
T unwrap(Result<T> result) {
    if (!result) raise(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// What to_error() made of a raise()d Error is the same Error. Others by their type: a statement that does not
/// parse or bind is kInvalidArgument, a name that is not there kNotFound, a value that does not fit
/// kDataRejected, out of memory or disk kResourceExhausted, an interrupt kCancelled.
Error to_error(const duckdb::ErrorData& error);

/// Whether `error` is a raise()d one, and not DuckDB's own.
bool is_raised(const duckdb::ErrorData& error);

/// Runs `body`, which returns a Result, and turns what it throws into its Error.
template <class Body>
std::invoke_result_t<Body> guarded(Body&& body) {
    try {
        return std::forward<Body>(body)();
    } catch (const std::exception& thrown) {
        return pass_on(to_error(duckdb::ErrorData(thrown)));
    }
}

}  // namespace lagoa
