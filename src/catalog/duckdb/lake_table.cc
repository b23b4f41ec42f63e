#include "catalog/duckdb/lake_table.h"

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/parser/constraints/not_null_constraint.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parser.hpp"
#include "duckdb/storage/table_storage_info.hpp"

#include "catalog/duckdb/row_tracking.h"
#include "catalog/duckdb/spark_expression.h"
#include "catalog/duckdb/table_change.h"
#include "delta/column_rules.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

// A default that is not known to mean the same here is left out: who writes a row without the column is told
// (columns_to_compute), and nobody else need care.
void set_default(duckdb::ColumnDefinition& column, const Field& field) {
    const auto text = delta::default_expression(field);
    if (!text) return;
    const auto translated = translate_spark_as(*text, Schema{}, field.type);
    if (!translated) return;
    auto parsed = duckdb::Parser::ParseExpressionList(translated->sql);
    column.SetDefaultValue(std::move(parsed.at(0)));
}

}  // namespace

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
        set_default(column, field);
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
    duckdb::vector<duckdb::column_t> ids{duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_INDEX,
                                         duckdb::MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER};
    if (has_row_tracking(snapshot().metadata)) ids.push_back(kRowIdColumn);
    return ids;
}

void LakeTable::BindUpdateConstraints(duckdb::Binder&, duckdb::LogicalGet& get, duckdb::LogicalProjection& projection,
                                      duckdb::LogicalUpdate& update, duckdb::ClientContext&) {
    bind_whole_row(*this, get, projection, update);
}

}  // namespace lagoa
