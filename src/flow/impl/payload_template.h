// Parameters, ResultSelector, ItemSelector: JSON in which a field `name.$` holds an expression.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "codec/document.h"
#include "flow/impl/expression.h"

namespace lagoa::flow {

class PayloadTemplate {
public:
    /// kInvalidConfig names the place of the first expression that does not parse.
    static Result<PayloadTemplate> parse(const Document& document, const std::string& pointer,
                                         const json::Value& value);

    Outcome<json::Value> fill(const Evaluation& evaluation) const;

private:
    struct Member;
    struct Computed {
        Expression expression;
        std::string field;  // `name.$`, for messages
    };
    std::variant<json::Value, Computed, std::vector<PayloadTemplate>, std::vector<Member>> node_;
};

struct PayloadTemplate::Member {
    std::string name;  // as it appears in the result
    PayloadTemplate content;
};

}  // namespace lagoa::flow
