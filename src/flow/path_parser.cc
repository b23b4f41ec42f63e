// The grammar of JSONPath: text to steps.
#include <algorithm>
#include <charconv>

#include "flow/impl/path_filter.h"

namespace lagoa::flow {
namespace {

constexpr int kMaxFilterDepth = 32;
constexpr std::string_view kEndsName = ".[](),'\"=<>!&|?*{} \t\r\n";

class PathReader {
public:
    PathReader(std::string_view text, std::size_t& position) : text_(text), position_(position) {}

    bool at(std::string_view token) const { return text_.substr(position_).starts_with(token); }
    bool skip(std::string_view token) {
        if (!at(token)) return false;
        position_ += token.size();
        return true;
    }
    bool at_end() const { return position_ >= text_.size(); }
    void skip_spaces() {
        while (!at_end() && std::string_view(" \t\r\n").contains(text_[position_])) ++position_;
    }
    std::unexpected<Error> wrong(std::string_view what) const {
        return fail(ErrorCode::kInvalidArgument, "'{}' is not a JSONPath: {} at character {}", text_, what,
                    position_ + 1);
    }

    Result<std::vector<PathStep>> steps() {
        std::vector<PathStep> found;
        for (;;) {
            PathStep step;
            if (skip("..")) {
                step.deep = true;
                LAGOA_TRY(at("[") ? bracket(step) : name(step));
            } else if (skip(".")) {
                LAGOA_TRY(name(step));
            } else if (at("[")) {
                LAGOA_TRY(bracket(step));
            } else {
                return found;
            }
            found.push_back(std::move(step));
        }
    }

private:
    Result<> name(PathStep& step) {
        if (skip("*")) {
            step.select = PathStep::Wildcard{};
            return {};
        }
        const std::size_t end = std::min(text_.find_first_of(kEndsName, position_), text_.size());
        if (end == position_) return wrong("a name is missing");
        step.select = std::string(text_.substr(position_, end - position_));
        position_ = end;
        if (at("(")) return wrong("functions are not part of ASL's paths");
        return {};
    }

    Result<> bracket(PathStep& step) {
        skip("[");
        skip_spaces();
        if (skip("*")) {
            step.select = PathStep::Wildcard{};
        } else if (at("'") || at("\"")) {
            step.select = LAGOA_TRY(quoted());
            skip_spaces();
            if (at(",")) return wrong("several names in one bracket are not supported");
        } else if (skip("?")) {
            skip_spaces();
            if (!skip("(")) return wrong("a filter needs parentheses");
            auto filter = std::make_shared<PathFilter>(LAGOA_TRY(disjunction()));
            if (!skip(")")) return wrong("expected ')'");
            step.select = PathStep::Filter{std::move(filter)};
        } else {
            LAGOA_TRY(numbers(step));
        }
        skip_spaces();
        if (!skip("]")) return wrong("expected ']'");
        return {};
    }

    // [1], [0,2], [1:], [:1], [-2:]
    Result<> numbers(PathStep& step) {
        std::vector<std::int64_t> indexes;
        std::optional<std::int64_t> first = LAGOA_TRY(integer());
        skip_spaces();
        if (skip(":")) {
            skip_spaces();
            const auto to = LAGOA_TRY(integer());
            step.select = PathStep::Slice{first, to};
            return {};
        }
        if (!first) return wrong("expected a name in quotes, an index, a slice, '*' or a filter");
        indexes.push_back(*first);
        while (skip(",")) {
            skip_spaces();
            const auto another = LAGOA_TRY(integer());
            if (!another) return wrong("expected an index");
            indexes.push_back(*another);
            skip_spaces();
        }
        step.select = std::move(indexes);
        return {};
    }

    Result<std::optional<std::int64_t>> integer() {
        std::int64_t value = 0;
        const char* begin = text_.data() + position_;
        const auto [end, code] = std::from_chars(begin, text_.data() + text_.size(), value);
        if (code == std::errc::result_out_of_range) return wrong("an index out of range");
        if (code != std::errc()) return std::optional<std::int64_t>();
        position_ += static_cast<std::size_t>(end - begin);
        return std::optional(value);
    }

    // Only the quote itself and a backslash before a quote of that kind are escapes: `'\"'` holds two characters.
    Result<std::string> quoted() {
        const char quote = text_[position_++];
        std::string content;
        for (; !at_end() && text_[position_] != quote; ++position_) {
            const bool escape =
                text_[position_] == '\\' && position_ + 1 < text_.size() && text_[position_ + 1] == quote;
            if (escape) ++position_;
            content += text_[position_];
        }
        if (at_end()) return wrong("a quote is not closed");
        ++position_;
        return content;
    }

    Result<PathFilter> disjunction() {
        PathFilter any = {.kind = PathFilter::Kind::kOr, .parts = {}, .operands = {}};
        do {
            PathFilter all = {.kind = PathFilter::Kind::kAnd, .parts = {}, .operands = {}};
            do {
                all.parts.push_back(LAGOA_TRY(term()));
                skip_spaces();
            } while (skip("&&"));
            any.parts.push_back(std::move(all));
        } while (skip("||"));
        return any;
    }

    Result<PathFilter> term() {
        if (++depth_ > kMaxFilterDepth) return wrong("a filter nested too deep");
        PathFilter found = LAGOA_TRY(nested_term());
        --depth_;
        return found;
    }

    Result<PathFilter> nested_term() {
        skip_spaces();
        if (at("!") && !at("!=")) {
            skip("!");
            PathFilter negated = {.kind = PathFilter::Kind::kNot, .parts = {}, .operands = {}};
            negated.parts.push_back(LAGOA_TRY(term()));
            return negated;
        }
        if (skip("(")) {
            PathFilter inner = LAGOA_TRY(disjunction());
            if (!skip(")")) return wrong("expected ')'");
            return inner;
        }
        return comparison();
    }

    Result<PathFilter> comparison() {
        using enum PathFilter::Kind;
        constexpr std::pair<std::string_view, PathFilter::Kind> kOperators[] = {
            {"==", kEqual},          {"!=", kNotEqual}, {"<=", kLessOrEqual},
            {">=", kGreaterOrEqual}, {"<", kLess},      {">", kGreater}};
        PathFilter filter;
        filter.operands.push_back(LAGOA_TRY(operand()));
        skip_spaces();
        for (const auto& [token, kind] : kOperators) {
            if (!skip(token)) continue;
            filter.kind = kind;
            skip_spaces();
            filter.operands.push_back(LAGOA_TRY(operand()));
            return filter;
        }
        if (!filter.operands[0].is_path) return wrong("expected a comparison");
        return filter;
    }

    Result<FilterOperand> operand() {
        FilterOperand found;
        if (at("@") || at("$")) {
            found.is_path = true;
            found.from_root = at("$");
            ++position_;
            found.steps = LAGOA_TRY(steps());
            return found;
        }
        if (at("'") || at("\"")) {
            found.literal = LAGOA_TRY(quoted());
            return found;
        }
        const std::size_t end = std::min(text_.find_first_of(" \t\r\n)=<>!&|", position_), text_.size());
        auto literal = json::parse(text_.substr(position_, end - position_));
        if (!literal || literal->is_array() || literal->is_object()) return wrong("expected a literal or a path");
        found.literal = std::move(*literal);
        position_ = end;
        return found;
    }

    std::string_view text_;
    std::size_t& position_;
    int depth_ = 0;  // of filters within filters
};

}  // namespace

Result<JsonPath> JsonPath::parse_at(std::string_view text, std::size_t& position) {
    const std::size_t start = position;
    PathReader reader(text, position);
    if (!reader.skip("$")) return reader.wrong("a path begins with '$'");
    JsonPath path;
    path.context_ = reader.skip("$");
    if (!path.context_ && !reader.at_end() && kEndsName.find(text[position]) == std::string_view::npos)
        return fail(ErrorCode::kUnsupported, "'{}' is a variable, and variables are not supported yet", text);
    path.steps_ = LAGOA_TRY(reader.steps());
    path.text_ = std::string(text.substr(start, position - start));
    return path;
}

Result<JsonPath> JsonPath::parse(std::string_view text) {
    std::size_t position = 0;
    JsonPath path = LAGOA_TRY(parse_at(text, position));
    if (position != text.size()) return PathReader(text, position).wrong("unexpected text");
    return path;
}

Result<JsonPath> JsonPath::parse_reference(std::string_view text) {
    JsonPath path = LAGOA_TRY(parse(text));
    bool negative = false;
    for (const PathStep& step : path.steps_)
        if (const auto* indexes = std::get_if<std::vector<std::int64_t>>(&step.select))
            negative |= indexes->front() < 0;
    if (path.context_ || !path.is_definite() || negative)
        return fail(ErrorCode::kInvalidArgument,
                    "'{}' is not a reference path: only names and indexes, from the state's input", text);
    return path;
}

}  // namespace lagoa::flow
