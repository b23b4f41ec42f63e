#include "catalog/duckdb/alter_statement.h"

#include <algorithm>
#include <vector>

#include <fmt/ranges.h>

#include "duckdb/common/string_util.hpp"

#include "base/text.h"
#include "catalog/duckdb/function_call.h"
#include "catalog/duckdb/table_options.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view hint) {
    raise({ErrorCode::kUnsupported, fmt::format("ALTER TABLE … {} is not supported", what), std::string(hint)});
}

// The statement behind the table's name.
struct Alteration {
    StatementReader& reader;
    std::string table;      // as it is written
    std::string beginning;  // ALTER TABLE [IF EXISTS] t

    std::string call(std::string_view function, const std::vector<std::string>& arguments) const {
        FunctionCall made(function, table);
        for (const std::string& argument : arguments) made.add(argument);
        return made.as_pragma();
    }
};

// One statement for DuckDB, or several that become one commit.
std::string as_one(const Alteration& alteration, const std::vector<std::string>& statements) {
    if (statements.size() == 1) return statements.front();
    return alteration.call("lagoa_alter", {quote_literal(fmt::format("{}", fmt::join(statements, "; ")))});
}

std::string comment_on(const Alteration& alteration, const std::string& column, const std::string& comment) {
    return fmt::format("COMMENT ON COLUMN {}.{} IS {}", alteration.table, column, quote_literal(comment));
}

bool at_end_of_column(const StatementReader& at) {
    return at.sees({","}) || at.sees({")"}) || at.sees({"COMMENT"}) || at.sees({"FIRST"}) || at.sees({"AFTER"});
}

void refuse_position(const StatementReader& reader) {
    if (reader.sees({"FIRST"}) || reader.sees({"AFTER"})) refuse("FIRST or AFTER", "New columns come last.");
}

// ADD COLUMN[S] (a INT COMMENT 'x', b STRING), with or without parentheses. One column without a comment is DuckDB's
// own.
std::optional<std::string> add_columns(const Alteration& alteration) {
    StatementReader& reader = alteration.reader;
    const bool parenthesised = reader.accept({"("});
    if (!parenthesised && !reader.sees_name()) return std::nullopt;
    std::vector<std::string> statements;
    do {
        const std::string if_absent = reader.accept({"IF", "NOT", "EXISTS"}) ? "IF NOT EXISTS " : "";
        const std::string column = reader.qualified_name();
        const std::string type = reader.text_until(at_end_of_column);
        statements.push_back(fmt::format("{} ADD COLUMN {}{} {}", alteration.beginning, if_absent, column, type));
        if (reader.accept({"COMMENT"})) statements.push_back(comment_on(alteration, column, reader.string()));
        refuse_position(reader);
    } while (reader.accept({","}));
    if (parenthesised) reader.expect({")"});
    reader.expect_end();
    return as_one(alteration, statements);
}

// DROP COLUMN[S] [IF EXISTS] (a, b), with or without parentheses.
std::optional<std::string> drop_columns(const Alteration& alteration) {
    StatementReader& reader = alteration.reader;
    const std::string if_there = reader.accept({"IF", "EXISTS"}) ? "IF EXISTS " : "";
    const bool parenthesised = reader.accept({"("});
    if (!parenthesised && !reader.sees_name()) return std::nullopt;
    std::vector<std::string> statements;
    do {
        statements.push_back(
            fmt::format("{} DROP COLUMN {}{}", alteration.beginning, if_there, reader.qualified_name()));
    } while (reader.accept({","}));
    if (parenthesised) reader.expect({")"});
    if (!reader.at_end()) return std::nullopt;  // CASCADE, …
    return as_one(alteration, statements);
}

// ALTER|CHANGE [COLUMN] a COMMENT 'x'; CHANGE [COLUMN] a a TYPE [COMMENT 'x'], CHANGE [COLUMN] a TYPE t.
std::optional<std::string> change_column(const Alteration& alteration, bool is_change) {
    StatementReader& reader = alteration.reader;
    reader.accept({"COLUMN"});
    if (!reader.sees_name()) return std::nullopt;
    const std::string column = reader.qualified_name();
    refuse_position(reader);
    std::vector<std::string> statements;
    if (!reader.sees({"COMMENT"})) {
        if (!is_change) return std::nullopt;
        if (!reader.accept({"TYPE"})) {
            const std::string name = reader.qualified_name();
            if (!duckdb::StringUtil::CIEquals(unquoted(name), unquoted(column)))
                refuse("CHANGE COLUMN to another name", "ALTER TABLE t RENAME COLUMN a TO b");
        }
        const std::string type = reader.text_until(at_end_of_column);
        statements.push_back(fmt::format("{} ALTER COLUMN {} TYPE {}", alteration.beginning, column, type));
    }
    if (reader.accept({"COMMENT"})) statements.push_back(comment_on(alteration, column, reader.string()));
    refuse_position(reader);
    reader.expect_end();
    return as_one(alteration, statements);
}

std::optional<std::string> add(const Alteration& alteration) {
    StatementReader& reader = alteration.reader;
    if (reader.accept({"CONSTRAINT"})) {
        const std::string name = reader.name();
        reader.expect({"CHECK"});
        const std::string condition = reader.parenthesised();
        reader.expect_end();
        return alteration.call("lagoa_add_constraint", {quote_literal(name), quote_literal(condition)});
    }
    if (reader.sees({"FEATURE"})) {
        StatementReader ahead = reader;
        ahead.skip();
        // A column may be called feature: what follows is then its type.
        if (!ahead.sees_name() || !is_known_feature(ahead.name()) || !ahead.at_end()) return std::nullopt;
        reader.skip();
        return alteration.call("lagoa_add_feature", {quote_literal(reader.name())});
    }
    const bool lists = reader.sees({"COLUMNS", "("}) || reader.sees({"COLUMN", "("});
    if (!lists && !reader.sees({"COLUMN"})) return std::nullopt;
    reader.skip();
    if (lists) return add_columns(alteration);
    // DuckDB knows all of it but a comment, a place and a second column.
    StatementReader ahead = reader;
    const auto is_ours = [](const StatementReader& at) {
        return at.sees({","}) || at.sees({"COMMENT"}) || at.sees({"AFTER"}) || at.sees({"FIRST"});
    };
    ahead.accept({"IF", "NOT", "EXISTS"});
    if (!ahead.sees_name()) return std::nullopt;
    ahead.qualified_name();
    if (ahead.at_end()) return std::nullopt;
    ahead.text_until(is_ours);
    return ahead.at_end() ? std::nullopt : add_columns(alteration);
}

std::optional<std::string> drop(const Alteration& alteration) {
    StatementReader& reader = alteration.reader;
    if (reader.accept({"CONSTRAINT"})) {
        const std::string if_there = reader.accept({"IF", "EXISTS"}) ? "true" : "false";
        const std::string name = reader.name();
        reader.expect_end();
        return alteration.call("lagoa_drop_constraint", {quote_literal(name), if_there});
    }
    if (reader.sees({"FEATURE"}) && (reader.sees_name(1) || reader.sees_kind(SqlToken::Kind::kString))) {
        reader.skip();
        const std::string feature = reader.name();
        if (reader.sees({"TRUNCATE", "HISTORY"}))
            refuse("DROP FEATURE … TRUNCATE HISTORY", "DROP FEATURE alone keeps the history.");
        reader.expect_end();
        return alteration.call("lagoa_drop_feature", {quote_literal(feature)});
    }
    if (reader.sees({"COLUMNS"}) && !reader.sees({"COLUMNS", "("}) && !reader.sees_name(1)) return std::nullopt;
    if (!reader.accept({"COLUMNS"}) && !reader.accept({"COLUMN"})) return std::nullopt;
    return drop_columns(alteration);
}

std::optional<std::string> properties(const Alteration& alteration) {
    StatementReader& reader = alteration.reader;
    const bool set = reader.accept({"SET", "TBLPROPERTIES"});
    if (!set) {
        reader.expect({"UNSET", "TBLPROPERTIES"});
        reader.accept({"IF", "EXISTS"});
    }
    const std::string entries = reader.parenthesised();
    reader.expect_end();
    return fmt::format("{} {} ({})", alteration.beginning, set ? "SET" : "RESET", entries);
}

}  // namespace

std::optional<std::string> alter_statement(const StatementReader& statement) {
    StatementReader reader = statement;
    if (!reader.accept({"ALTER", "TABLE"})) return std::nullopt;
    const bool if_exists = reader.accept({"IF", "EXISTS"});
    if (!reader.sees_name()) return std::nullopt;
    Alteration alteration{.reader = reader, .table = reader.qualified_name(), .beginning = ""};
    alteration.beginning = fmt::format("ALTER TABLE {}{}", if_exists ? "IF EXISTS " : "", alteration.table);
    if (reader.accept({"ADD"})) return add(alteration);
    if (reader.accept({"DROP"})) return drop(alteration);
    if (reader.accept({"CHANGE"})) return change_column(alteration, true);
    if (reader.accept({"ALTER"})) return change_column(alteration, false);
    if (reader.sees({"SET", "TBLPROPERTIES"}) || reader.sees({"UNSET", "TBLPROPERTIES"})) return properties(alteration);
    if (reader.sees({"REPLACE", "COLUMNS"})) refuse("REPLACE COLUMNS", "CREATE OR REPLACE TABLE … AS SELECT …");
    if (reader.accept({"CLUSTER", "BY"})) {
        std::vector<std::string> columns;
        if (!reader.accept({"NONE"})) columns = reader.columns();
        reader.expect_end();
        for (std::string& column : columns) column = quote_literal(column);
        return alteration.call("lagoa_cluster_by", columns);
    }
    return std::nullopt;
}

}  // namespace lagoa
