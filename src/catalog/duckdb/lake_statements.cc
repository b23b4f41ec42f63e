#include "catalog/duckdb/lake_statements.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "catalog/duckdb/alter_statement.h"
#include "catalog/duckdb/create_statement.h"
#include "catalog/duckdb/function_call.h"
#include "catalog/duckdb/statement_reader.h"
#include "catalog/duckdb/version_clause.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// One of these is in every text that is rewritten.
constexpr std::array<std::string_view, 21> kWords = {
    "CHANGE",    "CLONE",  "CLUSTER", "COLUMN",  "COLUMNS",       "COMMENT", "CONSTRAINT",
    "CONVERT",   "DETAIL", "FEATURE", "HISTORY", "IDENTITY",      "OF",      "OPTIMIZE",
    "OVERWRITE", "REORG",  "REPLACE", "RESTORE", "TBLPROPERTIES", "USING",   "VACUUM"};
static_assert(std::ranges::is_sorted(kWords));

std::string where_text(StatementReader& reader, std::initializer_list<std::string_view> end) {
    return reader.text_until([&](const StatementReader& at) { return at.sees(end); });
}

// OPTIMIZE [TABLE] t [FULL] [WHERE condition] [ZORDER BY (a, b)]
std::string optimize(StatementReader& reader) {
    reader.expect({"OPTIMIZE"});
    reader.accept({"TABLE"});
    FunctionCall call("lagoa_optimize", reader.qualified_name());
    if (reader.accept({"FULL"})) call.add("all_files", "true");
    if (reader.accept({"WHERE"})) call.add_text("predicate", where_text(reader, {"ZORDER", "BY"}));
    if (reader.accept({"ZORDER", "BY"})) call.add("z_order", sql_list(reader.columns(true)));
    reader.expect_end();
    return call.as_select();
}

// REORG TABLE t [WHERE condition] APPLY (PURGE)
std::string reorganise(StatementReader& reader) {
    reader.expect({"REORG", "TABLE"});
    FunctionCall call("lagoa_optimize", reader.qualified_name());
    if (reader.accept({"WHERE"})) call.add_text("predicate", where_text(reader, {"APPLY"}));
    reader.expect({"APPLY", "(", "PURGE", ")"});
    call.add("purge", "true");
    reader.expect_end();
    return call.as_select();
}

// VACUUM [TABLE] t [FULL | LITE] [RETAIN n HOURS] [DRY RUN]. DuckDB's own has options before the name, or columns
// behind.
std::optional<std::string> vacuum(StatementReader& reader) {
    reader.expect({"VACUUM"});
    const bool has_table = reader.accept({"TABLE"});
    for (const std::string_view word : {"ANALYZE", "ANALYSE", "FREEZE", "FULL", "VERBOSE"})
        if (!has_table && reader.sees({word})) return std::nullopt;
    if (!has_table && !reader.sees_name()) return std::nullopt;
    FunctionCall call("lagoa_vacuum", reader.qualified_name());
    if (!has_table && reader.sees({"("})) return std::nullopt;
    bool plain = !has_table;
    while (!reader.at_end()) {
        plain = false;
        if (reader.accept({"LITE"})) {
            call.add("lite", "true");
        } else if (reader.accept({"RETAIN"})) {
            if (!reader.sees_kind(SqlToken::Kind::kNumber)) reader.fail("a number of hours");
            call.add("retain_hours", reader.literal());
            reader.expect({"HOURS"});
        } else if (reader.accept({"DRY", "RUN"})) {
            call.add("dry_run", "true");
        } else if (!reader.accept({"FULL"})) {
            reader.fail("FULL, LITE, RETAIN or DRY RUN");
        }
    }
    if (plain) call.add("of_any_catalog", "true");
    return call.as_select();
}

// RESTORE [TABLE] t TO VERSION AS OF n | TO TIMESTAMP AS OF x
std::string restore(StatementReader& reader) {
    reader.expect({"RESTORE"});
    reader.accept({"TABLE"});
    FunctionCall call("lagoa_restore", reader.qualified_name());
    reader.expect({"TO"});
    const auto version = read_version_clause(reader);
    if (!version) reader.fail("VERSION AS OF or TIMESTAMP AS OF");
    version->add_to(call);
    reader.expect_end();
    return call.as_select();
}

// CONVERT TO DELTA t [PARTITIONED BY (a INT, …)] [NO STATISTICS]
std::string convert(StatementReader& reader) {
    reader.expect({"CONVERT", "TO", "DELTA"});
    FunctionCall call("lagoa_convert", reader.qualified_name());
    std::string partitions;
    bool no_statistics = false;
    while (!reader.at_end()) {
        if (reader.accept({"PARTITIONED", "BY"})) {
            partitions = reader.parenthesised();
        } else {
            reader.expect({"NO", "STATISTICS"});
            no_statistics = true;
        }
    }
    return call.add(quote_literal(partitions)).add(no_statistics ? "true" : "false").as_pragma();
}

// DESCRIBE HISTORY t [LIMIT n], DESCRIBE DETAIL t, SHOW TBLPROPERTIES t [(key)]; nullopt for what DuckDB describes: a
// table called history.
std::optional<std::string> description(StatementReader& reader) {
    const bool shows = reader.accept({"SHOW", "TBLPROPERTIES"});
    if (!shows && !reader.accept({"DESCRIBE"}) && !reader.accept({"DESC"})) return std::nullopt;
    if (!reader.sees_name(shows ? 0 : 1)) return std::nullopt;
    if (shows) {
        FunctionCall call("lagoa_properties", reader.qualified_name());
        if (reader.accept({"("})) {
            call.add_text("key", reader.sees_kind(SqlToken::Kind::kString) ? reader.string() : reader.column());
            reader.expect({")"});
        }
        return call.as_select();
    }
    const bool history = reader.sees({"HISTORY"});
    if (!history && !reader.sees({"DETAIL"})) return std::nullopt;
    reader.skip();
    reader.accept({"TABLE"});
    FunctionCall call(history ? "lagoa_history" : "lagoa_detail", reader.qualified_name());
    if (history && reader.accept({"LIMIT"})) {
        if (!reader.sees_kind(SqlToken::Kind::kNumber)) reader.fail("a number of versions");
        call.add("versions", reader.literal());
    }
    return call.as_select();
}

void refuse_replacing_inserts(StatementReader reader) {
    constexpr std::string_view kHint =
        "BEGIN; DELETE FROM t WHERE …; INSERT INTO t SELECT …; COMMIT is one commit that does the same.";
    if (reader.accept({"INSERT", "OVERWRITE"}))
        raise({ErrorCode::kUnsupported, "INSERT OVERWRITE is not supported", std::string(kHint)});
    if (!reader.accept({"INSERT", "INTO"}) || !reader.sees_name()) return;
    reader.qualified_name();
    if (reader.sees({"REPLACE", "WHERE"}) || reader.sees({"REPLACE", "USING"}) || reader.sees({"REPLACE", "ON"}))
        raise({ErrorCode::kUnsupported, "INSERT … REPLACE is not supported", std::string(kHint)});
}

// What the whole statement becomes; nullopt if it stays, or changes in parts.
std::optional<std::string> whole_statement(const StatementReader& statement) {
    StatementReader reader = statement;
    if (reader.sees({"OPTIMIZE"})) return optimize(reader);
    if (reader.sees({"REORG"})) return reorganise(reader);
    if (reader.sees({"VACUUM"})) return vacuum(reader);
    if (reader.sees({"RESTORE"})) return restore(reader);
    if (reader.sees({"CONVERT"})) return convert(reader);
    if (auto described = description(reader)) {
        reader.expect_end();
        return described;
    }
    return clone_statement(statement);
}

// (DESCRIBE HISTORY t) and its kin, where a table or a subquery stands.
void rewrite_descriptions(const StatementReader& statement, SqlEdits& edits) {
    const SqlTokens& tokens = statement.tokens();
    for (std::size_t token = statement.next(); token + 1 < statement.end(); ++token) {
        if (!tokens.is(token, "(")) continue;
        StatementReader reader(tokens, token + 1, statement.end());
        const auto described = description(reader);
        if (!described) continue;
        if (!reader.sees({")"})) reader.fail(")");
        edits.replace(tokens[token + 1].begin, tokens[reader.next() - 1].end, *described);
    }
}

void rewrite_statement(StatementReader statement, SqlEdits& edits) {
    const SqlTokens& tokens = statement.tokens();
    if (statement.accept({"PREPARE"})) {
        statement.text_until([](const StatementReader& at) { return at.sees({"AS"}); });
        if (!statement.accept({"AS"}) || statement.at_end()) return;
    }
    const auto replaced = whole_statement(statement);
    const auto altered = replaced ? replaced : alter_statement(statement);
    if (altered) {
        edits.replace(tokens[statement.next()].begin, tokens[statement.end() - 1].end, *altered);
        return;
    }
    refuse_replacing_inserts(statement);
    const std::size_t body = rewrite_creation(statement, edits);
    rewrite_version_clauses(tokens, body, statement.end(), edits);
    rewrite_descriptions({tokens, body, statement.end()}, edits);
}

}  // namespace

std::optional<SqlEdits> rewrite_lake_statements(const std::string& sql) {
    if (sql.find('@') == std::string::npos && !mentions_word(sql, kWords)) return std::nullopt;
    const auto tokens = SqlTokens::scan(sql);
    if (!tokens) return std::nullopt;
    SqlEdits edits;
    for (std::size_t first = 0; first < tokens->size();) {
        std::size_t end = first;
        while (end < tokens->size() && !tokens->is(end, ";")) ++end;
        if (end > first) rewrite_statement({*tokens, first, end}, edits);
        first = end + 1;
    }
    return edits;
}

}  // namespace lagoa
