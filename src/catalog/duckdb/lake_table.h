// A Delta table at one version as a DuckDB table.
#pragma once

#include <memory>

#include "duckdb.hpp"
#include "duckdb/catalog/catalog_entry/table_catalog_entry.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "model/table_name.h"

namespace lagoa {

/// Immutable.
class LakeTable final : public duckdb::TableCatalogEntry {
public:
    static std::unique_ptr<LakeTable> make(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                                           const TableName& table_name, ScanSource source);
    LakeTable(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema, duckdb::CreateTableInfo& info,
              TableName table_name, ScanSource source);

    const TableName& table_name() const { return table_name_; }
    const delta::Snapshot& snapshot() const { return *source_.snapshot; }
    /// The very object that scans of this table read.
    const std::shared_ptr<const delta::Snapshot>& shared_snapshot() const { return source_.snapshot; }

    duckdb::TableFunction GetScanFunction(duckdb::ClientContext& context,
                                          duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
    duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext&, duckdb::column_t) override {
        return nullptr;
    }
    duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& context) override;
    duckdb::virtual_column_map_t GetVirtualColumns() const override { return delta_virtual_columns(snapshot()); }
    /// file_index, file_row_number and, where the table tracks rows, _row_id.
    duckdb::vector<duckdb::column_t> GetRowIdColumns() const override;
    void BindUpdateConstraints(duckdb::Binder& binder, duckdb::LogicalGet& get, duckdb::LogicalProjection& projection,
                               duckdb::LogicalUpdate& update, duckdb::ClientContext& context) override;

private:
    TableName table_name_;
    ScanSource source_;
};

}  // namespace lagoa
