// The condition of a filter step: `[?(@.status == 0 && @.name)]`.
#pragma once

#include <vector>

#include "flow/impl/json_path.h"

namespace lagoa::flow {

/// One side of a comparison: a literal, or the first value a path leads to.
struct FilterOperand {
    json::Value literal;
    bool is_path = false;
    bool from_root = false;  ///< `$…` and not `@…`.
    std::vector<PathStep> steps;
};

struct PathFilter {
    enum class Kind { kOr, kAnd, kNot, kExists, kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
    Kind kind = Kind::kExists;
    std::vector<PathFilter> parts;        ///< kOr, kAnd, kNot.
    std::vector<FilterOperand> operands;  ///< The others: one for kExists, else two.
};

/// Every value that `steps` lead to from `start`, in order.
std::vector<const json::Value*> follow(const std::vector<PathStep>& steps, const json::Value& start,
                                       const json::Value& root);

bool holds(const PathFilter& filter, const json::Value& item, const json::Value& root);

}  // namespace lagoa::flow
