// The codes an Error may carry: what the caller may do next, from disk to HTTP status.
//
// One table (error_code.cc) maps each code to its HTTP status, SQLSTATE, exit code and ASL
// error name; app, serve and flow read it. A new code needs a decision record.
#pragma once

#include <string_view>

namespace lagoa {

enum class ErrorCode {
    kInvalidArgument,    ///< Fix the request.
    kInvalidConfig,      ///< Fix the project file named in the message.
    kNotFound,           ///< Look elsewhere.
    kAlreadyExists,      ///< Treat as done.
    kConflict,           ///< Re-read, rebase, commit again.
    kUnavailable,        ///< Retry this very call, with backoff.
    kDeadlineExceeded,   ///< Retry only if idempotent.
    kCancelled,          ///< Retry only if idempotent.
    kUnauthenticated,    ///< Log in.
    kPermissionDenied,   ///< Ask for a grant.
    kResourceExhausted,  ///< Ask for less, or later.
    kDataRejected,       ///< A contract or a job said no; the message names the rule.
    kCorruption,         ///< Stop and report: the data are damaged.
    kUnsupported,        ///< Upgrade, or drop the feature.
    kInternal,           ///< Stop and report: our bug.
};

/// Whether a call that failed with `code` may have had its effect all the same: what it refers to must stay.
constexpr bool is_outcome_unknown(ErrorCode code) {
    return code == ErrorCode::kUnavailable || code == ErrorCode::kDeadlineExceeded;
}

/// How one code looks from outside.
struct ErrorCodeInfo {
    ErrorCode code;
    std::string_view name;  ///< `not_found`, in logs and `--json`.
    int http_status;
    std::string_view sqlstate;
    int exit_code;
    std::string_view asl_error;  ///< Matched by ErrorEquals in Retry and Catch.
};

/// The row of `code`.
const ErrorCodeInfo& info(ErrorCode code);

}  // namespace lagoa
