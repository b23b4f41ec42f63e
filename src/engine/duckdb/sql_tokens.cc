#include "engine/duckdb/sql_tokens.h"

#include <algorithm>

#include "duckdb.hpp"
#include "duckdb/parser/keyword_helper.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/simplified_token.hpp"

#include "base/text.h"

namespace lagoa {
namespace {

using Kind = SqlToken::Kind;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
           byte >= 0x80;
}

// Where the blanks and comments that begin at `at` end; npos for a comment without an end.
std::size_t skip_blanks(std::string_view sql, std::size_t at) {
    while (at < sql.size()) {
        if (is_space(sql[at])) {
            ++at;
        } else if (sql.substr(at, 2) == "--") {
            at = std::min(sql.find_first_of("\n\r", at), sql.size());
        } else if (sql.substr(at, 2) == "/*") {
            std::size_t depth = 1;
            for (at += 2; at < sql.size() && depth > 0;) {
                const std::string_view two = sql.substr(at, 2);
                if (two == "/*") ++depth;
                if (two == "*/") --depth;
                at += two == "/*" || two == "*/" ? 2 : 1;
            }
            if (depth > 0) return std::string_view::npos;
        } else {
            return at;
        }
    }
    return at;
}

// Behind the quote that ends what the quote at `at` begins. Two of them stand for one.
std::size_t quoted_end(std::string_view sql, std::size_t at, bool with_backslashes) {
    const char quote = sql[at];
    for (++at; at < sql.size(); ++at) {
        if (with_backslashes && sql[at] == '\\') {
            ++at;
        } else if (sql[at] == quote) {
            if (at + 1 >= sql.size() || sql[at + 1] != quote) return at + 1;
            ++at;
        }
    }
    return at;
}

std::size_t string_end(std::string_view sql, std::size_t at) {
    if (sql[at] == '$') {
        const std::size_t tag_end = std::min(sql.find('$', at + 1), sql.size() - 1);
        const std::string_view tag = sql.substr(at, tag_end + 1 - at);
        const std::size_t closing = sql.find(tag, tag_end + 1);
        return closing == std::string_view::npos ? sql.size() : closing + tag.size();
    }
    const bool with_backslashes = sql[at] == 'e' || sql[at] == 'E';
    at = sql.find('\'', at);
    if (at == std::string_view::npos) return sql.size();
    at = quoted_end(sql, at, with_backslashes);
    // A literal goes on behind a line break.
    for (std::size_t next = at; next < sql.size() && is_space(sql[next]);) {
        while (next < sql.size() && is_space(sql[next])) ++next;
        const bool goes_on = next < sql.size() && sql[next] == '\'' &&
                             sql.substr(at, next - at).find_first_of("\n\r") != std::string_view::npos;
        if (!goes_on) break;
        at = next = quoted_end(sql, next, with_backslashes);
    }
    return at;
}

// `next` is where the following token begins.
std::size_t token_end(std::string_view sql, const SqlToken& token, std::size_t next) {
    if (token.kind == Kind::kString) return string_end(sql, token.begin);
    if (sql[token.begin] == '"') return quoted_end(sql, token.begin, false);
    std::size_t end = token.begin + 1;
    if (token.kind == Kind::kOperator) {
        while (end < next && !is_space(sql[end]) && sql.substr(end, 2) != "--" && sql.substr(end, 2) != "/*") ++end;
    } else if (token.kind == Kind::kNumber) {
        const auto is_part = [&](std::size_t at) {
            const bool sign = (sql[at] == '+' || sql[at] == '-') && (sql[at - 1] == 'e' || sql[at - 1] == 'E');
            return is_word(sql[at]) || sql[at] == '.' || sign;
        };
        while (end < next && is_part(end)) ++end;
    } else {
        while (end < next && is_word(sql[end])) ++end;
    }
    return end;
}

Kind keyword_kind(std::string_view word) {
    using enum duckdb::KeywordCategory;
    const auto category = duckdb::KeywordHelper::KeywordCategoryType(to_lower(word));
    return category == KEYWORD_UNRESERVED || category == KEYWORD_COL_NAME ? Kind::kSoftKeyword : Kind::kKeyword;
}

// The scanner calls operators of several characters keywords.
Kind kind_of(const duckdb::SimplifiedToken& token, std::string_view sql) {
    using enum duckdb::SimplifiedTokenType;
    switch (token.type) {
        case SIMPLIFIED_TOKEN_IDENTIFIER:
            return Kind::kName;
        case SIMPLIFIED_TOKEN_NUMERIC_CONSTANT:
            return Kind::kNumber;
        case SIMPLIFIED_TOKEN_STRING_CONSTANT:
            return Kind::kString;
        case SIMPLIFIED_TOKEN_KEYWORD:
            return is_word(sql[token.start]) ? Kind::kKeyword : Kind::kOperator;
        default:
            return Kind::kOperator;
    }
}

}  // namespace

std::optional<SqlTokens> SqlTokens::scan(const std::string& sql) {
    SqlTokens found(sql);
    const std::string_view text = found.sql_;
    const auto scanned = duckdb::Parser::Tokenize(sql);
    // The scanner tells where a token begins, and stops in silence at what it cannot read. Between the ends that we
    // find there may be blanks and comments only.
    std::size_t covered = 0;
    for (std::size_t i = 0; i < scanned.size(); ++i) {
        const std::size_t begin = scanned[i].start;
        const std::size_t next = i + 1 < scanned.size() ? scanned[i + 1].start : text.size();
        if (begin >= text.size() || next <= begin || skip_blanks(text, covered) != begin) return std::nullopt;
        SqlToken token{.kind = kind_of(scanned[i], text), .begin = begin, .end = 0};
        token.end = token_end(text, token, next);
        if (token.kind == Kind::kKeyword) token.kind = keyword_kind(text.substr(token.begin, token.end - token.begin));
        covered = token.end;
        found.tokens_.push_back(token);
    }
    if (skip_blanks(text, covered) != text.size()) return std::nullopt;
    return found;
}

std::string_view SqlTokens::text(std::size_t token) const {
    return text(token, token);
}

std::string_view SqlTokens::text(std::size_t first, std::size_t last) const {
    return sql_.substr(tokens_[first].begin, tokens_[last].end - tokens_[first].begin);
}

bool SqlTokens::is(std::size_t token, std::string_view word) const {
    if (token >= tokens_.size() || tokens_[token].end - tokens_[token].begin != word.size()) return false;
    return std::ranges::equal(text(token), word, [](char typed, char wanted) {
        return (typed >= 'a' && typed <= 'z' ? static_cast<char>(typed - 'a' + 'A') : typed) == wanted;
    });
}

}  // namespace lagoa
