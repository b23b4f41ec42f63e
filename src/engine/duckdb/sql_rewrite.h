// SQL that DuckDB's parser does not know, made into SQL that it does, before it parses.
//
// Every door by which SQL enters goes through rewrite_sql(): Session's statements and descriptions, split_statements()
// and references(). Views do not: DuckDB keeps of a view what the rewriting made of its text. DuckDB's own hook, the
// parser override, is no good for this: its PEG parser sits before ours in the list and would parse everything instead
// (docs/decisions/0030-statements-are-rewritten.md).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "duckdb.hpp"

namespace lagoa {

/// Replacements in one text, which do not overlap.
class SqlEdits {
public:
    /// Puts `text` in the place of the bytes [begin, end). Edits at one place stand in the order in which they came.
    void replace(std::size_t begin, std::size_t end, std::string text);
    void insert(std::size_t at, std::string text) { replace(at, at, std::move(text)); }

    void add(const SqlEdits& more);
    bool empty() const { return edits_.empty(); }
    std::string apply(std::string_view sql) const;
    /// Where the byte at `position` of the edited text came from; for what an edit put there, where that edit begins.
    std::size_t origin(std::size_t position) const;

private:
    struct Edit {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::string text;
    };
    std::vector<Edit> edits_;  // by `begin`
};

/// Makes edits of `sql`, nullopt if nothing in it is of its dialect. Raises what it finds wrong. Called for every text,
/// by any thread. What it makes it leaves alone.
using SqlRewrite = std::optional<SqlEdits> (*)(const std::string& sql);

/// Whether a word of `sorted` (in capitals) is in `sql`, be it in a string or a comment: the quick look that spares
/// scanning what cannot concern a rewrite.
bool mentions_word(std::string_view sql, std::span<const std::string_view> sorted);

/// From now on every text of `instance` goes through `rewrite`, after those that were added before.
void add_sql_rewrite(duckdb::DatabaseInstance& instance, SqlRewrite rewrite);

/// `sql` in the words of DuckDB's parser. Errors show the place in `sql`. Raises kInvalidArgument for what a rewrite
/// found wrong or made of it does not parse; what no rewrite touched is not parsed here.
std::string rewrite_sql(duckdb::ClientContext& context, std::string_view sql);

}  // namespace lagoa
