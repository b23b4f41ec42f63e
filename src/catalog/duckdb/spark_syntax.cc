#include "catalog/duckdb/spark_syntax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "catalog/duckdb/spark_tokens.h"

namespace lagoa {
namespace {

using Kind = SparkNode::Kind;

constexpr int kMaxDepth = 100;  // of parentheses, calls and signs

struct TypeName {
    std::string_view name;
    TypeKind kind;
};
constexpr std::array kTypeNames = {
    TypeName{"boolean", TypeKind::kBoolean},
    TypeName{"tinyint", TypeKind::kInt8},
    TypeName{"byte", TypeKind::kInt8},
    TypeName{"smallint", TypeKind::kInt16},
    TypeName{"short", TypeKind::kInt16},
    TypeName{"int", TypeKind::kInt32},
    TypeName{"integer", TypeKind::kInt32},
    TypeName{"bigint", TypeKind::kInt64},
    TypeName{"long", TypeKind::kInt64},
    TypeName{"float", TypeKind::kFloat},
    TypeName{"real", TypeKind::kFloat},
    TypeName{"double", TypeKind::kDouble},
    TypeName{"string", TypeKind::kString},
    TypeName{"binary", TypeKind::kBinary},
    TypeName{"date", TypeKind::kDate},
    TypeName{"timestamp", TypeKind::kTimestamp},
    TypeName{"timestamp_ltz", TypeKind::kTimestamp},
    TypeName{"timestamp_ntz", TypeKind::kTimestampNtz},
};
constexpr std::array<std::string_view, 7> kUnits = {"year", "month", "week", "day", "hour", "minute", "second"};
// Functions without parentheses.
constexpr std::array<std::string_view, 4> kBareFunctions = {"current_date", "current_timestamp", "localtimestamp",
                                                            "current_user"};
// Words that begin or go on with something else than a column.
constexpr std::array<std::string_view, 17> kReserved = {"and",  "or",   "not",  "is",    "in",    "between",
                                                        "like", "case", "when", "then",  "else",  "end",
                                                        "as",   "null", "from", "where", "select"};

SparkNode call(std::string name, std::vector<SparkNode> arguments) {
    return {.kind = Kind::kCall,
            .name = std::move(name),
            .text = {},
            .path = {},
            .arguments = std::move(arguments),
            .type = {}};
}

SparkNode leaf(Kind kind, std::string text, std::string name = {}) {
    return {.kind = kind, .name = std::move(name), .text = std::move(text), .path = {}, .arguments = {}, .type = {}};
}

template <class... Nodes>
std::vector<SparkNode> nodes(Nodes... node) {
    std::vector<SparkNode> list;
    (list.push_back(std::move(node)), ...);
    return list;
}

class Parser {
public:
    explicit Parser(std::vector<SparkToken> tokens) : tokens_(std::move(tokens)) {}

    Result<SparkNode> run() {
        SparkNode node = LAGOA_TRY(disjunction());
        if (peek().kind != SparkToken::Kind::kEnd) return unexpected();
        return node;
    }

private:
    const SparkToken& peek(std::size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
    bool accept_word(std::string_view word) {
        if (!peek().is_word(word)) return false;
        ++at_;
        return true;
    }
    bool accept(std::string_view sign) {
        if (!peek().is_sign(sign)) return false;
        ++at_;
        return true;
    }
    Result<> expect(std::string_view sign) {
        if (accept(sign)) return {};
        return unexpected();
    }
    Result<> expect_word(std::string_view word) {
        if (accept_word(word)) return {};
        return unexpected();
    }
    std::unexpected<Error> unexpected() const {
        if (peek().kind == SparkToken::Kind::kEnd)
            return fail(ErrorCode::kInvalidArgument, "the expression ends where more is expected");
        for (const std::string_view sign : {"&", "^", "~", "->"})
            if (peek().is_sign(sign)) return fail(ErrorCode::kUnsupported, "the operator {}", sign);
        return fail(ErrorCode::kInvalidArgument, "byte {}: {} is not expected there", peek().offset,
                    quote_json(peek().text));
    }

    // ------------------------------------------------------------------ conditions

    Result<SparkNode> disjunction() { return chain("or", &Parser::conjunction); }
    Result<SparkNode> conjunction() { return chain("and", &Parser::negation); }

    // One node of many operands: a chain may be longer than a tree may be deep.
    Result<SparkNode> chain(std::string_view word, Result<SparkNode> (Parser::*operand)()) {
        SparkNode first = LAGOA_TRY((this->*operand)());
        if (!peek().is_word(word)) return first;
        SparkNode node = call(std::string(word), nodes(std::move(first)));
        while (accept_word(word)) {
            SparkNode more = LAGOA_TRY((this->*operand)());
            node.arguments.push_back(std::move(more));
        }
        return node;
    }

    Result<SparkNode> negation() {
        if (!accept_word("not") && !accept("!")) return predicate();
        const Deeper deeper(depth_);
        LAGOA_TRY(check_depth());
        SparkNode operand = LAGOA_TRY(negation());
        return call("not", nodes(std::move(operand)));
    }

    // A value, and at most one of BETWEEN, IN, LIKE, IS after it.
    Result<SparkNode> predicate() {
        SparkNode value = LAGOA_TRY(comparison());
        if (accept_word("is")) return is_predicate(std::move(value));
        const bool is_negated = peek().is_word("not");
        if (is_negated) ++at_;
        SparkNode node;
        if (accept_word("between")) {
            SparkNode low = LAGOA_TRY(comparison());
            LAGOA_TRY(expect_word("and"));
            SparkNode high = LAGOA_TRY(comparison());
            node = call("between", nodes(std::move(value), std::move(low), std::move(high)));
        } else if (accept_word("in")) {
            LAGOA_TRY(expect("("));
            node = call("in", nodes(std::move(value)));
            LAGOA_TRY(list_into(node.arguments));
        } else if (accept_word("like")) {
            SparkNode pattern = LAGOA_TRY(comparison());
            node = call("like", nodes(std::move(value), std::move(pattern)));
            if (peek().is_word("escape")) return fail(ErrorCode::kUnsupported, "LIKE … ESCAPE");
        } else {
            for (const std::string_view word : {"ilike", "rlike", "regexp"})
                if (peek().is_word(word)) return fail(ErrorCode::kUnsupported, "the operator {}", word);
            if (is_negated) return unexpected();
            return value;
        }
        return is_negated ? call("not", nodes(std::move(node))) : std::move(node);
    }

    Result<SparkNode> is_predicate(SparkNode value) {
        const bool is_negated = accept_word("not");
        SparkNode node;
        if (accept_word("distinct")) {
            LAGOA_TRY(expect_word("from"));
            SparkNode other = LAGOA_TRY(comparison());
            node = call("not", nodes(call("<=>", nodes(std::move(value), std::move(other)))));
        } else if (accept_word("null") || accept_word("unknown")) {
            node = call("is null", nodes(std::move(value)));
        } else if (peek().is_word("true") || peek().is_word("false")) {
            SparkNode constant = leaf(Kind::kBoolean, to_lower(tokens_[at_++].text));
            node = call("<=>", nodes(std::move(value), std::move(constant)));
        } else {
            return unexpected();
        }
        return is_negated ? call("not", nodes(std::move(node))) : std::move(node);
    }

    // ------------------------------------------------------------------ operators

    Result<SparkNode> comparison() {
        static constexpr std::array<std::string_view, 9> kSigns = {"=", "==", "<=>", "<>", "!=", "<=", ">=", "<", ">"};
        SparkNode node = LAGOA_TRY(sum());
        while (const auto sign = sign_of(kSigns)) {
            SparkNode right = LAGOA_TRY(sum());
            const std::string name(*sign == "==" ? "=" : *sign == "!=" ? "<>" : *sign);
            node = call(name, nodes(std::move(node), std::move(right)));
        }
        return node;
    }

    Result<SparkNode> sum() {
        static constexpr std::array<std::string_view, 3> kSigns = {"+", "-", "||"};
        SparkNode node = LAGOA_TRY(product());
        while (const auto sign = sign_of(kSigns)) {
            SparkNode right = LAGOA_TRY(product());
            node = call(std::string(*sign), nodes(std::move(node), std::move(right)));
        }
        return node;
    }

    Result<SparkNode> product() {
        static constexpr std::array<std::string_view, 3> kSigns = {"*", "/", "%"};
        SparkNode node = LAGOA_TRY(signed_value());
        for (;;) {
            auto sign = sign_of(kSigns);
            if (!sign && accept_word("div")) sign = "div";
            if (!sign) return node;
            SparkNode right = LAGOA_TRY(signed_value());
            node = call(std::string(*sign), nodes(std::move(node), std::move(right)));
        }
    }

    Result<SparkNode> signed_value() {
        const Deeper deeper(depth_);
        LAGOA_TRY(check_depth());
        if (accept("+")) return signed_value();
        if (!accept("-")) return postfix();
        if (peek().kind == SparkToken::Kind::kNumber && !peek(1).is_sign(".") && !peek(1).is_sign("::"))
            return leaf(Kind::kNumber, "-" + tokens_[at_++].text);
        SparkNode operand = LAGOA_TRY(signed_value());
        return call("negate", nodes(std::move(operand)));
    }

    std::optional<std::string_view> sign_of(std::span<const std::string_view> signs) {
        for (const std::string_view sign : signs)
            if (accept(sign)) return sign;
        return std::nullopt;
    }

    // ------------------------------------------------------------------ values

    Result<SparkNode> postfix() {
        SparkNode node = LAGOA_TRY(primary());
        for (;;) {
            if (accept(".")) {
                if (!is_name(peek())) return unexpected();
                std::string member = tokens_[at_++].text;
                if (node.kind == Kind::kColumn) {
                    node.path.push_back(std::move(member));
                } else {
                    node = call("member", nodes(std::move(node)));
                    node.text = std::move(member);
                }
            } else if (accept("[")) {
                SparkNode index = LAGOA_TRY(disjunction());
                LAGOA_TRY(expect("]"));
                node = call("element", nodes(std::move(node), std::move(index)));
            } else if (accept("::")) {
                node = LAGOA_TRY(cast_to_type(std::move(node)));
            } else {
                return node;
            }
        }
    }

    static bool is_name(const SparkToken& token) {
        return token.kind == SparkToken::Kind::kName || token.kind == SparkToken::Kind::kQuotedName;
    }

    Result<SparkNode> primary() {
        const SparkToken& token = peek();
        if (accept("(")) {
            SparkNode node = LAGOA_TRY(disjunction());
            LAGOA_TRY(expect(")"));
            return node;
        }
        if (token.kind == SparkToken::Kind::kNumber) return leaf(Kind::kNumber, tokens_[at_++].text);
        if (token.kind == SparkToken::Kind::kText) return leaf(Kind::kText, tokens_[at_++].text);
        if (!is_name(token)) return unexpected();
        return token.kind == SparkToken::Kind::kQuotedName ? column() : word(to_lower(token.text));
    }

    // What begins with the word `lowered`, which is next.
    Result<SparkNode> word(const std::string& lowered) {
        const bool has_text = peek(1).kind == SparkToken::Kind::kText;
        if (has_text && (lowered == "x" || lowered == "date" || lowered.starts_with("timestamp"))) {
            at_ += 2;
            return leaf(Kind::kTyped, tokens_[at_ - 1].text, lowered);
        }
        if (lowered != "interval" && peek(1).is_sign("(") && !is_reserved(lowered)) {
            at_ += 2;
            return function(lowered);
        }
        if (lowered != "null" && lowered != "case" && is_reserved(lowered)) return unexpected();
        if (lowered == "null" || lowered == "true" || lowered == "false" || lowered == "case" ||
            lowered == "interval" || std::ranges::find(kBareFunctions, lowered) != kBareFunctions.end())
            ++at_;
        else
            return column();
        if (lowered == "null") return leaf(Kind::kNull, "");
        if (lowered == "case") return case_expression();
        if (lowered == "interval") return interval();
        if (lowered == "true" || lowered == "false") return leaf(Kind::kBoolean, lowered);
        return call(lowered, {});
    }

    static bool is_reserved(std::string_view word) { return std::ranges::find(kReserved, word) != kReserved.end(); }

    SparkNode column() {
        SparkNode node = leaf(Kind::kColumn, "");
        node.path.push_back(tokens_[at_++].text);
        return node;
    }

    // INTERVAL 1 DAY, INTERVAL '1' DAY, INTERVAL -1 DAYS: one unit.
    Result<SparkNode> interval() {
        std::string count = accept("-") ? "-" : "";
        if (peek().kind != SparkToken::Kind::kNumber && peek().kind != SparkToken::Kind::kText) return unexpected();
        count += trim(tokens_[at_++].text);
        std::string unit = to_lower(peek().text);
        if (unit.ends_with('s')) unit.pop_back();
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), number);
        const bool is_whole = error == std::errc{} && end == count.data() + count.size();
        if (!is_whole || std::ranges::find(kUnits, unit) == kUnits.end() || peek(1).is_word("to"))
            return fail(ErrorCode::kUnsupported, "an INTERVAL that is not a whole number of one unit");
        ++at_;
        if (peek().kind == SparkToken::Kind::kNumber)
            return fail(ErrorCode::kUnsupported, "an INTERVAL of several units");
        return leaf(Kind::kInterval, std::move(count), std::move(unit));
    }

    Result<SparkNode> case_expression() {
        std::optional<SparkNode> subject;
        if (!peek().is_word("when")) subject = LAGOA_TRY(disjunction());
        SparkNode node = call("case", {});
        while (accept_word("when")) {
            SparkNode condition = LAGOA_TRY(disjunction());
            if (subject) condition = call("=", nodes(*subject, std::move(condition)));
            LAGOA_TRY(expect_word("then"));
            SparkNode value = LAGOA_TRY(disjunction());
            node.arguments.push_back(std::move(condition));
            node.arguments.push_back(std::move(value));
        }
        if (node.arguments.empty()) return unexpected();
        SparkNode otherwise;
        if (accept_word("else")) otherwise = LAGOA_TRY(disjunction());
        node.arguments.push_back(std::move(otherwise));
        LAGOA_TRY(expect_word("end"));
        return node;
    }

    Result<> list_into(std::vector<SparkNode>& list) {
        const Deeper deeper(depth_);
        LAGOA_TRY(check_depth());
        if (peek().is_word("select")) return fail(ErrorCode::kUnsupported, "a subquery");
        if (accept(")")) return {};
        do {
            SparkNode item = LAGOA_TRY(disjunction());
            list.push_back(std::move(item));
        } while (accept(","));
        return expect(")");
    }

    // After the parenthesis.
    Result<SparkNode> function(const std::string& name) {
        if (name == "cast" || name == "try_cast") {
            if (name == "try_cast") return fail(ErrorCode::kUnsupported, "the function try_cast");
            SparkNode value = LAGOA_TRY(disjunction());
            LAGOA_TRY(expect_word("as"));
            SparkNode node = LAGOA_TRY(cast_to_type(std::move(value)));
            LAGOA_TRY(expect(")"));
            return node;
        }
        if (name == "extract") {
            SparkNode node = call(to_lower(peek().text), {});
            ++at_;
            LAGOA_TRY(expect_word("from"));
            SparkNode source = LAGOA_TRY(disjunction());
            node.arguments.push_back(std::move(source));
            LAGOA_TRY(expect(")"));
            return node;
        }
        SparkNode node = call(name, {});
        for (const std::string_view word : {"distinct", "both", "leading", "trailing"})
            if (peek().is_word(word)) return fail(ErrorCode::kUnsupported, "{}({} …)", name, word);
        LAGOA_TRY(list_into(node.arguments));
        for (const std::string_view word : {"over", "filter"})
            if (peek().is_word(word)) return fail(ErrorCode::kUnsupported, "{}(…) {}", name, word);
        return node;
    }

    Result<SparkNode> cast_to_type(SparkNode value) {
        SparkNode node{.kind = Kind::kCast, .name = {}, .text = {}, .path = {}, .arguments = {}, .type = {}};
        node.arguments.push_back(std::move(value));
        const std::string name = to_lower(peek().text);
        if (peek().kind != SparkToken::Kind::kName) return unexpected();
        ++at_;
        if (name == "decimal" || name == "dec" || name == "numeric") {
            node.type = Type::decimal(10, 0);
            if (accept("(")) LAGOA_TRY(decimal_size(node.type));
            return node;
        }
        const auto* const known = std::ranges::find(kTypeNames, name, &TypeName::name);
        if (known == kTypeNames.end()) return fail(ErrorCode::kUnsupported, "CAST to {}", name);
        node.type.kind = known->kind;
        if (peek().is_word("without") || peek().is_word("with"))
            return fail(ErrorCode::kUnsupported, "CAST to {} {} …", name, to_lower(peek().text));
        return node;
    }

    Result<> decimal_size(Type& type) {
        const auto number = [this](int& out) -> Result<> {
            const std::string& text = peek().text;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
            if (error != std::errc{} || end != text.data() + text.size()) return unexpected();
            ++at_;
            return {};
        };
        LAGOA_TRY(number(type.precision));
        if (accept(",")) LAGOA_TRY(number(type.scale));
        if (type.precision < 1 || type.precision > 38 || type.scale < 0 || type.scale > type.precision)
            return fail(ErrorCode::kInvalidArgument, "DECIMAL({},{}) is no type", type.precision, type.scale);
        return expect(")");
    }

    // ------------------------------------------------------------------ how deep it goes

    struct Deeper {
        explicit Deeper(int& of_parser) : depth(of_parser) { ++depth; }
        ~Deeper() { --depth; }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;
        int& depth;
    };

    Result<> check_depth() const {
        if (depth_ <= kMaxDepth) return {};
        return fail(ErrorCode::kUnsupported, "an expression that is nested deeper than {} levels", kMaxDepth);
    }

    const std::vector<SparkToken> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Result<SparkNode> parse_spark(std::string_view text) {
    auto tokens = LAGOA_TRY(tokenize_spark(text));
    return Parser(std::move(tokens)).run();
}

}  // namespace lagoa
