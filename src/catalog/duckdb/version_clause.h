// `VERSION AS OF 12`, `TIMESTAMP AS OF '2026-01-02'` and `t@v12`: versions as Spark names them.
#pragma once

#include <optional>
#include <string>

#include "catalog/duckdb/function_call.h"
#include "catalog/duckdb/statement_reader.h"
#include "engine/duckdb/sql_rewrite.h"

namespace lagoa {

struct VersionClause {
    bool by_time = false;
    std::string value;  ///< SQL.

    /// As a named argument of a private function.
    void add_to(FunctionCall& call) const { call.add(by_time ? "instant" : "version", value); }
};

/// Passes over `[FOR] VERSION AS OF n` and its kin, or `@v12` right behind the name that was read; nullopt if neither
/// comes.
std::optional<VersionClause> read_version_clause(StatementReader& reader);

/// Makes DuckDB's AT (…) of every such clause in the tokens [first, end), behind the table's alias where DuckDB has it.
void rewrite_version_clauses(const SqlTokens& tokens, std::size_t first, std::size_t end, SqlEdits& edits);

}  // namespace lagoa
