#include "catalog/duckdb/lake_merge.h"

#include <algorithm>
#include <map>
#include <utility>

#include "duckdb/execution/operator/persistent/physical_merge_into.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"

#include "catalog/duckdb/lake_insert.h"
#include "catalog/duckdb/table_change.h"
#include "delta/column_rules.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using duckdb::MergeActionType;

bool has_identity(const delta::Metadata& metadata) {
    for (const Field& field : metadata.schema.fields)
        if (unwrap(delta::identity_of(field))) return true;
    return false;
}

// Plans the actions of one statement.
class MergePlanner {
public:
    MergePlanner(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner, duckdb::LogicalMergeInto& op,
                 duckdb::PhysicalOperator& rows)
        : context_(context),
          planner_(planner),
          op_(op),
          rows_(rows),
          table_(op.table.Cast<LakeTable>()),
          change_(context, table_, rows, "MERGE", inserts(op)),
          gathering_(change_.gather(repeats())) {}

    duckdb::unique_ptr<duckdb::MergeIntoOperator> plan(duckdb::MergeActionCondition when,
                                                       duckdb::BoundMergeIntoAction& action) {
        unmatched_ = when == duckdb::MergeActionCondition::WHEN_NOT_MATCHED_BY_SOURCE;
        auto planned = duckdb::make_uniq<duckdb::MergeIntoOperator>();
        planned->action_type = action.action_type;
        planned->condition = std::move(action.condition);
        switch (action.action_type) {
            case MergeActionType::MERGE_UPDATE:
                plan_update(action, *planned);
                break;
            case MergeActionType::MERGE_DELETE:
                plan_delete(*planned);
                break;
            case MergeActionType::MERGE_INSERT:
                plan_insert(action, *planned);
                break;
            default:  // an error's text; nothing
                planned->expressions = std::move(action.expressions);
        }
        return planned;
    }

private:
    // A row that several rows of the source delete is one deletion, if that is all that can happen to it.
    Gathering::Repeats repeats() const {
        const auto matched = op_.actions.find(duckdb::MergeActionCondition::WHEN_MATCHED);
        const bool only_deletes =
            matched == op_.actions.end() || (matched->second.size() == 1 && !matched->second[0]->condition &&
                                             matched->second[0]->action_type == MergeActionType::MERGE_DELETE);
        return only_deletes ? Gathering::Repeats::kAllowed : Gathering::Repeats::kRefused;
    }

    static bool inserts(const duckdb::LogicalMergeInto& op) {
        return std::ranges::any_of(op.actions, [](const auto& actions) {
            return std::ranges::any_of(actions.second, [](const auto& action) {
                return action->action_type == MergeActionType::MERGE_INSERT;
            });
        });
    }

    RowIdColumns ids() const { return {op_.row_id_start}; }

    void set_sink(duckdb::MergeIntoOperator& planned, LakeSinkParts parts) {
        parts.unmatched = unmatched_;
        planned.op = make_lake_sink(context_, planner_, std::move(parts), false, rows_.estimated_cardinality);
    }

    void plan_update(duckdb::BoundMergeIntoAction& action, duckdb::MergeIntoOperator& planned) {
        UpdateSink sink = update_sink(
            change_, updated_columns(table_, action.columns, std::move(action.expressions), op_.bound_defaults), ids(),
            gathering_);
        planned.expressions = std::move(sink.row);
        set_sink(planned, std::move(sink.parts));
    }

    void plan_delete(duckdb::MergeIntoOperator& planned) {
        const PlaceColumns places = ids().places();
        const auto& types = rows_.types;
        for (const duckdb::idx_t place : {places.file_index, places.file_row_number})
            planned.expressions.push_back(duckdb::make_uniq<duckdb::BoundReferenceExpression>(types[place], place));
        set_sink(planned, {.target = {}, .computed = {}, .places = RowIdColumns{0}.places(), .gathering = gathering_});
    }

    void plan_insert(duckdb::BoundMergeIntoAction& action, duckdb::MergeIntoOperator& planned) {
        if (++inserts_ > 1 && has_identity(change_.metadata()))
            raise({ErrorCode::kUnsupported, "MERGE with two INSERT actions into a table with an identity column",
                   "Make them one, with CASE for what differs."});
        const bool is_partial = !action.column_index_map.empty();
        for (const auto& column : table_.GetColumns().Physical()) {
            const duckdb::idx_t from = is_partial ? action.column_index_map[column.Physical()] : column.StorageOid();
            planned.expressions.push_back(from == duckdb::DConstants::INVALID_INDEX
                                              ? op_.bound_defaults[column.StorageOid()]->Copy()
                                              : std::move(action.expressions[from]));
        }
        set_sink(planned, {.target = change_.inserted_rows(),
                           .computed = columns_to_compute(table_, change_.metadata(), action.column_index_map),
                           .places = {},
                           .gathering = gathering_});
    }

    duckdb::ClientContext& context_;
    duckdb::PhysicalPlanGenerator& planner_;
    duckdb::LogicalMergeInto& op_;
    duckdb::PhysicalOperator& rows_;
    LakeTable& table_;
    const TableChange change_;
    const std::shared_ptr<Gathering> gathering_;  // shared by the sinks
    bool unmatched_ = false;                      // of the action being planned
    int inserts_ = 0;
};

}  // namespace

duckdb::PhysicalOperator& plan_merge(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& rows) {
    auto& table = op.table.Cast<LakeTable>();
    if (op.return_chunk) raise({ErrorCode::kUnsupported, "MERGE … RETURNING is not supported in the lake yet"});
    check_no_contract(LakeTransaction::of(context, table.ParentCatalog()), table.table_name());
    MergePlanner merge(context, planner, op, rows);
    std::map<duckdb::MergeActionCondition, duckdb::vector<duckdb::unique_ptr<duckdb::MergeIntoOperator>>> planned;
    for (auto& [condition, actions] : op.actions)
        for (auto& action : actions) planned[condition].push_back(merge.plan(condition, *action));
    auto& result = planner.Make<duckdb::PhysicalMergeInto>(op.types, std::move(planned), op.row_id_start,
                                                           op.source_marker, true, false);
    result.children.push_back(rows);
    return result;
}

}  // namespace lagoa
