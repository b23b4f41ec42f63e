// DuckDB's view of the lake: a catalog whose schemas are the zones and whose tables are Delta tables.
//
// The catalog itself holds nothing. Every look-up comes with a connection; its transaction
// (lake_transaction.h) resolves names through the connection's LakeView and owns the entries it has
// handed out, so that a statement, or a BEGIN block, sees each table at one version.
#pragma once

#include "duckdb.hpp"
#include "duckdb/catalog/catalog.hpp"
#include "duckdb/storage/database_size.hpp"

namespace lagoa {

/// Thread-safe: has no state.
class LakeCatalog final : public duckdb::Catalog {
public:
    explicit LakeCatalog(duckdb::AttachedDatabase& database) : Catalog(database) {}

    void Initialize(bool) override {}
    duckdb::string GetCatalogType() override { return "lagoa"; }
    bool InMemory() override { return false; }
    duckdb::string GetDBPath() override { return ""; }
    bool SupportsTimeTravel() const override { return true; }
    /// Another for each transaction, and after each of its writes: a prepared plan is made anew for them.
    duckdb::optional_idx GetCatalogVersion(duckdb::ClientContext& context) override;
    duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext&) override { return {}; }

    duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(duckdb::CatalogTransaction transaction,
                                                                  const duckdb::EntryLookupInfo& lookup,
                                                                  duckdb::OnEntryNotFound if_not_found) override;
    void ScanSchemas(duckdb::ClientContext& context,
                     std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction transaction,
                                                            duckdb::CreateSchemaInfo& info) override;

    duckdb::ErrorData SupportsCreateTable(duckdb::BoundCreateTableInfo& info) override;
    duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                                duckdb::LogicalCreateTable& op,
                                                duckdb::PhysicalOperator& plan) override;
    duckdb::PhysicalOperator& PlanInsert(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         duckdb::LogicalInsert& op,
                                         duckdb::optional_ptr<duckdb::PhysicalOperator> plan) override;
    duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         duckdb::LogicalDelete& op, duckdb::PhysicalOperator& plan) override;
    duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                         duckdb::LogicalUpdate& op, duckdb::PhysicalOperator& plan) override;
    duckdb::PhysicalOperator& PlanMergeInto(duckdb::ClientContext& context, duckdb::PhysicalPlanGenerator& planner,
                                            duckdb::LogicalMergeInto& op, duckdb::PhysicalOperator& plan) override;

private:
    void DropSchema(duckdb::ClientContext& context, duckdb::DropInfo& info) override;
};

}  // namespace lagoa
