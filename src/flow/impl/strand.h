// One line of execution: the machine itself, a branch of a Parallel, or one item of a Map.
#pragma once

#include <cstdint>
#include <stop_token>

#include "codec/json.h"
#include "flow/impl/expression.h"

namespace lagoa::flow {

/// Owned by the one thread that runs it.
struct Strand {
    std::stop_token stop;
    std::int64_t last_event = 0;     ///< What the next event follows.
    std::int64_t entered_event = 0;  ///< The current state's …StateEntered.
    json::Value context;             ///< `$$`
    Random random;

    /// For evaluating on `input`, which outlives the result.
    Evaluation on(const json::Value& input) { return {input, context, random}; }
};

}  // namespace lagoa::flow
