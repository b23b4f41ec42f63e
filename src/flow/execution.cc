#include "flow/impl/execution.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "flow/impl/watchdog.h"

namespace lagoa::flow {
namespace {

json::Object error_details(const TaskError& error) {
    return json::make_object({{"error", error.error}, {"cause", error.cause}});
}

// The types that last: Step Functions has an …StateAborted event for these. A failing sibling aborts them; when the
// whole execution is stopped, its last event says so.
bool can_be_aborted(const State& state) {
    return state.type == "Task" || state.type == "Wait" || state.type == "Parallel" || state.type == "Map";
}

json::Value make_context(const ExecutionOptions& options, const json::Value& input, Instant started) {
    return json::make_object({
        {"Execution",
         json::make_object(
             {{"Id", options.run}, {"Input", input}, {"Name", options.run}, {"StartTime", format_instant(started)}})},
        {"StateMachine", json::make_object({{"Id", options.machine}, {"Name", options.machine}})},
    });
}

}  // namespace

Execution::Execution(const Definition& definition, const ExecutionOptions& options)
    : definition_(definition),
      options_(options),
      clock_(*options.clock),
      history_(options.history, clock_),
      idle_workers_(std::max(options.max_parallel, 1U) - 1) {}

Result<ExecutionResult> Execution::run(const json::Value& input) {
    const std::stop_callback stop_with_caller(options_.stop, [this] { stop_.request_stop(); });
    const Instant started = clock_.now();
    std::optional<Watchdog> watchdog;
    if (definition_.timeout_seconds) {
        deadline_ = started + std::chrono::seconds(*definition_.timeout_seconds);
        watchdog.emplace(clock_, *deadline_, stop_);
    }
    Strand strand{stop_.get_token(), 0, 0, make_context(options_, input, started), Random(options_.jitter_seed)};
    const auto outcome = [&]() -> Outcome<json::Value> {
        LAGOA_TRY(history_.record(strand, "ExecutionStarted", "", json::make_object({{"input", json::dump(input)}})));
        return run_branch(definition_.root, input, strand);
    }();
    return finish(outcome, strand);
}

Result<ExecutionResult> Execution::finish(const Outcome<json::Value>& outcome, Strand& strand) {
    using Status = ExecutionResult::Status;
    ExecutionResult result;
    std::string event = "ExecutionSucceeded";
    json::Object details;
    if (outcome) {
        result.status = Status::kSucceeded;
        result.output = *outcome;
        details.set("output", json::dump(result.output));
    } else {
        const Failure& failure = outcome.error();
        if (failure.kind == Failure::Kind::kHistory)
            return pass_on(failure.history_error, "recording history of {}", options_.run);
        const bool timed_out = failure.kind == Failure::Kind::kTimedOut;
        const bool aborted = failure.kind == Failure::Kind::kAborted;
        result.status = timed_out ? Status::kTimedOut : aborted ? Status::kAborted : Status::kFailed;
        result.error = failure.error;
        result.failed_state = failure.state;
        event = timed_out ? "ExecutionTimedOut" : aborted ? "ExecutionAborted" : "ExecutionFailed";
        details = error_details(failure.error);
    }
    if (auto recorded = history_.record_last(strand, std::move(event), std::move(details)); !recorded)
        return pass_on(std::move(recorded).error().history_error, "recording history of {}", options_.run);
    return result;
}

Outcome<json::Value> Execution::run_branch(const Branch& branch, json::Value input, Strand& strand) {
    std::optional<std::size_t> at = branch.start_at;
    while (at) {
        const State& state = branch.states[*at];
        if (strand.stop.stop_requested() || is_past_deadline()) {
            Failure failure = interruption().error();
            failure.state = state.name;
            return pass_on(std::move(failure));
        }
        Step step = LAGOA_TRY(run_state(state, input, strand));
        input = std::move(step.output);
        at = step.next;
    }
    return input;
}

Outcome<Execution::Step> Execution::run_state(const State& state, const json::Value& raw, Strand& strand) {
    LAGOA_TRY(enter(state, raw, strand));
    std::vector<std::int64_t> attempts(state.retriers.size(), 0);
    for (std::int64_t retries = 0;; ++retries) {
        strand.context.object()->find("State")->object()->set("RetryCount", retries);
        Outcome<Step> step = attempt(state, raw, strand);
        if (!step) {
            Failure& failure = step.error();
            if (failure.kind == Failure::Kind::kEvaluation && failure.state.empty())
                failure.error.cause =
                    fmt::format("An error occurred while executing the state '{}' (entered at the event id #{}). {}",
                                state.name, strand.entered_event, failure.error.cause);
            if (failure.state.empty()) failure.state = state.name;
            const Outcome<bool> retry = wait_for_retry(state, attempts, failure, strand);
            if (retry && *retry) continue;
            if (!retry) {  // the wait was cut short
                failure = retry.error();
                failure.state = state.name;
            }
            step = answer_failure(state, raw, std::move(failure), strand);
            if (!step) return step;
        }
        LAGOA_TRY(history_.record(strand, fmt::format("{}StateExited", state.type), state.name,
                                  json::make_object({{"name", state.name}, {"output", json::dump(step->output)}})));
        return step;
    }
}

Outcome<> Execution::enter(const State& state, const json::Value& raw, Strand& strand) {
    LAGOA_TRY(history_.record(strand, fmt::format("{}StateEntered", state.type), state.name,
                              json::make_object({{"name", state.name}, {"input", json::dump(raw)}})));
    strand.entered_event = strand.last_event;
    strand.context.object()->set(
        "State",
        json::make_object({{"EnteredTime", format_instant(clock_.now())}, {"Name", state.name}, {"RetryCount", 0}}));
    return {};
}

Outcome<Execution::Step> Execution::attempt(const State& state, const json::Value& raw, Strand& strand) {
    return std::visit([&](const auto& kind) { return perform(kind, state, raw, strand); }, state.kind);
}

// The first retrier that names the error decides: it waits and says true, or has no attempts left.
Outcome<bool> Execution::wait_for_retry(const State& state, std::vector<std::int64_t>& attempts, const Failure& failure,
                                        Strand& strand) {
    if (!failure.is_answerable()) return false;
    for (std::size_t i = 0; i < state.retriers.size(); ++i) {
        const Retrier& retrier = state.retriers[i];
        if (!answers(retrier.error_equals, failure.error.error)) continue;
        if (attempts[i] >= retrier.max_attempts) return false;
        LAGOA_TRY(wait(delay_before(retrier, ++attempts[i], strand.random), strand));
        return true;
    }
    return false;
}

// No retry is left: the first catcher that names the error takes over, or the failure goes on up.
Outcome<Execution::Step> Execution::answer_failure(const State& state, const json::Value& raw, Failure failure,
                                                   Strand& strand) {
    if (failure.kind == Failure::Kind::kAborted && !stop_.stop_requested() && can_be_aborted(state))
        LAGOA_TRY(history_.record(strand, fmt::format("{}StateAborted", state.type), "", {}));
    if (!failure.is_answerable()) return pass_on(std::move(failure));
    if (!failure.closing_event.empty())
        LAGOA_TRY(history_.record(strand, std::string(failure.closing_event), "", error_details(failure.error)));
    failure.closing_event = {};
    for (const Catcher& catcher : state.catchers) {
        if (!answers(catcher.error_equals, failure.error.error)) continue;
        json::Object caught;
        if (!failure.error.error.empty()) caught.set("Error", failure.error.error);
        caught.set("Cause", failure.error.cause);
        return Step{LAGOA_TRY(merge_result(catcher.result_path, raw, std::move(caught))), catcher.next};
    }
    return pass_on(std::move(failure));
}

Outcome<> Execution::wait(std::chrono::microseconds duration, Strand& strand) {
    if (deadline_) duration = std::min<std::chrono::microseconds>(duration, *deadline_ - clock_.now());
    const bool whole = duration <= std::chrono::microseconds::zero() || clock_.sleep(duration, strand.stop);
    if (!whole || is_past_deadline()) return interruption();
    return {};
}

bool Execution::is_past_deadline() const {
    return deadline_ && clock_.now() >= *deadline_;
}

std::unexpected<Failure> Execution::interruption() const {
    if (is_past_deadline())
        return pass_on(Failure{
            .kind = Failure::Kind::kTimedOut,
            .error = {std::string(kTimeoutError),
                      fmt::format("the run took longer than its TimeoutSeconds of {}", *definition_.timeout_seconds)}});
    return pass_on(Failure{.kind = Failure::Kind::kAborted,
                           .error = {std::string(info(ErrorCode::kCancelled).asl_error), "the run was stopped"}});
}

Result<ExecutionResult> execute(const StateMachine& machine, const json::Value& input,
                                const ExecutionOptions& options) {
    LAGOA_CHECK(options.clock != nullptr, "an execution needs a clock");
    return Execution(machine.definition(), options).run(input);
}

}  // namespace lagoa::flow
