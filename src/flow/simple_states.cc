// Pass, Choice, Wait, Succeed and Fail.
#include "flow/impl/execution.h"
#include "flow/impl/timestamp.h"

namespace lagoa::flow {
namespace {

Outcome<std::string> text_of(const std::optional<std::variant<std::string, Expression>>& source, std::string_view field,
                             const json::Value& input, Strand& strand) {
    if (!source) return std::string();
    if (const auto* text = std::get_if<std::string>(&*source)) return *text;
    const json::Value value = LAGOA_TRY(std::get<Expression>(*source).evaluate(strand.on(input), field));
    if (const auto* text = value.string()) return *text;
    return fail_evaluation(kRuntimeError, "The {} field refers to a value that is not a string: {}", field,
                           json::dump(value));
}

}  // namespace

Outcome<Execution::Step> Execution::perform(const PassState& pass, const State& state, const json::Value& raw,
                                            Strand& strand) {
    json::Value result = LAGOA_TRY(effective_input(state, raw, strand));
    if (pass.result) result = *pass.result;
    return Step{LAGOA_TRY(effective_output(state, raw, std::move(result), strand)), state.next};
}

Outcome<Execution::Step> Execution::perform(const ChoiceState& choice, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(effective_input(state, raw, strand));
    std::optional<std::size_t> next = choice.otherwise;
    for (const auto& option : choice.choices) {
        const bool matches = LAGOA_TRY(holds(option.rule, strand.on(input)));
        if (!matches) continue;
        next = option.next;
        break;
    }
    if (!next)
        return fail_evaluation("States.NoChoiceMatched",
                               "No rule of the Choice state matched the input '{}', and it has no Default.",
                               json::dump(input));
    return Step{LAGOA_TRY(selected_output(state, input, strand)), next};
}

Outcome<Execution::Step> Execution::perform(const WaitState& waiting, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(effective_input(state, raw, strand));
    std::chrono::microseconds duration{};
    if (const auto* seconds = std::get_if<IntegerOrPath>(&waiting.until)) {
        duration = std::chrono::seconds(LAGOA_TRY(resolve_integer(*seconds, "Seconds", input, strand)));
    } else if (const auto* instant = std::get_if<Instant>(&waiting.until)) {
        duration = *instant - clock_.now();
    } else {
        const JsonPath& path = std::get<JsonPath>(waiting.until);
        const auto value = path.find(input, strand.context);
        if (!value)
            return fail_evaluation(
                kRuntimeError,
                "The JSONPath '{}' specified for the field 'TimestampPath' could not be found in the input '{}'",
                path.text(), json::dump(input));
        const auto until = value->is_string() ? parse_timestamp(*value->string()) : std::nullopt;
        if (!until)
            return fail_evaluation(kRuntimeError,
                                   "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
                                   "date-time format string: {} == {}",
                                   path.text(), to_display_text(*value));
        duration = *until - clock_.now();
    }
    LAGOA_TRY(wait(duration, strand));
    return Step{LAGOA_TRY(selected_output(state, input, strand)), state.next};
}

Outcome<Execution::Step> Execution::perform(const SucceedState&, const State& state, const json::Value& raw,
                                            Strand& strand) {
    const json::Value input = LAGOA_TRY(effective_input(state, raw, strand));
    return Step{LAGOA_TRY(selected_output(state, input, strand)), std::nullopt};
}

Outcome<Execution::Step> Execution::perform(const FailState& failing, const State&, const json::Value& raw,
                                            Strand& strand) {
    Failure failure;
    failure.error.error = LAGOA_TRY(text_of(failing.error, "ErrorPath", raw, strand));
    failure.error.cause = LAGOA_TRY(text_of(failing.cause, "CausePath", raw, strand));
    return pass_on(std::move(failure));
}

}  // namespace lagoa::flow
