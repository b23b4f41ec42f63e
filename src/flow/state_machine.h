// A parsed and checked Amazon States Language definition.
//
// Source: https://states-language.net/spec.html
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/document.h"
#include "flow/task.h"

namespace lagoa::flow {

struct Definition;  // flow/impl/definition.h

/// A Task as the file has it, for whoever checks that the job or source it names exists.
struct TaskUse {
    std::string state;
    std::string pointer;  ///< The state's place in the file, for Document::fail_at.
    std::string resource;
    json::Value parameters;  ///< As written, expressions unevaluated; null if there are none.
};

/// Immutable, thread-safe.
class StateMachine {
public:
    /// kInvalidConfig names file, line, JSON pointer and the fix; an unknown state type, field or
    /// resource is an error here and not when it is reached.
    static Result<StateMachine> parse(const Document& document);

    const Definition& definition() const { return *definition_; }

    /// Every Task, those of branches and of Map bodies too, in the order of the file.
    std::vector<TaskUse> tasks() const;

private:
    explicit StateMachine(std::shared_ptr<const Definition> definition);
    std::shared_ptr<const Definition> definition_;  // shared by executions that run side by side
};

struct ExecutionResult {
    enum class Status { kSucceeded, kFailed, kTimedOut, kAborted };
    Status status = Status::kFailed;
    json::Value output;        ///< kSucceeded
    TaskError error;           ///< otherwise
    std::string failed_state;  ///< The state whose error ended the run; empty on success.
};

struct ExecutionOptions {
    std::string run;      ///< The execution's id (context object).
    std::string machine;  ///< The pipeline's name (context object).
    TaskHandler task;
    HistorySink* history = nullptr;  ///< May be nullptr.
    Clock* clock = nullptr;          ///< Waits, timeouts, retries and stamps.
    std::uint64_t jitter_seed = 0;
    std::stop_token stop;
    unsigned max_parallel = 8;  ///< Branches and map items at once.
};

/// Runs to the end. An Error is returned only if history could not be recorded.
Result<ExecutionResult> execute(const StateMachine& machine, const json::Value& input, const ExecutionOptions& options);

}  // namespace lagoa::flow
