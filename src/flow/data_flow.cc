#include "flow/impl/data_flow.h"

namespace lagoa::flow {
namespace {

// `$.a.b` as the messages of Step Functions spell it: $['a']['b'].
std::string spell_out(const JsonPath& path) {
    std::string spelled = "$";
    std::string_view rest = path.text();
    rest.remove_prefix(path.is_context() ? 2 : 1);
    while (rest.starts_with('.')) {
        rest.remove_prefix(1);
        const std::string_view name = rest.substr(0, rest.find_first_of(".["));
        spelled += fmt::format("['{}']", name);
        rest.remove_prefix(name.size());
    }
    return spelled + std::string(rest);
}

Outcome<json::Value> select(const std::optional<JsonPath>& path, const json::Value& value, const json::Value& context) {
    if (!path) return json::Value(json::Object());
    auto found = path->find(value, context);
    if (!found)
        return fail_evaluation(kRuntimeError, "Invalid path '{}' : No results for path: {}", path->text(),
                               spell_out(*path));
    return std::move(*found);
}

}  // namespace

Outcome<json::Value> selected_input(const State& state, const json::Value& raw, Strand& strand) {
    return select(state.input_path, raw, strand.context);
}

Outcome<json::Value> effective_input(const State& state, const json::Value& raw, Strand& strand) {
    json::Value input = LAGOA_TRY(selected_input(state, raw, strand));
    if (!state.parameters) return input;
    return state.parameters->fill(strand.on(input));
}

Outcome<json::Value> effective_output(const State& state, const json::Value& raw, json::Value result, Strand& strand) {
    if (state.result_selector) result = LAGOA_TRY(state.result_selector->fill(strand.on(result)));
    const json::Value merged = LAGOA_TRY(merge_result(state.result_path, raw, std::move(result)));
    return selected_output(state, merged, strand);
}

Outcome<json::Value> selected_output(const State& state, const json::Value& value, Strand& strand) {
    return select(state.output_path, value, strand.context);
}

Outcome<json::Value> merge_result(const std::optional<JsonPath>& path, const json::Value& raw, json::Value result) {
    if (!path) return raw;
    json::Value merged = raw;
    if (path->assign(merged, std::move(result))) return merged;
    return fail_evaluation("States.ResultPathMatchFailure", "Unable to apply ResultPath '{}' to the input '{}'",
                           path->text(), json::dump(raw));
}

Outcome<std::int64_t> resolve_integer(const IntegerOrPath& source, std::string_view field, const json::Value& input,
                                      Strand& strand) {
    if (const auto* number = std::get_if<std::int64_t>(&source)) return *number;
    const JsonPath& path = std::get<JsonPath>(source);
    const auto found = path.find(input, strand.context);
    if (!found)
        return fail_evaluation(
            kRuntimeError, "The JSONPath '{}' specified for the field '{}Path' could not be found in the input '{}'",
            path.text(), field, json::dump(input));
    const auto number = found->is_number() ? found->number()->to_int64() : std::nullopt;
    if (!number && field == "MaxConcurrency")
        return fail_evaluation(kRuntimeError,
                               "The {}Path field refers to value \"{}\" which is not a valid integer: {}", field,
                               to_display_text(*found), path.text());
    if (!number)
        return fail_evaluation(kRuntimeError, "The {}Path parameter cannot be parsed as a long value: {} == {}", field,
                               path.text(), to_display_text(*found));
    if (*number < 0)
        return fail_evaluation(kRuntimeError, "The {}Path parameter references a negative value: {} == {}", field,
                               path.text(), *number);
    return *number;
}

}  // namespace lagoa::flow
