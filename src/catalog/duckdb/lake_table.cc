#include "catalog/duckdb/lake_table.h"

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/storage/table_storage_info.hpp"

#include "engine/duckdb/types.h"

namespace lagoa {

std::unique_ptr<LakeTable> LakeTable::make(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                                           const TableName& table_name, ScanSource source) {
    const delta::Metadata& metadata = source.snapshot->metadata;
    duckdb::CreateTableInfo info(schema, table_name.table);
    if (!metadata.description.empty()) info.comment = duckdb::Value(metadata.description);
    for (std::size_t i = 0; i < metadata.schema.fields.size(); ++i) {
        const Field& field = metadata.schema.fields[i];
        duckdb::ColumnDefinition column(field.name, to_duckdb(field.type));
        const json::Value* comment = field.metadata.find("comment");
        if (comment != nullptr && comment->is_string()) column.SetComment(duckdb::Value(*comment->string()));
        info.columns.AddColumn(std::move(column));
        if (!field.nullable)
            info.constraints.push_back(duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
    return std::make_unique<LakeTable>(catalog, schema, info, table_name, std::move(source));
}

LakeTable::LakeTable(duckdb::Catalog& of_catalog, duckdb::SchemaCatalogEntry& of_schema, duckdb::CreateTableInfo& info,
                     TableName table_name, ScanSource source)
    : TableCatalogEntry(of_catalog, of_schema, info), table_name_(std::move(table_name)), source_(std::move(source)) {}

duckdb::TableFunction LakeTable::GetScanFunction(duckdb::ClientContext& context,
                                                 duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
    return bind_delta_scan(context, source_, this, bind_data);
}

duckdb::TableStorageInfo LakeTable::GetStorageInfo(duckdb::ClientContext&) {
    duckdb::TableStorageInfo info;
    if (const auto rows = snapshot().row_count()) info.cardinality = *rows;
    return info;
}

duckdb::vector<duckdb::column_t> LakeTable::GetRowIdColumns() const {
    return {duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX,
            duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER};
}

}  // namespace lagoa
