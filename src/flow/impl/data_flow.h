// What a state sees and what it hands on: InputPath, Parameters, ResultSelector, ResultPath, OutputPath.
//
// Source: https://states-language.net/spec.html#filters
#pragma once

#include "flow/impl/definition.h"
#include "flow/impl/strand.h"

namespace lagoa::flow {

/// `raw` through InputPath and Parameters.
Outcome<json::Value> effective_input(const State& state, const json::Value& raw, Strand& strand);

/// `raw` through InputPath alone: what a Map takes its items from.
Outcome<json::Value> selected_input(const State& state, const json::Value& raw, Strand& strand);

/// `result` through ResultSelector, into `raw` by ResultPath, through OutputPath.
Outcome<json::Value> effective_output(const State& state, const json::Value& raw, json::Value result, Strand& strand);

/// `value` through OutputPath alone.
Outcome<json::Value> selected_output(const State& state, const json::Value& value, Strand& strand);

/// `result` into `raw` where `path` says; `raw` itself if there is no path.
Outcome<json::Value> merge_result(const std::optional<JsonPath>& path, const json::Value& raw, json::Value result);

/// A whole number from the definition or from where its path leads. `field` is its name for messages.
Outcome<std::int64_t> resolve_integer(const IntegerOrPath& source, std::string_view field, const json::Value& input,
                                      Strand& strand);

}  // namespace lagoa::flow
