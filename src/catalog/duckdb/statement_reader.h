// Reads one statement token by token, for the statements that DuckDB's parser does not know.
#pragma once

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "engine/duckdb/sql_tokens.h"

namespace lagoa {

/// What it expects and does not find it raises as kInvalidArgument, with the place. Words are in capitals.
class StatementReader {
public:
    /// The tokens [first, end) of `tokens`, which outlives this.
    StatementReader(const SqlTokens& tokens, std::size_t first, std::size_t end)
        : tokens_(tokens), next_(first), end_(end) {}

    const SqlTokens& tokens() const { return tokens_; }
    std::size_t next() const { return next_; }
    std::size_t end() const { return end_; }
    bool at_end() const { return next_ >= end_; }
    void skip() { ++next_; }

    bool sees(std::initializer_list<std::string_view> words) const;
    /// Whether a name comes `ahead` tokens further.
    bool sees_name(std::size_t ahead = 0) const;
    bool sees_kind(SqlToken::Kind kind) const { return !at_end() && tokens_[next_].kind == kind; }

    /// Passes over `words`, if they are what comes.
    bool accept(std::initializer_list<std::string_view> words);
    void expect(std::initializer_list<std::string_view> words);
    /// Nothing may be left.
    void expect_end() const;

    /// A name of one or more parts, as it is written.
    std::string qualified_name();
    /// A name of one part, without its quotes.
    std::string name();
    /// A name of one or more parts, each without its quotes, as `a.b`.
    std::string column();
    /// `(a, b)`; or, if `bare` allows it, `a, b`.
    std::vector<std::string> columns(bool bare = false);
    /// The value of a string literal.
    std::string string();
    /// A literal as it is written: a number, a string, a string with its type before it, or something in parentheses.
    std::string literal();
    /// What stands in the parentheses that come, as it is written.
    std::string parenthesised();
    /// The source up to a token for which `stops` holds outside parentheses; at least one token.
    std::string text_until(const std::function<bool(const StatementReader&)>& stops);

    [[noreturn]] void fail(std::string_view expected) const;

private:
    void skip_parentheses();

    const SqlTokens& tokens_;
    std::size_t next_;
    std::size_t end_;
};

/// A name without its quotes.
std::string unquoted(std::string_view name);

}  // namespace lagoa
