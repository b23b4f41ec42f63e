// Why a state, a branch or an execution did not succeed, while it travels up through the interpreter.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/result.h"
#include "flow/task.h"

namespace lagoa::flow {

struct Failure {
    enum class Kind {
        kState,       ///< A task's or a Fail state's own error: Retry and Catch may answer.
        kEvaluation,  ///< A path, template or function did not work out on this input.
        kTimedOut,    ///< The machine's TimeoutSeconds has passed: nothing may answer.
        kAborted,     ///< Stopped from outside or by a failing sibling: nothing may answer.
        kHistory,     ///< History could not be recorded: nothing may answer.
    };
    Kind kind = Kind::kState;
    TaskError error = {};
    std::string state = {};               ///< The innermost state it arose in; set on the way up.
    std::string_view closing_event = {};  ///< What ends a Parallel or Map that will not be retried.
    Error history_error = {};             ///< kHistory.

    /// Whether Retry and Catch may answer it.
    bool is_answerable() const { return kind == Kind::kState || kind == Kind::kEvaluation; }
};

/// A value or a Failure. Works with LAGOA_TRY.
template <class T = void>
struct [[nodiscard]] Outcome : std::expected<T, Failure> {
    using std::expected<T, Failure>::expected;
};

inline constexpr std::string_view kRuntimeError = "States.Runtime";
inline constexpr std::string_view kIntrinsicError = "States.IntrinsicFailure";
inline constexpr std::string_view kTimeoutError = "States.Timeout";

/// A failure of evaluation, named `error` (`States.Runtime` is the one nothing answers).
template <class... Args>
std::unexpected<Failure> fail_evaluation(std::string_view error, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected<Failure>(Failure{
        .kind = Failure::Kind::kEvaluation,
        .error = {std::string(error), fmt::format(format, std::forward<Args>(args)...)},
    });
}

}  // namespace lagoa::flow

namespace lagoa {

/// Lets LAGOA_TRY pass a Failure on.
inline std::unexpected<flow::Failure> pass_on(flow::Failure failure) {
    return std::unexpected<flow::Failure>(std::move(failure));
}

}  // namespace lagoa
