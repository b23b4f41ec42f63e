#include "engine/duckdb/named_arguments.h"

#include <array>
#include <string_view>

#include "engine/duckdb/sql_rewrite.h"
#include "engine/duckdb/sql_tokens.h"

namespace lagoa {
namespace {

constexpr std::array<std::string_view, 1> kWords = {"TIMESTAMP"};

// Not in AT (TIMESTAMP => …), which the grammar knows.
std::optional<SqlEdits> quote_arguments(const std::string& sql) {
    if (!mentions_word(sql, kWords)) return std::nullopt;
    const auto tokens = SqlTokens::scan(sql);
    if (!tokens) return std::nullopt;
    SqlEdits edits;
    for (std::size_t i = 0; i + 1 < tokens->size(); ++i) {
        const bool is_argument = tokens->is(i, kWords[0]) && (tokens->is(i + 1, "=>") || tokens->is(i + 1, ":="));
        if (!is_argument || (i >= 2 && tokens->is(i - 1, "(") && tokens->is(i - 2, "AT"))) continue;
        edits.insert((*tokens)[i].begin, "\"");
        edits.insert((*tokens)[i].end, "\"");
    }
    return edits;
}

}  // namespace

void allow_timestamp_argument(duckdb::DatabaseInstance& instance) {
    add_sql_rewrite(instance, quote_arguments);
}

}  // namespace lagoa
