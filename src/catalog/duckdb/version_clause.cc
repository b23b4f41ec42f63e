#include "catalog/duckdb/version_clause.h"

#include <algorithm>

namespace lagoa {
namespace {

using Kind = SqlToken::Kind;

bool is_all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// `v12`, or `20260102030405000`: a time to the millisecond.
std::optional<VersionClause> version_behind_at(std::string_view text) {
    constexpr std::size_t kDigitsOfTime = 17;
    if (text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && is_all_digits(text.substr(1)))
        return VersionClause{.by_time = false, .value = std::string(text.substr(1))};
    if (text.size() != kDigitsOfTime || !is_all_digits(text)) return std::nullopt;
    const auto part = [&](std::size_t at, std::size_t digits) { return text.substr(at, digits); };
    return VersionClause{.by_time = true,
                         .value = fmt::format("'{}-{}-{} {}:{}:{}.{}'", part(0, 4), part(4, 2), part(6, 2), part(8, 2),
                                              part(10, 2), part(12, 2), part(14, 3))};
}

// Right behind each other: `t@v12` names a version, `t @v12` is an operator.
std::optional<VersionClause> read_at_sign(StatementReader& reader) {
    const SqlTokens& tokens = reader.tokens();
    const std::size_t sign = reader.next();
    if (sign == 0 || sign + 1 >= reader.end() || tokens.text(sign) != "@" ||
        tokens[sign].begin != tokens[sign - 1].end || tokens[sign + 1].begin != tokens[sign].end)
        return std::nullopt;
    auto found = version_behind_at(tokens.text(sign + 1));
    if (found) {
        reader.skip();
        reader.skip();
    }
    return found;
}

// Whether the token is a value that may stand behind AS OF. A name there is an alias: `SELECT version AS of FROM t`.
bool begins_value(const StatementReader& reader, std::size_t token, bool by_time) {
    const SqlTokens& tokens = reader.tokens();
    if (token >= reader.end()) return false;
    if (tokens[token].kind == Kind::kString) return true;
    if (!by_time) return tokens[token].kind == Kind::kNumber;
    const bool typed = tokens.is(token, "TIMESTAMP") || tokens.is(token, "TIMESTAMPTZ") || tokens.is(token, "DATE");
    return tokens.is(token, "(") || (typed && token + 1 < reader.end() && tokens[token + 1].kind == Kind::kString);
}

// The words of the clause that come, and whether it names a time; 0 if there is none.
std::pair<std::size_t, bool> clause_words(const StatementReader& reader) {
    constexpr std::size_t kWords = 3;  // VERSION AS OF
    const SqlTokens& tokens = reader.tokens();
    const std::size_t first = reader.next() + (reader.sees({"FOR"}) ? 1 : 0);
    const bool by_time = tokens.is(first, "TIMESTAMP") || tokens.is(first, "SYSTEM_TIME");
    const bool by_number = tokens.is(first, "VERSION") || tokens.is(first, "SYSTEM_VERSION");
    const bool is_clause = (by_time || by_number) && tokens.is(first + 1, "AS") && tokens.is(first + 2, "OF") &&
                           begins_value(reader, first + kWords, by_time);
    return {is_clause ? first + kWords - reader.next() : 0, by_time};
}

// Whether a table's name may end with the token before `token`: what a clause behind it belongs to.
bool ends_table_name(const SqlTokens& tokens, std::size_t first, std::size_t token) {
    if (token == first) return false;
    if (tokens[token - 1].may_be_name()) return true;
    return token >= first + 2 && tokens[token - 1].kind == Kind::kKeyword && tokens.is(token - 2, ".");
}

// `t@v12` is only looked for where a table stands, for elsewhere @ is an operator.
bool follows_table_word(const SqlTokens& tokens, std::size_t first, std::size_t token) {
    std::size_t name = token - 1;
    while (name >= first + 2 && tokens.is(name - 1, ".")) name -= 2;
    if (name == first) return false;
    return std::ranges::any_of(std::initializer_list<std::string_view>{"FROM", "JOIN", ",", "(", "USING", "TABLE"},
                               [&](std::string_view word) { return tokens.is(name - 1, word); });
}

// Passes over `[AS] alias [(a, b)]`.
bool skip_alias(StatementReader& reader) {
    const bool has_as = reader.sees({"AS"});
    if (!reader.sees_name(has_as ? 1 : 0) || clause_words(reader).first != 0) return false;
    if (has_as) reader.skip();
    reader.skip();
    if (reader.sees({"("})) reader.parenthesised();
    return true;
}

}  // namespace

std::optional<VersionClause> read_version_clause(StatementReader& reader) {
    if (auto found = read_at_sign(reader)) return found;
    const auto [words, by_time] = clause_words(reader);
    if (words == 0) return std::nullopt;
    for (std::size_t i = 0; i < words; ++i) reader.skip();
    return VersionClause{.by_time = by_time, .value = reader.literal()};
}

void rewrite_version_clauses(const SqlTokens& tokens, std::size_t first, std::size_t end, SqlEdits& edits) {
    for (std::size_t token = first + 1; token < end;) {
        StatementReader reader(tokens, token, end);
        const bool may_have_one = ends_table_name(tokens, first, token) &&
                                  (!tokens.is(token, "@") || follows_table_word(tokens, first, token));
        const auto clause = may_have_one ? read_version_clause(reader) : std::nullopt;
        if (!clause) {
            ++token;
            continue;
        }
        const std::string at = fmt::format(" AT ({} => {})", clause->by_time ? "TIMESTAMP" : "VERSION", clause->value);
        const std::size_t next = reader.next();
        const bool has_alias = skip_alias(reader);
        edits.replace(tokens[token - 1].end, tokens[next - 1].end, has_alias ? "" : at);
        if (has_alias) edits.insert(tokens[reader.next() - 1].end, at);
        token = next;
    }
}

}  // namespace lagoa
