#include "catalog/duckdb/table_change.h"

#include <algorithm>
#include <utility>

#include "duckdb/planner/expression/bound_columnref_expression.hpp"
#include "duckdb/planner/expression/bound_constant_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_projection.hpp"

#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/statement_text.h"
#include "catalog/impl/row_copy.h"
#include "delta/column_rules.h"
#include "delta/table_features.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

// Stands in an update's columns between those that it sets and those that only come along.
const duckdb::PhysicalIndex kEndOfSet(duckdb::DConstants::INVALID_INDEX);

duckdb::unique_ptr<duckdb::Expression> reference(const duckdb::LogicalType& type, duckdb::idx_t place) {
    return duckdb::make_uniq<duckdb::BoundReferenceExpression>(type, place);
}

// The columns of `get` from `known` on were added without a look at those before: a scan of Parquet files reads none
// twice.
void join_repeats(duckdb::LogicalGet& get, duckdb::LogicalProjection& projection, std::size_t known) {
    auto& ids = get.GetMutableColumnIds();
    std::vector<duckdb::idx_t> places(ids.size());
    std::size_t kept = known;
    for (std::size_t i = known; i < ids.size(); ++i) {
        const auto same = std::find(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(kept), ids[i]);
        places[i] = static_cast<duckdb::idx_t>(same - ids.begin());
        if (places[i] == kept) ids[kept++] = ids[i];
    }
    ids.resize(kept, duckdb::ColumnIndex(0));
    for (const auto& expression : projection.expressions) {
        if (expression->GetExpressionClass() != duckdb::ExpressionClass::BOUND_COLUMN_REF) continue;
        auto& binding = expression->Cast<duckdb::BoundColumnRefExpression>().binding;
        if (binding.table_index == get.table_index && binding.column_index >= known)
            binding.column_index = places[binding.column_index];
    }
}

void add_rows(RowChanges& rows, const delta::FileList& files, GatheredRows gathered) {
    for (auto& [slot, going] : gathered.going)
        rows.going.emplace(delta::file_key(files[slot].path, {}), std::move(going));
    rows.added = std::move(gathered.added);
    rows.unmatched = gathered.unmatched;
}

}  // namespace

TableChange::TableChange(duckdb::ClientContext& context, LakeTable& table, const duckdb::PhysicalOperator& plan,
                         const char* operation, bool acts_on_absence)
    : table_(table) {
    auto& transaction = LakeTransaction::of(context, table.ParentCatalog());
    write_ = transaction.begin_change(context, table);
    write_.operation = operation;
    write_.operation_parameters = {};
    reads_ = std::make_shared<const TableReads>(plan, table, acts_on_absence);
    location_ = unwrap(transaction.view().location(table.table_name()));
}

StagingTarget TableChange::inserted_rows() const {
    return {.location = location_,
            .url = fmt::format("lagoa://{}/{}", table_.table_name().zone, location_.path),
            .metadata = write_.metadata,
            .hidden = {},
            .tight_bounds = delta::has_feature(write_.protocol, "deletionVectors"),
            .partition = {}};
}

StagingTarget TableChange::updated_rows() const {
    StagingTarget target = inserted_rows();
    target.hidden = row_tracking_columns(write_.metadata);
    return target;
}

std::shared_ptr<Gathering> TableChange::gather(Gathering::Repeats repeats) const {
    auto accept = [&table = table_, write = write_, reads = reads_](duckdb::ClientContext& client,
                                                                    GatheredRows gathered) {
        TableWrite done = write;
        if (!gathered.identity_marks.empty()) {
            delta::set_identity_marks(done.metadata, gathered.identity_marks);
            done.changes_metadata = true;
        }
        add_rows(done.rows, table.snapshot().files, std::move(gathered));
        done.read_set = reads->read_set(client, write.base);
        done.operation_parameters = statement_parameters(client);
        LakeTransaction::of(client, table.ParentCatalog()).write(client, std::move(done));
    };
    return std::make_shared<Gathering>(std::move(accept), repeats);
}

void bind_whole_row(LakeTable& table, duckdb::LogicalGet& get, duckdb::LogicalProjection& projection,
                    duckdb::LogicalUpdate& update) {
    duckdb::physical_index_set_t all;
    for (const auto& column : table.GetColumns().Physical()) all.insert(column.Physical());
    const auto set = update.columns.size();
    const auto known = get.GetColumnIds().size();
    // A table of one column has no other; DuckDB then adds none, even where an update sets nothing by name.
    duckdb::LogicalUpdate::BindExtraColumns(table, get, projection, update, all);
    join_repeats(get, projection, known);
    update.columns.insert(update.columns.begin() + static_cast<std::ptrdiff_t>(set), kEndOfSet);
    update.expressions.insert(update.expressions.begin() + static_cast<std::ptrdiff_t>(set),
                              duckdb::make_uniq<duckdb::BoundConstantExpression>(duckdb::Value::BOOLEAN(true)));
    update.update_is_del_and_insert = true;
}

UpdatedColumns updated_columns(const LakeTable& table, const duckdb::vector<duckdb::PhysicalIndex>& columns,
                               Expressions expressions, const Expressions& defaults) {
    const Schema& schema = table.snapshot().metadata.schema;
    UpdatedColumns updated;
    updated.values.resize(schema.fields.size());
    bool is_set = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i] == kEndOfSet) {
            is_set = false;
            continue;
        }
        const duckdb::idx_t column = columns[i].index;
        if (is_set) updated.set.insert(schema.fields[column].name);
        const bool is_default = expressions[i]->GetExpressionType() == duckdb::ExpressionType::VALUE_DEFAULT;
        updated.values[column] = is_default ? defaults[column]->Copy() : std::move(expressions[i]);
    }
    return updated;
}

UpdateSink update_sink(const TableChange& change, UpdatedColumns columns, RowIdColumns ids,
                       std::shared_ptr<Gathering> gathering) {
    UpdateSink sink{.parts = {.target = change.updated_rows(),
                              .kind = AddedKind::kUpdated,
                              .computed = computed_on_update(change.metadata(), columns.set),
                              .places = {},
                              .gathering = std::move(gathering)},
                    .row = std::move(columns.values)};
    using duckdb::LogicalType;
    if (!sink.parts.target->hidden.empty()) {
        // Written again, a row keeps its id; the version that it was last changed in is the commit's own.
        sink.row.push_back(reference(LogicalType::BIGINT, ids.row_id()));
        sink.row.push_back(duckdb::make_uniq<duckdb::BoundConstantExpression>(duckdb::Value(LogicalType::BIGINT)));
    }
    sink.parts.places = RowIdColumns{sink.row.size()}.places();
    sink.row.push_back(reference(LogicalType::UBIGINT, ids.places().file_index));
    sink.row.push_back(reference(LogicalType::BIGINT, ids.places().file_row_number));
    return sink;
}

}  // namespace lagoa
