// Tells DuckDB's multi-file scan what a Delta table looks like: its schema (columns that a file lacks
// are NULL), its files, and for each file the values of its partition columns.
#pragma once

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"

#include "catalog/duckdb/delta_scan.h"

namespace lagoa {

/// Carried by the TableFunction until it is bound.
struct DeltaScanInfo final : duckdb::TableFunctionInfo {
    DeltaScanInfo(ScanSource scanned, duckdb::optional_ptr<duckdb::TableCatalogEntry> entry,
                  duckdb::TableFunction parquet)
        : source(std::move(scanned)), table(entry), parquet_scan(std::move(parquet)) {}

    ScanSource source;
    duckdb::optional_ptr<duckdb::TableCatalogEntry> table;
    duckdb::TableFunction parquet_scan;  ///< DuckDB's own.
};

/// One for each bound scan.
class DeltaReader final : public duckdb::MultiFileReader {
public:
    explicit DeltaReader(const DeltaScanInfo& info)
        : source_(info.source), table_(info.table), parquet_scan_(info.parquet_scan) {}

    duckdb::optional_ptr<duckdb::TableCatalogEntry> table() const { return table_; }
    /// DuckDB's own scan, which the table's scan calls.
    const duckdb::TableFunction& parquet_scan() const { return parquet_scan_; }

    duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(duckdb::ClientContext& context,
                                                             const duckdb::vector<duckdb::string>& paths,
                                                             const duckdb::FileGlobInput& glob) override;
    bool Bind(duckdb::MultiFileOptions& options, duckdb::MultiFileList& files,
              duckdb::vector<duckdb::LogicalType>& types, duckdb::vector<duckdb::string>& names,
              duckdb::MultiFileReaderBindData& bind_data) override;
    duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> InitializeGlobalState(
        duckdb::ClientContext& context, const duckdb::MultiFileOptions& options,
        const duckdb::MultiFileReaderBindData& bind_data, const duckdb::MultiFileList& files,
        const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
        const duckdb::vector<duckdb::ColumnIndex>& column_ids) override;
    void FinalizeBind(duckdb::MultiFileReaderData& reader, const duckdb::MultiFileOptions& options,
                      const duckdb::MultiFileReaderBindData& bind_data,
                      const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                      const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::ClientContext& context,
                      duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) override;
    duckdb::unique_ptr<duckdb::MultiFileReader> Copy() const override;

private:
    ScanSource source_;
    duckdb::optional_ptr<duckdb::TableCatalogEntry> table_;  // lives as long as the transaction that planned the scan
    duckdb::TableFunction parquet_scan_;
};

}  // namespace lagoa
