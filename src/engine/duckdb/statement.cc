#include "engine/statement.h"

#include <set>

#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/query_node/select_node.hpp"
#include "duckdb/parser/statement/select_statement.hpp"
#include "duckdb/parser/tableref/basetableref.hpp"

#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

// DuckDB gives a reference as SQL text, with its catalog and alias (`lake.bronze.stocks AS s`): its parser reads it back.
std::string schema_and_table(const std::string& reference) {
    duckdb::Parser parser;
    parser.ParseQuery("SELECT * FROM " + reference);
    const auto& select = parser.statements.at(0)->Cast<duckdb::SelectStatement>();
    const auto& table = select.node->Cast<duckdb::SelectNode>().from_table->Cast<duckdb::BaseTableRef>();
    return table.schema_name.empty() ? table.table_name : table.schema_name + "." + table.table_name;
}

}  // namespace

Result<std::vector<std::string>> table_references(Session& session, std::string_view sql) {
    return guarded([&]() -> Result<std::vector<std::string>> {
        std::set<std::string> tables;
        for (const auto& reference : context(session).GetTableNames(std::string(sql), true)) tables.insert(schema_and_table(reference));
        return std::vector<std::string>(tables.begin(), tables.end());
    });
}

}  // namespace lagoa
