// One execution of a state machine, from ExecutionStarted to its last event.
//
// A strand runs a branch state by state. Failures travel up as values: a state's Retry and Catch answer them or they
// end the branch, which fails the Parallel or Map it belongs to, and at last the execution.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>

#include "flow/impl/data_flow.h"
#include "flow/impl/history.h"
#include "flow/state_machine.h"

namespace lagoa::flow {

class Execution {
public:
    Execution(const Definition& definition, const ExecutionOptions& options);

    Result<ExecutionResult> run(const json::Value& input);

private:
    /// What one state hands on.
    struct Step {
        json::Value output;
        std::optional<std::size_t> next;
    };
    /// Branches or items that run side by side.
    struct FanOut {
        std::size_t count = 0;
        std::size_t max_concurrency = 0;  ///< 0: as many as there are workers.
        std::function<Outcome<json::Value>(std::size_t index, Strand& strand)> run;
    };

    // execution.cc: the machine, its branches, and what every state has in common.
    Result<ExecutionResult> finish(const Outcome<json::Value>& outcome, Strand& strand);
    Outcome<json::Value> run_branch(const Branch& branch, json::Value input, Strand& strand);
    Outcome<Step> run_state(const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> attempt(const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> answer_failure(const State& state, const json::Value& raw, Failure failure, Strand& strand);
    Outcome<bool> wait_for_retry(const State& state, std::vector<std::int64_t>& attempts, const Failure& failure,
                                 Strand& strand);
    Outcome<> enter(const State& state, const json::Value& raw, Strand& strand);
    Outcome<> wait(std::chrono::microseconds duration, Strand& strand);
    std::unexpected<Failure> interruption() const;
    bool is_past_deadline() const;

    // simple_states.cc
    Outcome<Step> perform(const PassState& pass, const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> perform(const ChoiceState& choice, const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> perform(const WaitState& waiting, const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> perform(const SucceedState& succeed, const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> perform(const FailState& failing, const State& state, const json::Value& raw, Strand& strand);
    // task_state.cc
    Outcome<Step> perform(const TaskState& task, const State& state, const json::Value& raw, Strand& strand);
    Outcome<json::Value> call(const TaskState& task, const State& state, const json::Value& input,
                              std::optional<std::int64_t> timeout_seconds, Strand& strand);
    Outcome<json::Value> conclude(const TaskState& task, std::expected<json::Value, TaskError> answer, bool late,
                                  Strand& strand);
    // fan_out.cc
    Outcome<Step> perform(const ParallelState& parallel, const State& state, const json::Value& raw, Strand& strand);
    Outcome<Step> perform(const MapState& map, const State& state, const json::Value& raw, Strand& strand);
    Outcome<json::Value> run_item(const MapState& map, const State& state, const json::Value& input,
                                  const json::Value& item, std::size_t index, Strand& strand);
    Outcome<json::Array> run_side_by_side(const FanOut& fan_out, Strand& strand);
    std::size_t take_workers(std::size_t wanted);

    const Definition& definition_;
    const ExecutionOptions& options_;
    Clock& clock_;
    History history_;
    std::stop_source stop_;                  // of the whole execution
    std::optional<Instant> deadline_;        // of the machine's TimeoutSeconds
    std::atomic<std::size_t> idle_workers_;  // threads that may still be started
};

}  // namespace lagoa::flow
