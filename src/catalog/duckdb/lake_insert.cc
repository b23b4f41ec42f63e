#include "catalog/duckdb/lake_insert.h"

#include <map>
#include <utility>

#include "duckdb/execution/operator/projection/physical_projection.hpp"
#include "duckdb/parser/expression/columnref_expression.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/planner/expression/bound_cast_expression.hpp"
#include "duckdb/planner/expression/bound_reference_expression.hpp"
#include "duckdb/planner/operator/logical_create_table.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"

#include "base/text.h"
#include "catalog/duckdb/creation_clauses.h"
#include "catalog/duckdb/creation_rules.h"
#include "catalog/duckdb/lake_sink.h"
#include "catalog/duckdb/table_options.h"
#include "catalog/duckdb/table_reads.h"
#include "catalog/impl/clustering_columns.h"
#include "catalog/impl/schema_plan.h"
#include "delta/clustering.h"
#include "delta/column_mapping.h"
#include "delta/column_rules.h"
#include "delta/table_features.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

// Casts columns of types that the lake has no equal of (TIME, HUGEINT, …) to what it keeps them as.
duckdb::PhysicalOperator& cast_to_lake(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::PhysicalOperator& rows, const Schema& schema) {
    duckdb::vector<duckdb::LogicalType> types;
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> columns;
    for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        types.push_back(to_duckdb(schema.fields[i].type));
        columns.push_back(duckdb::BoundCastExpression::AddCastToType(
            context, duckdb::make_uniq<duckdb::BoundReferenceExpression>(rows.types[i], i), types.back()));
    }
    if (types == rows.types) return rows;
    auto& projection =
        planner.Make<duckdb::PhysicalProjection>(std::move(types), std::move(columns), rows.estimated_cardinality);
    projection.children.push_back(rows);
    return projection;
}

// The rows come with `columns`, all but those `computed`. `reads`: of the table itself; nullptr: none.
duckdb::PhysicalOperator& plan_write(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                     duckdb::Catalog& catalog, duckdb::PhysicalOperator& rows, TableWrite write,
                                     const Schema& columns, ComputedColumns computed,
                                     std::shared_ptr<const TableReads> reads = nullptr) {
    const delta::TableLocation location = unwrap(LakeTransaction::of(context, catalog).view().location(write.table));
    StagingTarget target{.location = location,
                         .url = fmt::format("lagoa://{}/{}", write.table.zone, location.path),
                         .metadata = write.metadata,
                         .hidden = {},
                         .tight_bounds = delta::has_feature(write.protocol, "deletionVectors"),
                         .partition = {}};
    target.metadata.schema = columns;
    auto accept = [&catalog, write = std::move(write), reads = std::move(reads)](duckdb::ClientContext& client,
                                                                                 GatheredRows gathered) {
        TableWrite done = write;
        if (reads) done.read_set = reads->read_set(client, done.base);
        done.rows.added = std::move(gathered.added);
        if (!gathered.identity_marks.empty()) {
            delta::set_identity_marks(done.metadata, gathered.identity_marks);
            done.changes_metadata = true;
        }
        LakeTransaction::of(client, catalog).write(client, std::move(done));
    };
    return plan_lake_sink(context, planner, rows,
                          {.target = std::move(target),
                           .computed = std::move(computed),
                           .places = {},
                           .gathering = std::make_shared<Gathering>(std::move(accept))});
}

// The columns of `newest` that the rows were bound to, in that order.
Schema columns_bound(const Schema& bound, const Schema& newest) {
    Schema columns;
    for (const Field& field : bound.fields) columns.fields.push_back(*newest.find(field.name));
    return columns;
}

// The session may read an older version than the one its rows are added to: what they were bound to must still be
// there.
Result<> check_still_fits(const TableName& table, const delta::Metadata& bound, const delta::Metadata& newest) {
    for (const Field& field : bound.schema.fields) {
        const Field* now = newest.schema.find(field.name);
        if (now == nullptr || now->type != field.type || delta::physical_name(*now) != delta::physical_name(field))
            return fail(ErrorCode::kConflict, "inserting into {}: its newest version has another column {}",
                        table.text(), field.name);
    }
    for (const Field& field : newest.schema.fields) {
        if (bound.schema.find(field.name) != nullptr) continue;
        const auto identity = LAGOA_TRY(delta::identity_of(field));
        if (identity || delta::generation_expression(field) || delta::default_expression(field))
            return fail(ErrorCode::kConflict, "inserting into {}: its newest version has a column {} with a rule",
                        table.text(), field.name);
    }
    if (bound.partition_columns != newest.partition_columns)
        return fail(ErrorCode::kConflict, "inserting into {}: its newest version is partitioned differently",
                    table.text());
    return {};
}

Field to_field(const duckdb::ColumnDefinition& column) {
    Field field{.name = column.Name(), .type = from_duckdb(column.Type())};
    if (field.type.kind == TypeKind::kVoid)
        raise({ErrorCode::kInvalidArgument, fmt::format("column {} is NULL without a type", column.Name()),
               "Write CAST(NULL AS …)."});
    return field;
}

std::string partition_column(const duckdb::ParsedExpression& key, const Schema& schema) {
    const Field* field = key.GetExpressionType() == duckdb::ExpressionType::COLUMN_REF
                             ? schema.find(key.Cast<duckdb::ColumnRefExpression>().GetColumnName())
                             : nullptr;
    if (field == nullptr)
        raise(
            {ErrorCode::kInvalidArgument, fmt::format("PARTITIONED BY {}: not a column of the table", key.ToString())});
    if (!may_partition(field->type))
        raise({ErrorCode::kInvalidArgument,
               fmt::format("a table cannot be partitioned by {}, which is {}", field->name, to_sql(field->type))});
    return field->name;
}

json::Object properties_json(const std::map<std::string, std::string>& properties) {
    json::Object object;
    for (const auto& [name, value] : properties) object.set(name, value);
    return object;
}

// What the table that `write` makes takes the place of: the one there is, or one that was dropped.
void begin_replacing(LakeTransaction& transaction, TableWrite& write, bool or_replace) {
    write.base = or_replace ? transaction.begin_replace(write.table) : transaction.check_absent(write.table);
    write.replaces = write.base != nullptr;
    if (write.base) keep_column_mapping(write.metadata, write.base->metadata);
}

}  // namespace

duckdb::PhysicalOperator& plan_insert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                      duckdb::LogicalInsert& op, duckdb::optional_ptr<duckdb::PhysicalOperator> rows) {
    auto& table = op.table.Cast<LakeTable>();
    if (op.return_chunk) raise({ErrorCode::kUnsupported, "INSERT … RETURNING is not supported in the lake yet"});
    if (op.on_conflict_info.action_type != duckdb::OnConflictAction::THROW)
        raise({ErrorCode::kUnsupported, "INSERT … ON CONFLICT: tables of the lake have no unique key"});
    if (!rows) raise({ErrorCode::kUnsupported, "INSERT without rows"});
    if (!op.column_index_map.empty()) rows = planner.ResolveDefaultsProjection(op, *rows);

    auto& transaction = LakeTransaction::of(context, table.ParentCatalog());
    check_no_contract(transaction, table.table_name());
    TableWrite write = transaction.begin_write(table.table_name());
    unwrap(check_still_fits(write.table, table.snapshot().metadata, write.metadata));
    // The staged files have the columns that were bound; others of the newest version are NULL in them.
    const Schema columns = columns_bound(table.snapshot().metadata.schema, write.metadata.schema);
    ComputedColumns computed = columns_to_compute(table, write.metadata, op.column_index_map);
    // Rows made of the table's own are no blind append; of an older version, they are what the session asked for.
    auto reads = std::make_shared<const TableReads>(*rows, table);
    if (!reads->any() || !write.base || write.base->version != table.snapshot().version) reads.reset();
    return plan_write(context, planner, table.ParentCatalog(), *rows, std::move(write), columns, std::move(computed),
                      std::move(reads));
}

duckdb::PhysicalOperator& plan_create_table_as(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                               duckdb::LogicalCreateTable& op, duckdb::PhysicalOperator& rows) {
    duckdb::Catalog& catalog = op.schema.ParentCatalog();
    TableWrite write = table_creation(LakeTransaction::of(context, catalog), *op.info);
    write.operation += " AS SELECT";
    duckdb::PhysicalOperator& typed = cast_to_lake(context, planner, rows, write.metadata.schema);
    const Schema columns = write.metadata.schema;
    return plan_write(context, planner, catalog, typed, std::move(write), columns, {});
}

ComputedColumns columns_to_compute(const LakeTable& table, const delta::Metadata& metadata,
                                   const duckdb::physical_index_vector_t<duckdb::idx_t>& columns) {
    std::set<std::string> given;
    for (const auto& column : table.GetColumns().Physical()) {
        if (columns.empty() || columns[column.Physical()] != duckdb::DConstants::INVALID_INDEX) {
            given.insert(column.Name());
            continue;
        }
        const Field* field = metadata.schema.find(column.Name());
        const auto otherwise = field != nullptr ? delta::default_expression(*field) : std::nullopt;
        if (otherwise && !column.HasDefaultValue())
            raise({ErrorCode::kUnsupported,
                   fmt::format(
                       "writing {} without column {}: its default is {}, which is not known to mean the same here",
                       table.table_name().text(), column.Name(), *otherwise),
                   "Give the column a value."});
    }
    return computed_on_insert(metadata, given);
}

void check_no_contract(LakeTransaction& transaction, const TableName& table) {
    if (!transaction.view().has_contract(table)) return;
    raise({ErrorCode::kUnsupported,
           fmt::format("writing {} by SQL: it has a contract, and SQL does not check it", table.text()),
           "Write it by its job; contracts are checked there."});
}

TableWrite table_creation(LakeTransaction& transaction, const duckdb::BoundCreateTableInfo& info) {
    const auto& base = info.base->Cast<duckdb::CreateTableInfo>();
    const bool or_replace = base.on_conflict == duckdb::OnCreateConflict::REPLACE_ON_CONFLICT;
    TableWrite write{
        .table = unwrap(TableName::parse(fmt::format("{}.{}", to_lower(info.schema.name), to_lower(base.table)))),
        .changes_metadata = true,
        .operation = or_replace ? "CREATE OR REPLACE TABLE" : "CREATE TABLE"};
    delta::Metadata& metadata = write.metadata;
    check_no_contract(transaction, write.table);
    metadata.name = write.table.table;
    for (const auto& column : base.columns.Logical()) {
        metadata.schema.fields.push_back(to_field(column));
        unwrap(check_column_name(column.Name()));
    }
    for (const auto& key : base.partition_keys)
        metadata.partition_columns.push_back(partition_column(*key, metadata.schema));
    if (!metadata.schema.fields.empty() && metadata.partition_columns.size() == metadata.schema.fields.size())
        raise({ErrorCode::kInvalidArgument,
               fmt::format("creating {}: a table needs a column that it is not partitioned by", write.table.text())});
    TableOptions options;
    for (const auto& [name, value] : base.options) options.emplace(name, value->Copy());
    const CreationClauses clauses = take_creation_clauses(options);
    metadata.configuration = table_properties(options);
    apply_creation_rules(base, metadata);
    apply_clauses(clauses, metadata);
    write.operation_parameters = json::make_object(
        {{"partitionBy", json::dump(json::Array(metadata.partition_columns.begin(), metadata.partition_columns.end()))},
         {"properties", json::dump(properties_json(metadata.configuration))}});
    begin_replacing(transaction, write, or_replace);
    const bool was_clustered = write.base && !delta::physical_clustering_columns(*write.base).empty();
    if (!clauses.cluster_by.empty()) metadata.configuration["delta.feature.clustering"] = "supported";
    write.protocol = unwrap(prepare_metadata(metadata, write.base.get()));
    if (!clauses.cluster_by.empty() || was_clustered)
        write.domains.push_back(unwrap(clustering_of(metadata, clauses.cluster_by)));
    return write;
}

}  // namespace lagoa
