#include "engine/statement.h"

#include <set>

#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/planner/logical_operator_visitor.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/planner.hpp"

#include "base/text.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/sql_rewrite.h"

namespace lagoa {
namespace {

void collect(duckdb::LogicalOperator& node, std::set<std::string>& tables, bool& only_tables) {
    if (node.type == duckdb::LogicalOperatorType::LOGICAL_SAMPLE) only_tables = false;
    if (node.type == duckdb::LogicalOperatorType::LOGICAL_GET) {
        const auto table = node.Cast<duckdb::LogicalGet>().GetTable();
        if (table)
            tables.insert(table->ParentSchema().name + "." + table->name);
        else
            only_tables = false;
    }
    // Not node.expressions alone: groups, join conditions and orders are members of their own operators.
    duckdb::LogicalOperatorVisitor::EnumerateExpressions(
        node, [&](auto* expression) { only_tables = only_tables && (*expression)->IsConsistent(); });
    for (const auto& child : node.children) collect(*child, tables, only_tables);
}

}  // namespace

Result<std::vector<Statement>> split_statements(Session& session, std::string_view sql) {
    return guarded([&]() -> Result<std::vector<Statement>> {
        duckdb::ClientContext& client = context(session);
        duckdb::Parser parser(client.GetParserOptions());
        parser.ParseQuery(rewrite_sql(client, sql));
        std::vector<Statement> statements;
        for (const auto& parsed : parser.statements) {
            std::string_view text = trim(parsed->query);
            while (text.ends_with(';')) text = trim(text.substr(0, text.size() - 1));
            using enum duckdb::StatementType;  // a PIVOT is a MULTI_STATEMENT
            statements.push_back({.text = std::string(text),
                                  .is_select = parsed->type == SELECT_STATEMENT || parsed->type == MULTI_STATEMENT});
        }
        return statements;
    });
}

Result<References> references(Session& session, std::string_view sql) {
    return guarded([&]() -> Result<References> {
        duckdb::ClientContext& client = context(session);
        duckdb::Parser parser(client.GetParserOptions());
        parser.ParseQuery(rewrite_sql(client, sql));
        if (parser.statements.size() != 1)
            return fail(ErrorCode::kInvalidArgument, "there are {} statements, not one", parser.statements.size());
        std::set<std::string> tables;
        bool only_tables = true;
        // The plan before the optimiser, which drops what today's statistics make superfluous.
        client.RunFunctionInTransaction([&] {
            duckdb::Planner planner(client);
            planner.CreatePlan(std::move(parser.statements.front()));
            collect(*planner.plan, tables, only_tables);
        });
        return References{.tables = {tables.begin(), tables.end()}, .only_tables = only_tables};
    });
}

}  // namespace lagoa
