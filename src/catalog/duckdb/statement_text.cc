#include "catalog/duckdb/statement_text.h"

#include <string>

#include "duckdb/parser/parser.hpp"
#include "duckdb/parser/statement/delete_statement.hpp"
#include "duckdb/parser/statement/merge_into_statement.hpp"
#include "duckdb/parser/statement/update_statement.hpp"

namespace lagoa {
namespace {

json::Value predicate(const duckdb::ParsedExpression* condition) {
    json::Array conditions;
    if (condition) conditions.push_back(condition->ToString());
    return json::dump(conditions);
}

std::string_view action_type(duckdb::MergeActionType type) {
    switch (type) {
        case duckdb::MergeActionType::MERGE_UPDATE:
            return "update";
        case duckdb::MergeActionType::MERGE_DELETE:
            return "delete";
        case duckdb::MergeActionType::MERGE_INSERT:
            return "insert";
        default:
            return "none";
    }
}

json::Value action_predicates(const duckdb::MergeIntoStatement& merge, duckdb::MergeActionCondition when) {
    json::Array actions;
    const auto found = merge.actions.find(when);
    if (found != merge.actions.end())
        for (const auto& action : found->second) {
            json::Object said = json::make_object({{"actionType", std::string(action_type(action->action_type))}});
            if (action->condition) said.set("predicate", action->condition->ToString());
            actions.push_back(std::move(said));
        }
    return json::dump(actions);
}

json::Object merge_parameters(const duckdb::MergeIntoStatement& merge) {
    using enum duckdb::MergeActionCondition;
    return json::make_object({{"predicate", predicate(merge.join_condition.get())},
                              {"matchedPredicates", action_predicates(merge, WHEN_MATCHED)},
                              {"notMatchedPredicates", action_predicates(merge, WHEN_NOT_MATCHED_BY_TARGET)},
                              {"notMatchedBySourcePredicates", action_predicates(merge, WHEN_NOT_MATCHED_BY_SOURCE)}});
}

json::Object parameters_of(const duckdb::SQLStatement& statement) {
    switch (statement.type) {
        case duckdb::StatementType::DELETE_STATEMENT:
            return json::make_object(
                {{"predicate", predicate(statement.Cast<duckdb::DeleteStatement>().condition.get())}});
        case duckdb::StatementType::UPDATE_STATEMENT:
            return json::make_object(
                {{"predicate", predicate(statement.Cast<duckdb::UpdateStatement>().set_info->condition.get())}});
        case duckdb::StatementType::MERGE_INTO_STATEMENT:
            return merge_parameters(statement.Cast<duckdb::MergeIntoStatement>());
        default:
            return {};
    }
}

}  // namespace

json::Object statement_parameters(duckdb::ClientContext& context) {
    try {
        duckdb::Parser parser(context.GetParserOptions());
        parser.ParseQuery(context.GetCurrentQuery());
        if (parser.statements.size() == 1) return parameters_of(*parser.statements[0]);
    } catch (const duckdb::Exception&) {
        // Text that is not one statement as DuckDB parses it: the commit says less, and stands.
    }
    return {};
}

}  // namespace lagoa
