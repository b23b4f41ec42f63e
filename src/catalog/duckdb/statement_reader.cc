#include "catalog/duckdb/statement_reader.h"

#include <fmt/ranges.h>

#include "duckdb.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"
#include "duckdb/parser/parser.hpp"

#include "base/text.h"
#include "engine/duckdb/error.h"

namespace lagoa {

std::string unquoted(std::string_view name) {
    if (!name.starts_with('"') || name.size() < 2) return std::string(name);
    return replace_all(name.substr(1, name.size() - 2), "\"\"", "\"");
}

bool StatementReader::sees(std::initializer_list<std::string_view> words) const {
    std::size_t token = next_;
    for (const std::string_view word : words)
        if (token >= end_ || !tokens_.is(token++, word)) return false;
    return true;
}

bool StatementReader::sees_name(std::size_t ahead) const {
    return next_ + ahead < end_ && tokens_[next_ + ahead].may_be_name();
}

bool StatementReader::accept(std::initializer_list<std::string_view> words) {
    if (!sees(words)) return false;
    next_ += words.size();
    return true;
}

void StatementReader::expect(std::initializer_list<std::string_view> words) {
    if (!accept(words)) fail(fmt::format("{}", fmt::join(words, " ")));
}

void StatementReader::expect_end() const {
    if (!at_end()) fail("the statement's end");
}

void StatementReader::fail(std::string_view expected) const {
    if (at_end()) raise_syntax_error(tokens_[end_ - 1].end - 1, fmt::format("the statement ends before {}", expected));
    raise_syntax_error(tokens_[next_].begin,
                       fmt::format("syntax error at or near \"{}\": expected {}", tokens_.text(next_), expected));
}

std::string StatementReader::qualified_name() {
    if (!sees_name()) fail("a name");
    const std::size_t first = next_++;
    // Behind a dot any word is a name.
    while (sees({"."}) && next_ + 1 < end_ && tokens_[next_ + 1].kind <= SqlToken::Kind::kSoftKeyword) next_ += 2;
    return std::string(tokens_.text(first, next_ - 1));
}

std::string StatementReader::name() {
    if (!sees_name()) fail("a name");
    return unquoted(tokens_.text(next_++));
}

std::string StatementReader::column() {
    std::string path = name();
    while (accept({"."})) path += "." + name();
    return path;
}

std::vector<std::string> StatementReader::columns(bool bare) {
    const bool parenthesised = accept({"("});
    if (!parenthesised && !bare) fail("(");
    std::vector<std::string> found{column()};
    while (accept({","})) found.push_back(column());
    if (parenthesised) expect({")"});
    return found;
}

std::string StatementReader::string() {
    if (!sees_kind(SqlToken::Kind::kString)) fail("a text in quotes");
    const auto parsed = duckdb::Parser::ParseExpressionList(std::string(tokens_.text(next_)));
    if (parsed.size() != 1 || parsed[0]->GetExpressionType() != duckdb::ExpressionType::VALUE_CONSTANT)
        fail("a text in quotes");
    ++next_;
    return parsed[0]->Cast<duckdb::ConstantExpression>().value.ToString();
}

std::string StatementReader::literal() {
    const std::size_t first = next_;
    if (sees({"("})) {
        skip_parentheses();
    } else {
        if (sees({"TIMESTAMP"}) || sees({"TIMESTAMPTZ"}) || sees({"DATE"})) ++next_;
        if (!sees_kind(SqlToken::Kind::kString) && (next_ > first || !sees_kind(SqlToken::Kind::kNumber)))
            fail("a literal");
        ++next_;
    }
    return std::string(tokens_.text(first, next_ - 1));
}

void StatementReader::skip_parentheses() {
    if (!sees({"("})) fail("(");
    std::size_t depth = 0;
    do {
        if (at_end()) fail(")");
        if (sees({"("})) ++depth;
        if (sees({")"})) --depth;
        ++next_;
    } while (depth > 0);
}

std::string StatementReader::parenthesised() {
    const std::size_t opening = next_;
    skip_parentheses();
    return next_ - opening == 2 ? "" : std::string(tokens_.text(opening + 1, next_ - 2));
}

std::string StatementReader::text_until(const std::function<bool(const StatementReader&)>& stops) {
    const std::size_t first = next_;
    while (!at_end() && !stops(*this)) sees({"("}) ? skip_parentheses() : skip();
    if (next_ == first) fail("an expression");
    return std::string(tokens_.text(first, next_ - 1));
}

}  // namespace lagoa
