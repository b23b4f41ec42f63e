#include "catalog/duckdb/lake_catalog.h"

#include "duckdb/catalog/entry_lookup_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/planner/parsed_data/bound_create_table_info.hpp"

#include "catalog/duckdb/lake_delete.h"
#include "catalog/duckdb/lake_insert.h"
#include "catalog/duckdb/lake_merge.h"
#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/lake_update.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

[[noreturn]] void refuse(std::string_view what) {
    raise({ErrorCode::kUnsupported, fmt::format("{} is not supported in the lake yet", what)});
}

}  // namespace

duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LakeCatalog::LookupSchema(duckdb::CatalogTransaction transaction,
                                                                           const duckdb::EntryLookupInfo& lookup,
                                                                           duckdb::OnEntryNotFound if_not_found) {
    duckdb::optional_ptr<duckdb::SchemaCatalogEntry> schema;
    if (transaction.transaction)
        schema = transaction.transaction->Cast<LakeTransaction>().schema(lookup.GetEntryName());
    if (!schema && if_not_found == duckdb::OnEntryNotFound::THROW_EXCEPTION)
        raise({ErrorCode::kNotFound, fmt::format("the lake has no zone {}", lookup.GetEntryName())});
    return schema;
}

void LakeCatalog::ScanSchemas(duckdb::ClientContext& context,
                              std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
    LakeTransaction::of(context, *this).for_each_schema(callback);
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeCatalog::CreateSchema(duckdb::CatalogTransaction,
                                                                     duckdb::CreateSchemaInfo&) {
    raise({ErrorCode::kUnsupported, "CREATE SCHEMA: the lake's schemas are its zones",
           "Declare the zone in lagoa.yaml."});
}

void LakeCatalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) {
    refuse("DROP SCHEMA");
}

duckdb::ErrorData LakeCatalog::SupportsCreateTable(duckdb::BoundCreateTableInfo& info) {
    if (!info.Base().Cast<duckdb::CreateTableInfo>().sort_keys.empty()) refuse("SORTED BY");
    return {};
}

duckdb::PhysicalOperator& LakeCatalog::PlanCreateTableAs(duckdb::ClientContext& context,
                                                         duckdb::PhysicalPlanGenerator& planner,
                                                         duckdb::LogicalCreateTable& op,
                                                         duckdb::PhysicalOperator& plan) {
    return plan_create_table_as(context, planner, op, plan);
}

duckdb::PhysicalOperator& LakeCatalog::PlanInsert(duckdb::ClientContext& context,
                                                  duckdb::PhysicalPlanGenerator& planner, duckdb::LogicalInsert& op,
                                                  duckdb::optional_ptr<duckdb::PhysicalOperator> plan) {
    return plan_insert(context, planner, op, plan);
}

duckdb::PhysicalOperator& LakeCatalog::PlanDelete(duckdb::ClientContext& context,
                                                  duckdb::PhysicalPlanGenerator& planner, duckdb::LogicalDelete& op,
                                                  duckdb::PhysicalOperator& plan) {
    return plan_delete(context, planner, op, plan);
}

duckdb::PhysicalOperator& LakeCatalog::PlanUpdate(duckdb::ClientContext& context,
                                                  duckdb::PhysicalPlanGenerator& planner, duckdb::LogicalUpdate& op,
                                                  duckdb::PhysicalOperator& plan) {
    return plan_update(context, planner, op, plan);
}

duckdb::PhysicalOperator& LakeCatalog::PlanMergeInto(duckdb::ClientContext& context,
                                                     duckdb::PhysicalPlanGenerator& planner,
                                                     duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& plan) {
    return plan_merge(context, planner, op, plan);
}

duckdb::optional_idx LakeCatalog::GetCatalogVersion(duckdb::ClientContext& context) {
    return LakeTransaction::of(context, *this).catalog_version();
}

}  // namespace lagoa
