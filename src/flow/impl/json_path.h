// JSONPath as Step Functions takes it: names, indexes, slices, wildcards, descent and filters; `$$` is the context.
//
// A path of names and single indexes is definite: it leads to one value or to none. Every other path leads to an
// array of all it finds, empty if that is nothing (also behind a field that is missing).
// Negative indexes count from the end. Not taken: functions (`.length()`), several names in one bracket, `=~`.
//
// Source: https://states-language.net/spec.html#path, and the behaviour of Step Functions itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json.h"

namespace lagoa::flow {

struct PathFilter;

/// One step of a path.
struct PathStep {
    struct Wildcard {};
    struct Slice {
        std::optional<std::int64_t> from;
        std::optional<std::int64_t> to;
    };
    struct Filter {
        std::shared_ptr<const PathFilter> condition;  // shared: immutable, and paths are copied with definitions
    };
    /// A name, indexes, or one of the above.
    std::variant<std::string, std::vector<std::int64_t>, Wildcard, Slice, Filter> select;
    bool deep = false;  ///< Behind `..`: from every descendant as well.
};

/// Immutable; default: `$`.
class JsonPath {
public:
    JsonPath() = default;

    /// kInvalidArgument says what is wrong and where. kUnsupported: a variable.
    static Result<JsonPath> parse(std::string_view text);
    /// Reads a path at `position` of a longer text and moves `position` behind it.
    static Result<JsonPath> parse_at(std::string_view text, std::size_t& position);
    /// A path that can be written to: definite, from the input, no negative index.
    static Result<JsonPath> parse_reference(std::string_view text);

    const std::string& text() const { return text_; }
    bool is_context() const { return context_; }
    bool is_definite() const;

    /// What the path leads to; nothing only for a definite path.
    std::optional<json::Value> find(const json::Value& input, const json::Value& context) const;

    /// Puts `value` where a reference path leads, making objects on the way. False: the path crosses
    /// a value that is not an object, or an array that has no such index.
    bool assign(json::Value& root, json::Value value) const;

private:
    std::string text_ = "$";
    bool context_ = false;
    std::vector<PathStep> steps_;
};

}  // namespace lagoa::flow
