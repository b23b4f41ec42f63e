// What flow asks of the outside: tasks to run and a place for history. app wires them.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codec/json.h"

namespace lagoa::flow {

/// A failure as ASL sees it: matched by ErrorEquals, shown by DescribeExecution.
struct TaskError {
    std::string error;  ///< `Lagoa.Unavailable`, `States.Timeout`, …
    std::string cause;
};

struct TaskCall {
    std::string resource;  ///< The state's Resource, e.g. `arn:aws:states:::lambda:invoke`.
    json::Value input;     ///< After InputPath and Parameters.
    std::string run;
    std::string state;
    std::stop_token stop;  ///< Requested on timeout, on failure of a sibling branch and on cancel.
};

/// Runs a task to its end. Called from several threads at once. The result is AWS's envelope for the resource.
using TaskHandler = std::function<std::expected<json::Value, TaskError>(const TaskCall&)>;

/// One event of an execution's history, with Step Functions' event type and order.
struct Event {
    std::int64_t id = 0;  ///< From 1.
    std::int64_t previous_id = 0;
    Instant time;
    std::string type;   ///< `TaskStateEntered`, `LambdaFunctionFailed`, …
    std::string state;  ///< Empty where AWS has none.
    json::Object details;
};

/// Told of every event before its effect is visible. An error stops the run.
class HistorySink {
public:
    virtual ~HistorySink() = default;
    virtual Result<> record(const Event& event) = 0;
};

}  // namespace lagoa::flow
