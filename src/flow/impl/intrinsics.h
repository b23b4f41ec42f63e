// The intrinsic functions of JSONPath definitions: States.Format and its kin.
//
// Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "codec/json.h"
#include "flow/impl/failure.h"
#include "flow/impl/random.h"

namespace lagoa::flow {

struct Intrinsic {
    std::string_view name;  ///< `States.Format`
    std::size_t min_arguments;
    std::size_t max_arguments;
    Outcome<json::Value> (*call)(std::span<const json::Value> arguments, Random& random);
};

/// nullptr: no such function.
const Intrinsic* find_intrinsic(std::string_view name);

/// As States.Format writes a value: text bare, objects and arrays as `{key=value, …}` and `[a, b]`.
std::string to_display_text(const json::Value& value);

}  // namespace lagoa::flow
