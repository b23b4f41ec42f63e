#include "catalog/duckdb/delta_reader.h"

#include <algorithm>

#include "catalog/duckdb/delta_files.h"
#include "catalog/duckdb/local_filters.h"
#include "catalog/duckdb/partition_value.h"
#include "catalog/duckdb/row_tracking.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

std::vector<std::optional<std::string>> partition_keys(const delta::Metadata& metadata) {
    std::vector<std::optional<std::string>> keys;
    for (const Field& field : metadata.schema.fields) {
        const bool is_partition = std::ranges::any_of(metadata.partition_columns, [&](const std::string& column) {
            return duckdb::StringUtil::CIEquals(column, field.name);
        });
        keys.push_back(is_partition ? std::optional(delta::physical_name(field)) : std::nullopt);
    }
    return keys;
}

}  // namespace

DeltaReader::DeltaReader(const DeltaScanInfo& info)
    : source_(info.source),
      table_(info.table),
      parquet_scan_(info.parquet_scan),
      matcher_(source_.snapshot->metadata),
      partition_keys_(partition_keys(source_.snapshot->metadata)),
      deletions_(std::make_shared<FileDeletions>(source_.table)) {}

duckdb::shared_ptr<duckdb::MultiFileList> DeltaReader::CreateFileList(duckdb::ClientContext&,
                                                                      const duckdb::vector<duckdb::string>&,
                                                                      const duckdb::FileGlobInput&) {
    return duckdb::make_shared_ptr<DeltaFiles>(source_);
}

bool DeltaReader::Bind(duckdb::MultiFileOptions&, duckdb::MultiFileList&, duckdb::vector<duckdb::LogicalType>& types,
                       duckdb::vector<duckdb::string>& names, duckdb::MultiFileReaderBindData& bind_data) {
    bind_data.schema = matcher_.table_columns();
    for (const auto& column : bind_data.schema) {
        names.push_back(column.name);
        types.push_back(column.type);
    }
    return true;
}

const delta::AddFile& DeltaReader::file_of(const duckdb::BaseFileReader& reader) const {
    return source_.snapshot->files[DeltaFiles::slot_of(reader.file)];
}

void DeltaReader::FinalizeBind(duckdb::MultiFileReaderData& reader_data, const duckdb::MultiFileOptions&,
                               const duckdb::MultiFileReaderBindData&,
                               const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                               const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::ClientContext&,
                               duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState>) {
    duckdb::BaseFileReader& reader = *reader_data.reader;
    const delta::AddFile& file = file_of(reader);
    for (duckdb::idx_t i = 0; i < column_ids.size(); ++i) {
        const duckdb::MultiFileGlobalIndex place(i);
        const auto column = column_ids[i].GetPrimaryIndex();
        if (column == COLUMN_IDENTIFIER_FILENAME) {
            reader_data.constant_map.Add(place, duckdb::Value(reader.GetFileName()));
        } else if (column == COLUMN_IDENTIFIER_FILE_INDEX) {
            reader_data.constant_map.Add(place, duckdb::Value::UBIGINT(DeltaFiles::slot_of(reader.file)));
        } else if (!duckdb::IsVirtualColumn(column) && partition_keys_[column]) {
            const auto value = file.partition_values.find(*partition_keys_[column]);
            if (value == file.partition_values.end()) continue;
            reader_data.constant_map.Add(place, unwrap(partition_value(value->second, columns[column].type)));
        }
    }
    matcher_.rename(reader.columns, reader.GetFileName());
    if (auto only = source_.only_rows(DeltaFiles::slot_of(reader.file)))
        reader.deletion_filter = make_only_filter(std::move(only));
    else if (auto deleted = deletions_->of(file))
        reader.deletion_filter = make_delete_filter(std::move(deleted));
}

duckdb::ReaderInitializeType DeltaReader::CreateMapping(
    duckdb::ClientContext& context, duckdb::MultiFileReaderData& reader,
    const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
    const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::optional_ptr<duckdb::TableFilterSet> filters,
    duckdb::MultiFileList& files, const duckdb::MultiFileReaderBindData& bind_data,
    const duckdb::virtual_column_map_t& virtual_columns, duckdb::MultiFileColumnMappingMode mode) {
    FileColumns table_columns = columns;
    ColumnMatcher::simplify(table_columns, reader.reader->columns);
    duckdb::unique_ptr<duckdb::TableFilterSet> local;
    if (filters) local = local_filters(*filters, column_ids, table_columns, reader.reader->columns);
    return MultiFileReader::CreateMapping(context, reader, table_columns, column_ids, local.get(), files, bind_data,
                                          virtual_columns, mode);
}

duckdb::unique_ptr<duckdb::Expression> DeltaReader::GetVirtualColumnExpression(
    duckdb::ClientContext& context, duckdb::MultiFileReaderData& reader,
    const duckdb::vector<duckdb::MultiFileColumnDefinition>& file_columns, duckdb::idx_t& column,
    const duckdb::LogicalType& type, duckdb::MultiFileLocalIndex place,
    duckdb::optional_ptr<duckdb::MultiFileColumnDefinition>& replacement) {
    if (!is_row_tracking_column(column))
        return MultiFileReader::GetVirtualColumnExpression(context, reader, file_columns, column, type, place,
                                                           replacement);
    auto expression = row_tracking_expression(context, column, source_.snapshot->metadata, file_of(*reader.reader),
                                              *reader.reader, place.GetIndex());
    column = COLUMN_IDENTIFIER_FILE_ROW_NUMBER;
    return expression;
}

duckdb::unique_ptr<duckdb::MultiFileReader> DeltaReader::Copy() const {
    auto copy = duckdb::make_uniq<DeltaReader>(DeltaScanInfo(source_, table_, parquet_scan_));
    copy->deletions_ = deletions_;
    return copy;
}

}  // namespace lagoa
