#include "catalog/duckdb/create_statement.h"

#include <vector>

#include <fmt/ranges.h>

#include "base/text.h"
#include "catalog/duckdb/creation_clauses.h"
#include "catalog/duckdb/function_call.h"
#include "catalog/duckdb/version_clause.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

struct Head {
    bool replaces = false;
    bool if_not_exists = false;
    std::string table;
};

// CREATE [OR REPLACE] TABLE [IF NOT EXISTS] t
std::optional<Head> read_head(StatementReader& reader) {
    Head head;
    if (!reader.accept({"CREATE"})) return std::nullopt;
    head.replaces = reader.accept({"OR", "REPLACE"});
    if (!reader.accept({"TABLE"})) return std::nullopt;
    head.if_not_exists = reader.accept({"IF", "NOT", "EXISTS"});
    if (!reader.sees_name()) return std::nullopt;
    head.table = reader.qualified_name();
    return head;
}

[[noreturn]] void refuse(std::string_view what, std::string_view hint) {
    raise({ErrorCode::kUnsupported, fmt::format("CREATE TABLE … {} is not supported in the lake", what),
           std::string(hint)});
}

// What stands behind the columns, put together for DuckDB.
struct Tail {
    std::string partitions;
    std::string order;
    std::vector<std::string> options;  // of WITH
    CreationClauses clauses;
    bool is_ours = false;  // whether DuckDB would not parse it
};

std::int64_t read_integer(StatementReader& reader) {
    const bool negative = reader.accept({"-"});
    if (!reader.sees_kind(SqlToken::Kind::kNumber)) reader.fail("a whole number");
    const std::string text = (negative ? "-" : "") + std::string(reader.tokens().text(reader.next()));
    const auto number = json::Number{text}.to_int64();
    if (!number) reader.fail("a whole number");
    reader.skip();
    return *number;
}

// GENERATED ALWAYS | BY DEFAULT AS IDENTITY [(START WITH n INCREMENT BY m)]
IdentityClause read_identity(StatementReader& reader) {
    IdentityClause identity;
    reader.expect({"GENERATED"});
    if (!reader.accept({"ALWAYS"})) {
        reader.expect({"BY", "DEFAULT"});
        identity.allow_explicit = true;
    }
    reader.expect({"AS", "IDENTITY"});
    if (!reader.accept({"("})) return identity;
    while (!reader.accept({")"})) {
        if (reader.accept({"START"})) {
            reader.accept({"WITH"});
            identity.start = read_integer(reader);
        } else {
            reader.expect({"INCREMENT"});
            reader.accept({"BY"});
            identity.step = read_integer(reader);
        }
        reader.accept({","});
    }
    if (identity.step == 0) reader.fail("an INCREMENT that is not 0");
    return identity;
}

// Takes COMMENT and identities out of the columns, which begin at the parenthesis.
void read_columns(StatementReader& reader, Tail& tail, SqlEdits& edits) {
    const SqlTokens& tokens = reader.tokens();
    reader.expect({"("});
    while (!reader.at_end() && !reader.sees({")"})) {
        ColumnClauses column{.column = unquoted(tokens.text(reader.next())), .comment = {}, .identity = {}};
        reader.skip();
        while (!reader.at_end() && !reader.sees({","}) && !reader.sees({")"})) {
            const std::size_t first = reader.next();
            const bool comments = reader.sees({"COMMENT"}) && first + 1 < reader.end() &&
                                  tokens[first + 1].kind == SqlToken::Kind::kString;
            if (comments) {
                reader.skip();
                column.comment = reader.string();
            } else if (reader.sees({"GENERATED", "ALWAYS", "AS", "IDENTITY"}) ||
                       reader.sees({"GENERATED", "BY", "DEFAULT", "AS", "IDENTITY"})) {
                column.identity = read_identity(reader);
            } else {
                if (reader.sees({"("}))
                    reader.parenthesised();
                else
                    reader.skip();
                continue;
            }
            edits.replace(tokens[first - 1].end, tokens[reader.next() - 1].end, "");
        }
        if (column.comment || column.identity) tail.clauses.columns.push_back(std::move(column));
        reader.accept({","});
    }
    reader.expect({")"});
}

// One clause behind the columns; false at what is none.
bool read_clause(StatementReader& reader, Tail& tail) {
    if (reader.sees({"PARTITIONED", "BY"}) || reader.sees({"SORTED", "BY"})) {
        std::string& clause = reader.sees({"SORTED"}) ? tail.order : tail.partitions;
        const std::string word = reader.sees({"SORTED"}) ? "SORTED" : "PARTITIONED";
        reader.skip();
        reader.skip();
        clause = fmt::format(" {} BY ({})", word, reader.parenthesised());
    } else if (reader.sees({"WITH", "("})) {
        reader.skip();
        tail.options.push_back(reader.parenthesised());
    } else if (reader.accept({"TBLPROPERTIES"})) {
        tail.is_ours = true;
        tail.options.push_back(reader.parenthesised());
    } else if (reader.accept({"COMMENT"})) {
        reader.accept({"="});
        tail.clauses.comment = reader.string();
    } else if (reader.accept({"CLUSTER", "BY"})) {
        tail.clauses.cluster_by = reader.columns();
    } else if (reader.accept({"USING"})) {
        tail.is_ours = true;
        if (!reader.accept({"DELTA"})) refuse("USING another format", "Tables of the lake are Delta's: USING DELTA.");
    } else if (reader.sees({"LOCATION"})) {
        refuse("LOCATION", "A table lies in the folder of its name in its zone.");
    } else {
        return false;
    }
    return true;
}

}  // namespace

std::optional<std::string> clone_statement(const StatementReader& statement) {
    StatementReader reader = statement;
    const auto head = read_head(reader);
    if (!head) return std::nullopt;
    if (reader.sees({"DEEP", "CLONE"}) || reader.sees({"CLONE"}))
        refuse("DEEP CLONE", "CREATE TABLE … AS SELECT * FROM … copies rows; SHALLOW CLONE shares files.");
    if (!reader.accept({"SHALLOW", "CLONE"})) return std::nullopt;
    FunctionCall call("lagoa_clone", head->table);
    const bool by_path = reader.sees_kind(SqlToken::Kind::kString);
    call.add_text(by_path ? "path" : "source", by_path ? reader.string() : reader.qualified_name());
    if (const auto version = read_version_clause(reader)) version->add_to(call);
    if (head->replaces) call.add("or_replace", "true");
    if (head->if_not_exists) call.add("if_not_exists", "true");
    reader.expect_end();
    return call.as_select();
}

std::size_t rewrite_creation(const StatementReader& statement, SqlEdits& edits) {
    StatementReader reader = statement;
    if (!read_head(reader)) return statement.next();
    const SqlTokens& tokens = statement.tokens();
    Tail tail;
    SqlEdits columns;
    if (reader.sees({"("})) read_columns(reader, tail, columns);
    const std::size_t begin = reader.next();
    while (!reader.at_end() && !reader.sees({"AS"}) && read_clause(reader, tail)) {
    }
    const std::size_t end = reader.next();
    if (!tail.is_ours && tail.clauses.empty()) return end;
    if (!reader.at_end() && !reader.sees({"AS"})) reader.fail("AS or the statement's end");
    edits.add(columns);
    if (!tail.clauses.empty()) tail.options.push_back(to_option(tail.clauses));
    std::erase(tail.options, "");
    const std::string with = tail.options.empty() ? "" : fmt::format(" WITH ({})", fmt::join(tail.options, ", "));
    edits.replace(tokens[begin - 1].end, tokens[end - 1].end, tail.partitions + tail.order + with);
    return end;
}

}  // namespace lagoa
