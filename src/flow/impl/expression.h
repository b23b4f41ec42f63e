// A value computed from a state's input: a path, an intrinsic function, or a literal argument of one.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "flow/impl/intrinsics.h"
#include "flow/impl/json_path.h"

namespace lagoa::flow {

/// What an evaluation may read. References: it lives as long as one call.
struct Evaluation {
    const json::Value& input;
    const json::Value& context;  ///< `$$`
    Random& random;
};

class Expression {
public:
    /// `$.a.b`, `$$.Execution.Id`, `States.Format('{}', $.a)`. kInvalidArgument says what is wrong.
    static Result<Expression> parse(std::string_view text);

    const std::string& text() const { return text_; }

    /// `field` is the field it stands in, for the message.
    Outcome<json::Value> evaluate(const Evaluation& evaluation, std::string_view field) const;

private:
    friend class ExpressionReader;
    struct Call {
        const Intrinsic* function = nullptr;
        std::vector<Expression> arguments;
    };
    std::string text_;
    std::variant<json::Value, JsonPath, Call> node_;
};

}  // namespace lagoa::flow
