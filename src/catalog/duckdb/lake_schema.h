// A zone as a DuckDB schema: Delta tables, for each with a business key the view `<table>_current`, and the lake
// log's views.
// `FROM bronze.stocks AT (VERSION => 3)` is the table at that Delta version, `AT (TIMESTAMP => '2026-01-02 03:04:05')`
// at the one of that time; its view alike.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/catalog/catalog_entry/schema_catalog_entry.hpp"
#include "duckdb/parser/parsed_data/create_schema_info.hpp"

#include "catalog/lake_view.h"

namespace lagoa {

/// Thread-safe. Resolves each name once, so that its transaction sees one version of it.
class LakeSchema final : public duckdb::SchemaCatalogEntry {
public:
    LakeSchema(duckdb::Catalog& of_catalog, duckdb::CreateSchemaInfo& info, std::shared_ptr<LakeView> view)
        : SchemaCatalogEntry(of_catalog, info), view_(std::move(view)) {}

    duckdb::optional_ptr<duckdb::CatalogEntry> LookupEntry(duckdb::CatalogTransaction transaction,
                                                           const duckdb::EntryLookupInfo& lookup) override;
    void Scan(duckdb::ClientContext& context, duckdb::CatalogType wanted,
              const std::function<void(duckdb::CatalogEntry&)>& callback) override;
    void Scan(duckdb::CatalogType, const std::function<void(duckdb::CatalogEntry&)>&) override {}

    duckdb::optional_ptr<duckdb::CatalogEntry> CreateTable(duckdb::CatalogTransaction transaction,
                                                           duckdb::BoundCreateTableInfo& info) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateIndex(duckdb::CatalogTransaction, duckdb::CreateIndexInfo&,
                                                           duckdb::TableCatalogEntry&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateFunction(duckdb::CatalogTransaction,
                                                              duckdb::CreateFunctionInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateView(duckdb::CatalogTransaction, duckdb::CreateViewInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateSequence(duckdb::CatalogTransaction,
                                                              duckdb::CreateSequenceInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateTableFunction(duckdb::CatalogTransaction,
                                                                   duckdb::CreateTableFunctionInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateCopyFunction(duckdb::CatalogTransaction,
                                                                  duckdb::CreateCopyFunctionInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreatePragmaFunction(duckdb::CatalogTransaction,
                                                                    duckdb::CreatePragmaFunctionInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateCollation(duckdb::CatalogTransaction,
                                                               duckdb::CreateCollationInfo&) override;
    duckdb::optional_ptr<duckdb::CatalogEntry> CreateType(duckdb::CatalogTransaction, duckdb::CreateTypeInfo&) override;
    void DropEntry(duckdb::ClientContext& context, duckdb::DropInfo& info) override;
    void Alter(duckdb::CatalogTransaction transaction, duckdb::AlterInfo& info) override;

    /// From now on `table` is `snapshot` to the transaction: what it has made of it, or the newest version, which it
    /// is about to change.
    void show(const std::string& table, std::shared_ptr<const delta::Snapshot> snapshot);
    /// What show() said last; nullptr if it said nothing.
    std::shared_ptr<const delta::Snapshot> shown(const std::string& table);

private:
    duckdb::CatalogEntry* find(const std::string& table);
    duckdb::CatalogEntry* find_locked(const std::string& table);
    duckdb::CatalogEntry* find_version(duckdb::ClientContext& context, const std::string& table,
                                       const duckdb::BoundAtClause& at);
    std::unique_ptr<duckdb::CatalogEntry> make_table_locked(const std::string& table);
    std::unique_ptr<duckdb::CatalogEntry> make_current_view(const std::string& view_name, duckdb::CatalogEntry& table);
    const std::map<std::string, std::string>& views_locked();
    bool is_lake_view(const std::string& view);
    /// Makes `change` and forgets what was resolved of `changed`.
    void change(const LakeChange& change, const std::string& changed);

    const std::shared_ptr<LakeView> view_;  // shared with the transaction
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<duckdb::CatalogEntry>> entries_;  // guarded by mutex_; nullptr: there is none
    std::vector<std::unique_ptr<duckdb::CatalogEntry>> outdated_;  // guarded by mutex_; plans may still refer to them
    std::map<std::string, std::shared_ptr<const delta::Snapshot>> shown_;  // guarded by mutex_; shared with plans
    std::optional<std::map<std::string, std::string>> views_;  // guarded by mutex_; of the lake log, once asked for
};

}  // namespace lagoa
