#include "catalog/duckdb/lake_catalog.h"

#include "duckdb/catalog/entry_lookup_info.hpp"

#include "catalog/duckdb/lake_transaction.h"
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
    if (transaction.transaction) schema = transaction.transaction->Cast<LakeTransaction>().schema(lookup.GetEntryName());
    if (!schema && if_not_found == duckdb::OnEntryNotFound::THROW_EXCEPTION)
        raise({ErrorCode::kNotFound, fmt::format("the lake has no zone {}", lookup.GetEntryName())});
    return schema;
}

void LakeCatalog::ScanSchemas(duckdb::ClientContext& context, std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
    LakeTransaction::of(context, *this).for_each_schema(callback);
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeCatalog::CreateSchema(duckdb::CatalogTransaction, duckdb::CreateSchemaInfo&) {
    raise({ErrorCode::kUnsupported, "CREATE SCHEMA: the lake's schemas are its zones", "Declare the zone in lagoa.yaml."});
}

void LakeCatalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) { refuse("DROP SCHEMA"); }

duckdb::PhysicalOperator& LakeCatalog::PlanCreateTableAs(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                                         duckdb::LogicalCreateTable&, duckdb::PhysicalOperator&) {
    refuse("CREATE TABLE AS");
}

duckdb::PhysicalOperator& LakeCatalog::PlanInsert(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalInsert&,
                                                  duckdb::optional_ptr<duckdb::PhysicalOperator>) {
    refuse("INSERT");
}

duckdb::PhysicalOperator& LakeCatalog::PlanDelete(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalDelete&,
                                                  duckdb::PhysicalOperator&) {
    refuse("DELETE");
}

duckdb::PhysicalOperator& LakeCatalog::PlanUpdate(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalUpdate&,
                                                  duckdb::PhysicalOperator&) {
    refuse("UPDATE");
}

duckdb::PhysicalOperator& LakeCatalog::PlanMergeInto(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalMergeInto&,
                                                     duckdb::PhysicalOperator&) {
    refuse("MERGE INTO");
}

}  // namespace lagoa
