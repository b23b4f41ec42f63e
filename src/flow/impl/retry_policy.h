// Retry and Catch: which error names a policy answers, and how long to wait.
//
// Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/impl/field_reader.h"
#include "flow/impl/random.h"

namespace lagoa::flow {

/// Whether a list of ErrorEquals answers `error`. States.ALL is every error but States.Runtime and
/// States.DataLimitExceeded; States.TaskFailed is the same without States.Timeout.
bool answers(std::span<const std::string> error_equals, std::string_view error);

struct Retrier {
    std::vector<std::string> error_equals;
    std::int64_t interval_seconds = 1;
    std::int64_t max_attempts = 3;
    double backoff_rate = 2.0;
    std::optional<std::int64_t> max_delay_seconds;
    bool full_jitter = false;
};

/// How long to wait before retry `attempt` (from 1).
std::chrono::microseconds delay_before(const Retrier& retrier, std::int64_t attempt, Random& random);

/// Reads a state's `Retry`; empty if it has none.
Result<std::vector<Retrier>> parse_retriers(const FieldReader& state);

/// Reads ErrorEquals of item `index` of `count`: States.ALL stands alone and last.
Result<std::vector<std::string>> parse_error_equals(const FieldReader& reader, std::size_t index, std::size_t count);

}  // namespace lagoa::flow
