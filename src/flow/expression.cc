#include "flow/impl/expression.h"

#include <algorithm>

namespace lagoa::flow {
namespace {

constexpr int kMaxCallDepth = 10;  // the limit of Step Functions
constexpr std::string_view kSpaces = " \t\r\n";

}  // namespace

class ExpressionReader {
public:
    explicit ExpressionReader(std::string_view text) : text_(text) {}

    Result<Expression> whole() {
        Expression expression = LAGOA_TRY(argument(0));
        if (std::holds_alternative<json::Value>(expression.node_))
            return wrong("expected a path or an intrinsic function");
        skip_spaces();
        if (position_ != text_.size()) return wrong("unexpected text");
        expression.text_ = std::string(text_);
        return expression;
    }

private:
    std::unexpected<Error> wrong(std::string_view what) const {
        return fail(ErrorCode::kInvalidArgument, "'{}': {} at character {}", text_, what, position_ + 1);
    }
    bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }
    void skip_spaces() {
        while (position_ < text_.size() && kSpaces.contains(text_[position_])) ++position_;
    }

    Result<Expression> argument(int depth) {
        skip_spaces();
        Expression found;
        const std::size_t start = position_;
        if (at('$')) {
            found.node_ = LAGOA_TRY(JsonPath::parse_at(text_, position_));
        } else if (at('\'')) {
            found.node_ = json::Value(LAGOA_TRY(quoted()));
        } else if (text_.substr(position_).starts_with("States.")) {
            if (depth >= kMaxCallDepth) return wrong("functions nested more than 10 deep");
            found.node_ = LAGOA_TRY(call(depth));
        } else {
            const std::size_t end = std::min(text_.find_first_of(",) \t\r\n", position_), text_.size());
            auto literal = json::parse(text_.substr(position_, end - position_));
            if (!literal || literal->is_string() || literal->is_array() || literal->is_object())
                return wrong("expected a path, a function, a number, true, false, null or a text in single quotes");
            found.node_ = std::move(*literal);
            position_ = end;
        }
        found.text_ = std::string(text_.substr(start, position_ - start));
        return found;
    }

    // \' and \\ are escapes; \{ and \} are kept for States.Format, which reads them.
    Result<std::string> quoted() {
        std::string content;
        for (++position_; position_ < text_.size() && !at('\''); ++position_) {
            const char next = position_ + 1 < text_.size() ? text_[position_ + 1] : '\0';
            if (at('\\') && (next == '\'' || next == '\\')) ++position_;
            content += text_[position_];
        }
        if (position_ >= text_.size()) return wrong("a quote is not closed");
        ++position_;
        return content;
    }

    Result<Expression::Call> call(int depth) {
        const std::size_t open = text_.find('(', position_);
        if (open == std::string_view::npos) return wrong("a function needs parentheses");
        const std::string_view name = text_.substr(position_, open - position_);
        Expression::Call found;
        found.function = find_intrinsic(name);
        if (found.function == nullptr) return wrong("no such intrinsic function");
        position_ = open + 1;
        skip_spaces();
        while (!at(')')) {
            found.arguments.push_back(LAGOA_TRY(argument(depth + 1)));
            skip_spaces();
            if (at(',')) {
                ++position_;
                skip_spaces();
                if (at(')')) return wrong("an argument is missing");
            } else if (!at(')')) {
                return wrong("expected ',' or ')'");
            }
        }
        ++position_;
        const std::size_t count = found.arguments.size();
        if (count < found.function->min_arguments || count > found.function->max_arguments)
            return wrong("wrong number of arguments before");
        return found;
    }

    std::string_view text_;
    std::size_t position_ = 0;
};

Result<Expression> Expression::parse(std::string_view text) {
    return ExpressionReader(text).whole();
}

Outcome<json::Value> Expression::evaluate(const Evaluation& evaluation, std::string_view field) const {
    if (const auto* literal = std::get_if<json::Value>(&node_)) return *literal;
    if (const auto* path = std::get_if<JsonPath>(&node_)) {
        auto found = path->find(evaluation.input, evaluation.context);
        if (!found)
            return fail_evaluation(
                kRuntimeError, "The JSONPath '{}' specified for the field '{}' could not be found in the input '{}'",
                path->text(), field, json::dump(path->is_context() ? evaluation.context : evaluation.input));
        return std::move(*found);
    }
    const Call& call = std::get<Call>(node_);
    std::vector<json::Value> arguments;
    for (const Expression& argument : call.arguments)
        arguments.push_back(LAGOA_TRY(argument.evaluate(evaluation, field)));
    return call.function->call(arguments, evaluation.random);
}

}  // namespace lagoa::flow
