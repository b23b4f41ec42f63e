// Tells DuckDB's multi-file scan what a Delta table looks like: its columns (those that a file lacks are NULL), its
// files, and for each file the values of its partition columns, its deleted rows and which of its columns is which.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_reader.hpp"

#include "catalog/duckdb/column_matching.h"
#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/file_deletions.h"

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
    explicit DeltaReader(const DeltaScanInfo& info);

    duckdb::optional_ptr<duckdb::TableCatalogEntry> table() const { return table_; }
    /// DuckDB's own scan, which the table's scan calls.
    const duckdb::TableFunction& parquet_scan() const { return parquet_scan_; }

    duckdb::shared_ptr<duckdb::MultiFileList> CreateFileList(duckdb::ClientContext& context,
                                                             const duckdb::vector<duckdb::string>& paths,
                                                             const duckdb::FileGlobInput& glob) override;
    bool Bind(duckdb::MultiFileOptions& options, duckdb::MultiFileList& files,
              duckdb::vector<duckdb::LogicalType>& types, duckdb::vector<duckdb::string>& names,
              duckdb::MultiFileReaderBindData& bind_data) override;
    void FinalizeBind(duckdb::MultiFileReaderData& reader, const duckdb::MultiFileOptions& options,
                      const duckdb::MultiFileReaderBindData& bind_data,
                      const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                      const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::ClientContext& context,
                      duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) override;
    duckdb::ReaderInitializeType CreateMapping(duckdb::ClientContext& context, duckdb::MultiFileReaderData& reader,
                                               const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                                               const duckdb::vector<duckdb::ColumnIndex>& column_ids,
                                               duckdb::optional_ptr<duckdb::TableFilterSet> filters,
                                               duckdb::MultiFileList& files,
                                               const duckdb::MultiFileReaderBindData& bind_data,
                                               const duckdb::virtual_column_map_t& virtual_columns,
                                               duckdb::MultiFileColumnMappingMode mode) override;
    using duckdb::MultiFileReader::CreateMapping;
    duckdb::unique_ptr<duckdb::Expression> GetVirtualColumnExpression(
        duckdb::ClientContext& context, duckdb::MultiFileReaderData& reader,
        const duckdb::vector<duckdb::MultiFileColumnDefinition>& file_columns, duckdb::idx_t& column,
        const duckdb::LogicalType& type, duckdb::MultiFileLocalIndex place,
        duckdb::optional_ptr<duckdb::MultiFileColumnDefinition>& replacement) override;
    duckdb::unique_ptr<duckdb::MultiFileReader> Copy() const override;

private:
    const delta::AddFile& file_of(const duckdb::BaseFileReader& reader) const;

    ScanSource source_;
    duckdb::optional_ptr<duckdb::TableCatalogEntry> table_;  // lives as long as the transaction that planned the scan
    duckdb::TableFunction parquet_scan_;
    ColumnMatcher matcher_;
    std::vector<std::optional<std::string>> partition_keys_;  // by column: its key in AddFile::partition_values
    std::shared_ptr<FileDeletions> deletions_;                // shared with copies of this
};

}  // namespace lagoa
