// What a definition is once it has been read: typed, and every transition an index that exists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "flow/impl/choice_rule.h"
#include "flow/impl/payload_template.h"
#include "flow/impl/resource.h"
#include "flow/impl/retry_policy.h"

namespace lagoa::flow {

struct State;

/// A state machine, a branch of a Parallel or the body of a Map.
struct Branch {
    std::size_t start_at = 0;
    std::vector<State> states;  ///< Transitions are positions in here.
};

/// A number of seconds or of items: written down, or read from the input when it is needed.
using IntegerOrPath = std::variant<std::int64_t, JsonPath>;

struct PassState {
    std::optional<json::Value> result;
};

struct TaskState {
    Resource resource;
    std::optional<IntegerOrPath> timeout_seconds;
};

struct ChoiceState {
    struct Choice {
        ChoiceRule rule;
        std::size_t next = 0;
    };
    std::vector<Choice> choices;
    std::optional<std::size_t> otherwise;  ///< `Default`
};

struct WaitState {
    std::variant<IntegerOrPath, Instant, JsonPath> until;  ///< Seconds(Path), Timestamp, TimestampPath.
};

struct SucceedState {};

struct FailState {
    std::optional<std::variant<std::string, Expression>> error;
    std::optional<std::variant<std::string, Expression>> cause;
};

struct ParallelState {
    std::vector<Branch> branches;
};

struct MapState {
    JsonPath items;                                   ///< `ItemsPath`
    std::optional<PayloadTemplate> item_selector;     ///< Also the legacy `Parameters` of a Map.
    IntegerOrPath max_concurrency = std::int64_t{0};  ///< 0: unlimited.
    Branch processor;
};

struct Catcher {
    std::vector<std::string> error_equals;
    std::optional<JsonPath> result_path = JsonPath();  ///< Nothing: the error is dropped.
    std::size_t next = 0;
};

/// One state: what its type has alone, and the fields that several types share.
struct State {
    std::string name;
    std::string_view type;  ///< `Task`: the prefix of its events. Refers to a constant.
    std::string pointer;    ///< Its place in the file.
    std::variant<PassState, TaskState, ChoiceState, WaitState, SucceedState, FailState, ParallelState, MapState> kind;

    std::optional<JsonPath> input_path = JsonPath();  ///< Nothing: `null`, an empty object.
    std::optional<PayloadTemplate> parameters;
    std::optional<PayloadTemplate> result_selector;
    std::optional<JsonPath> result_path = JsonPath();  ///< Nothing: `null`, the result is dropped.
    std::optional<JsonPath> output_path = JsonPath();  ///< Nothing: `null`, an empty object.
    std::vector<Retrier> retriers;
    std::vector<Catcher> catchers;
    std::optional<std::size_t> next;  ///< Nothing: the branch ends here.
    json::Value written_parameters;   ///< `Parameters` as they stand in the file.
};

struct Definition {
    Branch root;
    std::optional<std::int64_t> timeout_seconds;
};

}  // namespace lagoa::flow
