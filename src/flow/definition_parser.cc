#include "flow/impl/definition_parser.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "flow/impl/timestamp.h"

namespace lagoa::flow {
namespace {

constexpr std::int64_t kMaxSeconds = 99'999'999;  // the bound of Step Functions
constexpr std::size_t kMaxNameLength = 80;        // likewise
constexpr std::int64_t kMaxConcurrency = 10'000;  // likewise

using Fields = std::span<const std::string_view>;

constexpr auto kPass = std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "InputPath", "Parameters",
                                                        "Result", "ResultPath", "OutputPath", "Next", "End"});
constexpr auto kTask = std::to_array<std::string_view>(
    {"Type", "Comment", "QueryLanguage", "Resource", "InputPath", "Parameters", "ResultSelector", "ResultPath",
     "OutputPath", "TimeoutSeconds", "TimeoutSecondsPath", "Retry", "Catch", "Next", "End"});
constexpr auto kChoice = std::to_array<std::string_view>(
    {"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath", "Choices", "Default"});
constexpr auto kWait =
    std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath", "Seconds",
                                     "SecondsPath", "Timestamp", "TimestampPath", "Next", "End"});
constexpr auto kSucceed =
    std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath"});
constexpr auto kFail =
    std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "Error", "ErrorPath", "Cause", "CausePath"});
constexpr auto kParallel =
    std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "Branches", "InputPath", "Parameters",
                                     "ResultSelector", "ResultPath", "OutputPath", "Retry", "Catch", "Next", "End"});
constexpr auto kMap =
    std::to_array<std::string_view>({"Type", "Comment", "QueryLanguage", "InputPath", "ItemsPath", "ItemSelector",
                                     "Parameters", "ItemProcessor", "Iterator", "MaxConcurrency", "MaxConcurrencyPath",
                                     "ResultSelector", "ResultPath", "OutputPath", "Retry", "Catch", "Next", "End"});
// Parts of the language that this version refuses by name.
constexpr auto kLater = std::to_array<std::string_view>(
    {"Assign", "Arguments", "Output", "Items", "HeartbeatSeconds", "HeartbeatSecondsPath", "Credentials", "ItemReader",
     "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount", "ToleratedFailureCountPath",
     "ToleratedFailurePercentage", "ToleratedFailurePercentagePath"});

struct StateType {
    std::string_view name;
    Fields fields;
};
constexpr std::array kStateTypes = {
    StateType{"Pass", kPass},         StateType{"Task", kTask},       StateType{"Choice", kChoice},
    StateType{"Wait", kWait},         StateType{"Succeed", kSucceed}, StateType{"Fail", kFail},
    StateType{"Parallel", kParallel}, StateType{"Map", kMap},
};

Result<std::optional<std::variant<std::string, Expression>>> text_or_path(const FieldReader& reader,
                                                                          std::string_view key,
                                                                          std::string_view path_key) {
    using Found = std::optional<std::variant<std::string, Expression>>;
    LAGOA_TRY(reader.exclude_each_other(key, path_key));
    if (auto text = LAGOA_TRY(reader.text(key))) return Found(std::move(*text));
    const auto text = LAGOA_TRY(reader.text(path_key));
    if (!text) return Found();
    auto expression = Expression::parse(*text);
    if (!expression) return fail_at(reader.document(), reader.pointer_to(path_key), expression.error());
    return Found(std::move(*expression));
}

Result<std::optional<PayloadTemplate>> payload(const FieldReader& reader, std::string_view key) {
    const auto* value = reader.find(key);
    if (value == nullptr) return std::optional<PayloadTemplate>();
    return std::optional(LAGOA_TRY(PayloadTemplate::parse(reader.document(), reader.pointer_to(key), *value)));
}

}  // namespace

Result<Definition> DefinitionParser::parse() {
    constexpr auto kFields =
        std::to_array<std::string_view>({"Comment", "QueryLanguage", "Version", "StartAt", "States", "TimeoutSeconds"});
    const FieldReader reader = LAGOA_TRY(FieldReader::open(document_, "", document_.root()));
    LAGOA_TRY(check_query_language(reader));
    LAGOA_TRY(reader.allow_only("a state machine", kFields));
    const auto version = LAGOA_TRY(reader.text("Version"));
    if (version && *version != "1.0") return reader.wrong("Version", "Version is not 1.0");
    Definition definition;
    definition.timeout_seconds = LAGOA_TRY(reader.integer("TimeoutSeconds", 1, kMaxSeconds));
    definition.root = LAGOA_TRY(parse_branch(reader));
    return definition;
}

Result<> DefinitionParser::check_query_language(const FieldReader& reader) const {
    const std::string language = LAGOA_TRY(reader.text("QueryLanguage")).value_or("JSONPath");
    if (language == "JSONata")
        return reader.unsupported("QueryLanguage", "JSONata is not supported yet; write the definition in JSONPath");
    if (language != "JSONPath") return reader.wrong("QueryLanguage", "QueryLanguage is JSONPath or JSONata");
    return {};
}

Result<Branch> DefinitionParser::parse_branch(const FieldReader& reader) {
    if (!reader.has("StartAt")) return document_.fail_at(reader.pointer(), "StartAt is missing");
    const auto* states = reader.find("States");
    if (states == nullptr) return document_.fail_at(reader.pointer(), "States is missing");
    const FieldReader members = LAGOA_TRY(FieldReader::open(document_, reader.pointer_to("States"), *states));
    Scope scope;
    for (const auto& [name, value] : members.object()) {
        if (name.empty() || name.size() > kMaxNameLength)
            return members.wrong(name, "a state's name has 1 to 80 characters");
        if (!names_.insert(name).second)
            return members.wrong(name, fmt::format("another state of this machine is called {}", name));
        scope.emplace(name, scope.size());
    }

    Branch branch;
    branch.start_at = LAGOA_TRY(target(reader, "StartAt", scope));
    for (const auto& [name, value] : members.object()) {
        const FieldReader state = LAGOA_TRY(FieldReader::open(document_, members.pointer_to(name), value));
        branch.states.push_back(LAGOA_TRY(parse_state(state, name, scope)));
    }
    LAGOA_TRY(check_reachable(members, branch));
    return branch;
}

Result<State> DefinitionParser::parse_state(const FieldReader& reader, std::string name, const Scope& scope) {
    const std::string type = LAGOA_TRY(reader.required_text("Type"));
    const auto* known = std::ranges::find(kStateTypes, type, &StateType::name);
    if (known == kStateTypes.end()) {
        std::vector<std::string_view> names;
        for (const StateType& candidate : kStateTypes) names.push_back(candidate.name);
        return reader.wrong("Type", fmt::format("there is no state of type {}", type),
                            fmt::format("one of: {}", fmt::join(names, ", ")));
    }
    LAGOA_TRY(check_query_language(reader));
    LAGOA_TRY(reader.allow_only(fmt::format("a {} state", type), known->fields, kLater));
    State state;
    state.name = std::move(name);
    state.type = known->name;
    state.pointer = reader.pointer();
    LAGOA_TRY(parse_data_flow(reader, state));
    LAGOA_TRY(parse_kind(reader, scope, state));
    state.retriers = LAGOA_TRY(parse_retriers(reader));
    LAGOA_TRY(parse_catchers(reader, scope, state));
    if (type != "Choice" && type != "Succeed" && type != "Fail") LAGOA_TRY(parse_transition(reader, scope, state));
    return state;
}

Result<> DefinitionParser::parse_kind(const FieldReader& reader, const Scope& scope, State& state) {
    if (state.type == "Pass") {
        PassState pass;
        if (const auto* result = reader.find("Result")) pass.result = *result;
        state.kind = std::move(pass);
    } else if (state.type == "Task") {
        state.kind = LAGOA_TRY(parse_task(reader));
    } else if (state.type == "Choice") {
        state.kind = LAGOA_TRY(parse_choice(reader, scope));
    } else if (state.type == "Wait") {
        state.kind = LAGOA_TRY(parse_wait(reader));
    } else if (state.type == "Succeed") {
        state.kind = SucceedState{};
    } else if (state.type == "Fail") {
        state.kind = LAGOA_TRY(parse_fail(reader));
    } else if (state.type == "Parallel") {
        state.kind = LAGOA_TRY(parse_parallel(reader));
    } else {
        state.kind = LAGOA_TRY(parse_map(reader));
    }
    return {};
}

Result<> DefinitionParser::parse_data_flow(const FieldReader& reader, State& state) const {
    const auto read = [&](std::string_view key, bool reference, std::optional<JsonPath>& path) -> Result<> {
        const auto* value = reader.find(key);
        if (value == nullptr) return {};
        if (value->is_null()) {
            path.reset();
            return {};
        }
        path = LAGOA_TRY(reader.path(key));
        if (!reference) return {};
        if (const auto checked = JsonPath::parse_reference(path->text()); !checked)
            return fail_at(document_, reader.pointer_to(key), checked.error());
        return {};
    };
    LAGOA_TRY(read("InputPath", false, state.input_path));
    LAGOA_TRY(read("OutputPath", false, state.output_path));
    LAGOA_TRY(read("ResultPath", true, state.result_path));
    state.result_selector = LAGOA_TRY(payload(reader, "ResultSelector"));
    if (state.type == "Map") return {};  // there, Parameters is the old name of ItemSelector
    state.parameters = LAGOA_TRY(payload(reader, "Parameters"));
    if (const auto* written = reader.find("Parameters")) state.written_parameters = *written;
    return {};
}

Result<> DefinitionParser::parse_transition(const FieldReader& reader, const Scope& scope, State& state) const {
    LAGOA_TRY(reader.exclude_each_other("Next", "End"));
    const auto end = LAGOA_TRY(reader.boolean("End"));
    if (reader.has("Next")) {
        state.next = LAGOA_TRY(target(reader, "Next", scope));
    } else if (!end.value_or(false)) {
        return document_.fail_at(reader.pointer(), fmt::format("{} has neither Next nor End", state.name),
                                 "name the next state, or write \"End\": true");
    }
    return {};
}

Result<> DefinitionParser::parse_catchers(const FieldReader& reader, const Scope& scope, State& state) const {
    constexpr auto kFields = std::to_array<std::string_view>({"ErrorEquals", "Next", "ResultPath", "Comment"});
    if (!reader.has("Catch")) return {};
    const auto* items = reader.find("Catch")->array();
    if (items == nullptr) return reader.wrong("Catch", "Catch is not an array");
    for (std::size_t i = 0; i < items->size(); ++i) {
        const std::string pointer = fmt::format("{}/{}", reader.pointer_to("Catch"), i);
        const FieldReader item = LAGOA_TRY(FieldReader::open(document_, pointer, (*items)[i]));
        LAGOA_TRY(item.allow_only("a catcher", kFields, kLater));
        Catcher catcher;
        catcher.error_equals = LAGOA_TRY(parse_error_equals(item, i, items->size()));
        catcher.next = LAGOA_TRY(target(item, "Next", scope));
        if (const auto* path = item.find("ResultPath"); path != nullptr && path->is_null()) {
            catcher.result_path.reset();
        } else if (const auto text = LAGOA_TRY(item.text("ResultPath"))) {
            auto parsed = JsonPath::parse_reference(*text);
            if (!parsed) return fail_at(document_, item.pointer_to("ResultPath"), parsed.error());
            catcher.result_path = std::move(*parsed);
        }
        state.catchers.push_back(std::move(catcher));
    }
    return {};
}

Result<> DefinitionParser::check_reachable(const FieldReader& reader, const Branch& branch) const {
    std::vector<bool> reached(branch.states.size(), false);
    std::vector<std::size_t> open = {branch.start_at};
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        if (reached[at]) continue;
        reached[at] = true;
        const State& state = branch.states[at];
        if (state.next) open.push_back(*state.next);
        for (const Catcher& catcher : state.catchers) open.push_back(catcher.next);
        if (const auto* choice = std::get_if<ChoiceState>(&state.kind)) {
            for (const auto& option : choice->choices) open.push_back(option.next);
            if (choice->otherwise) open.push_back(*choice->otherwise);
        }
    }
    for (std::size_t i = 0; i < reached.size(); ++i)
        if (!reached[i])
            return reader.wrong(branch.states[i].name, fmt::format("no state leads to {}", branch.states[i].name),
                                "point a Next, a Default or a Catch at it, or remove it");
    return {};
}

Result<TaskState> DefinitionParser::parse_task(const FieldReader& reader) const {
    const std::string arn = LAGOA_TRY(reader.required_text("Resource"));
    auto resource = parse_resource(arn);
    if (!resource)
        return reader.wrong("Resource", fmt::format("{} is not a resource that Lagoa runs", arn),
                            "one of: " + list_resources());
    TaskState task;
    task.resource = std::move(*resource);
    task.timeout_seconds = LAGOA_TRY(integer_or_path(reader, "TimeoutSeconds", 1));
    return task;
}

Result<ChoiceState> DefinitionParser::parse_choice(const FieldReader& reader, const Scope& scope) const {
    const json::Array* items = LAGOA_TRY(reader.required_array("Choices"));
    ChoiceState choice;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const std::string pointer = fmt::format("{}/{}", reader.pointer_to("Choices"), i);
        const FieldReader item = LAGOA_TRY(FieldReader::open(document_, pointer, (*items)[i]));
        auto rule = LAGOA_TRY(parse_choice_rule(item));
        const std::size_t next = LAGOA_TRY(target(item, "Next", scope));
        choice.choices.push_back({std::move(rule), next});
    }
    if (reader.has("Default")) choice.otherwise = LAGOA_TRY(target(reader, "Default", scope));
    return choice;
}

Result<WaitState> DefinitionParser::parse_wait(const FieldReader& reader) const {
    constexpr auto kForms = std::to_array<std::string_view>({"Seconds", "SecondsPath", "Timestamp", "TimestampPath"});
    if (std::ranges::count_if(kForms, [&](auto form) { return reader.has(form); }) != 1)
        return document_.fail_at(reader.pointer(),
                                 "a Wait state needs one of Seconds, SecondsPath, Timestamp, TimestampPath");
    if (auto seconds = LAGOA_TRY(integer_or_path(reader, "Seconds", 0))) return WaitState{std::move(*seconds)};
    if (auto path = LAGOA_TRY(reader.path("TimestampPath"))) return WaitState{std::move(*path)};
    const std::string text = LAGOA_TRY(reader.required_text("Timestamp"));
    const auto instant = parse_timestamp(text);
    if (!instant)
        return reader.wrong("Timestamp", fmt::format("{} is not an RFC 3339 timestamp", text),
                            "write 2026-01-31T13:30:00Z");
    return WaitState{*instant};
}

Result<FailState> DefinitionParser::parse_fail(const FieldReader& reader) const {
    FailState failing;
    failing.error = LAGOA_TRY(text_or_path(reader, "Error", "ErrorPath"));
    failing.cause = LAGOA_TRY(text_or_path(reader, "Cause", "CausePath"));
    return failing;
}

Result<ParallelState> DefinitionParser::parse_parallel(const FieldReader& reader) {
    constexpr auto kFields = std::to_array<std::string_view>({"Comment", "StartAt", "States"});
    const json::Array* items = LAGOA_TRY(reader.required_array("Branches"));
    ParallelState parallel;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const std::string pointer = fmt::format("{}/{}", reader.pointer_to("Branches"), i);
        const FieldReader item = LAGOA_TRY(FieldReader::open(document_, pointer, (*items)[i]));
        LAGOA_TRY(item.allow_only("a branch", kFields));
        parallel.branches.push_back(LAGOA_TRY(parse_branch(item)));
    }
    return parallel;
}

Result<MapState> DefinitionParser::parse_map(const FieldReader& reader) {
    constexpr auto kProcessor = std::to_array<std::string_view>({"Comment", "StartAt", "States", "ProcessorConfig"});
    constexpr auto kConfig = std::to_array<std::string_view>({"Mode", "ExecutionType"});
    LAGOA_TRY(reader.exclude_each_other("ItemProcessor", "Iterator"));
    LAGOA_TRY(reader.exclude_each_other("ItemSelector", "Parameters"));
    MapState map;
    map.items = LAGOA_TRY(reader.path("ItemsPath")).value_or(JsonPath());
    map.item_selector = LAGOA_TRY(payload(reader, reader.has("Parameters") ? "Parameters" : "ItemSelector"));
    if (auto limit = LAGOA_TRY(integer_or_path(reader, "MaxConcurrency", 0))) map.max_concurrency = std::move(*limit);
    const std::string_view key = reader.has("Iterator") ? "Iterator" : "ItemProcessor";
    if (!reader.has(key)) return document_.fail_at(reader.pointer(), "ItemProcessor is missing");
    const FieldReader body = LAGOA_TRY(FieldReader::open(document_, reader.pointer_to(key), *reader.find(key)));
    LAGOA_TRY(body.allow_only("an item processor", kProcessor));
    if (const auto* value = body.find("ProcessorConfig")) {
        const FieldReader config = LAGOA_TRY(FieldReader::open(document_, body.pointer_to("ProcessorConfig"), *value));
        LAGOA_TRY(config.allow_only("a ProcessorConfig", kConfig));
        const std::string mode = LAGOA_TRY(config.text("Mode")).value_or("INLINE");
        if (mode == "DISTRIBUTED") return config.unsupported("Mode", "distributed Map is not supported yet");
        if (mode != "INLINE") return config.wrong("Mode", "Mode is INLINE or DISTRIBUTED");
    }
    map.processor = LAGOA_TRY(parse_branch(body));
    return map;
}

Result<std::size_t> DefinitionParser::target(const FieldReader& reader, std::string_view key,
                                             const Scope& scope) const {
    const std::string name = LAGOA_TRY(reader.required_text(key));
    if (const auto found = scope.find(name); found != scope.end()) return found->second;
    std::vector<std::string_view> names;
    for (const auto& [known, position] : scope) names.emplace_back(known);
    return reader.wrong(key, fmt::format("there is no state {} here", name),
                        fmt::format("one of: {}", fmt::join(names, ", ")));
}

Result<std::optional<IntegerOrPath>> DefinitionParser::integer_or_path(const FieldReader& reader, std::string_view key,
                                                                       std::int64_t min) const {
    const std::string path_key = std::string(key) + "Path";
    LAGOA_TRY(reader.exclude_each_other(key, path_key));
    const std::int64_t max = key == "MaxConcurrency" ? kMaxConcurrency : kMaxSeconds;
    if (const auto number = LAGOA_TRY(reader.integer(key, min, max))) return std::optional<IntegerOrPath>(*number);
    if (auto path = LAGOA_TRY(reader.path(path_key))) return std::optional<IntegerOrPath>(std::move(*path));
    return std::optional<IntegerOrPath>();
}

}  // namespace lagoa::flow
