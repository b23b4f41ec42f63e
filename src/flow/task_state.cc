// Task: one call of the handler, told by Step Functions' events for its kind of resource.
#include "base/check.h"
#include "flow/impl/execution.h"
#include "flow/impl/watchdog.h"

namespace lagoa::flow {
namespace {

std::string event_name(const Resource& resource, std::string_view what) {
    return fmt::format("{}{}", resource.is_function ? "LambdaFunction" : "Task", what);
}

json::Object integration_details(const Resource& resource) {
    if (resource.is_function) return {};
    return json::make_object({{"resourceType", resource.type}, {"resource", resource.action}});
}

json::Object scheduled_details(const Resource& resource, const json::Value& input,
                               std::optional<std::int64_t> timeout_seconds) {
    json::Object details = integration_details(resource);
    if (resource.is_function) details.set("resource", resource.arn);
    details.set(resource.is_function ? "input" : "parameters", json::dump(input));
    if (timeout_seconds) details.set("timeoutInSeconds", *timeout_seconds);
    return details;
}

}  // namespace

Outcome<Execution::Step> Execution::perform(const TaskState& task, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(effective_input(state, raw, strand));
    std::optional<std::int64_t> timeout_seconds;
    if (task.timeout_seconds) {
        timeout_seconds = LAGOA_TRY(resolve_integer(*task.timeout_seconds, "TimeoutSeconds", raw, strand));
        if (*timeout_seconds == 0)
            return fail_evaluation(kRuntimeError, "TimeoutSecondsPath refers to 0, which is not positive.");
    }
    json::Value result = LAGOA_TRY(call(task, state, input, timeout_seconds, strand));
    return Step{LAGOA_TRY(effective_output(state, raw, std::move(result), strand)), state.next};
}

Outcome<json::Value> Execution::call(const TaskState& task, const State& state, const json::Value& input,
                                     std::optional<std::int64_t> timeout_seconds, Strand& strand) {
    LAGOA_CHECK(options_.task != nullptr, "a machine with tasks needs a task handler");
    const Resource& resource = task.resource;
    LAGOA_TRY(history_.record(strand, event_name(resource, "Scheduled"), "",
                              scheduled_details(resource, input, timeout_seconds)));
    LAGOA_TRY(history_.record(strand, event_name(resource, "Started"), "", integration_details(resource)));
    if (resource.waits) LAGOA_TRY(history_.record(strand, "TaskSubmitted", "", integration_details(resource)));

    std::stop_source own_stop;  // also requested when the strand is stopped
    const std::stop_callback stop_with_strand(strand.stop, [&] { own_stop.request_stop(); });
    const Instant started = clock_.now();
    const std::chrono::seconds timeout(timeout_seconds.value_or(0));
    std::optional<Watchdog> watchdog;
    if (timeout_seconds) watchdog.emplace(clock_, started + timeout, own_stop);
    auto answer = options_.task({resource.arn, input, options_.run, state.name, own_stop.get_token()});
    watchdog.reset();
    return conclude(task, std::move(answer), timeout_seconds && clock_.now() - started >= timeout, strand);
}

// A result that came counts, even if a stop was requested meanwhile: its effects are there.
Outcome<json::Value> Execution::conclude(const TaskState& task, std::expected<json::Value, TaskError> answer, bool late,
                                         Strand& strand) {
    const Resource& resource = task.resource;
    json::Object details = integration_details(resource);
    if (!late && answer) {
        details.set("output", json::dump(*answer));
        LAGOA_TRY(history_.record(strand, event_name(resource, "Succeeded"), "", std::move(details)));
        return std::move(*answer);
    }
    if (strand.stop.stop_requested()) return interruption();
    Failure failure;
    failure.error =
        late ? TaskError{std::string(kTimeoutError), "the task took longer than its TimeoutSeconds"} : answer.error();
    details.set("error", failure.error.error);
    details.set("cause", failure.error.cause);
    LAGOA_TRY(history_.record(strand, event_name(resource, late ? "TimedOut" : "Failed"), "", std::move(details)));
    return pass_on(std::move(failure));
}

}  // namespace lagoa::flow
