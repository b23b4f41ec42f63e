#include "catalog/duckdb/delta_reader.h"

#include <algorithm>

#include "duckdb/parser/expression/constant_expression.hpp"

#include "catalog/duckdb/delta_files.h"
#include "catalog/duckdb/partition_value.h"
#include "engine/duckdb/error.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;

// The type a file's column is read as, on the way to `wanted`: the file's own, but an instant and a wall-clock
// time of microseconds, which are the same integers, are taken for each other without DuckDB's cast: that
// would shift them by the session's time zone. (Spark's INT96 instants carry no zone in Parquet.)
LogicalType read_as(const LogicalType& local, const LogicalType& wanted) {
    if (local == wanted) return local;
    const auto is_time = [](const LogicalType& type) {
        return type.id() == LogicalTypeId::TIMESTAMP || type.id() == LogicalTypeId::TIMESTAMP_TZ;
    };
    if (is_time(local) && is_time(wanted)) return wanted;
    if (local.id() != wanted.id()) return local;
    switch (local.id()) {
        case LogicalTypeId::LIST:
            return LogicalType::LIST(
                read_as(duckdb::ListType::GetChildType(local), duckdb::ListType::GetChildType(wanted)));
        case LogicalTypeId::MAP:
            return LogicalType::MAP(read_as(duckdb::MapType::KeyType(local), duckdb::MapType::KeyType(wanted)),
                                    read_as(duckdb::MapType::ValueType(local), duckdb::MapType::ValueType(wanted)));
        case LogicalTypeId::STRUCT: {
            duckdb::child_list_t<LogicalType> members;
            const auto& wanted_members = duckdb::StructType::GetChildTypes(wanted);
            for (const auto& [name, type] : duckdb::StructType::GetChildTypes(local)) {
                const auto same = std::ranges::find_if(wanted_members, [&](const auto& member) {
                    return duckdb::StringUtil::CIEquals(member.first, name);
                });
                members.emplace_back(name, same == wanted_members.end() ? type : read_as(type, same->second));
            }
            return LogicalType::STRUCT(std::move(members));
        }
        default:
            return local;
    }
}

void set_type(duckdb::MultiFileColumnDefinition& column, const LogicalType& type) {
    column.type = type;
    if (type.id() != LogicalTypeId::STRUCT) return;
    const auto& members = duckdb::StructType::GetChildTypes(type);
    for (std::size_t i = 0; i < column.children.size() && i < members.size(); ++i)
        set_type(column.children[i], members[i].second);
}

}  // namespace

duckdb::shared_ptr<duckdb::MultiFileList> DeltaReader::CreateFileList(duckdb::ClientContext&,
                                                                      const duckdb::vector<duckdb::string>&,
                                                                      const duckdb::FileGlobInput&) {
    return duckdb::make_shared_ptr<DeltaFiles>(source_);
}

bool DeltaReader::Bind(duckdb::MultiFileOptions&, duckdb::MultiFileList&, duckdb::vector<LogicalType>& types,
                       duckdb::vector<duckdb::string>& names, duckdb::MultiFileReaderBindData& bind_data) {
    for (const Field& field : source_.snapshot->metadata.schema.fields) {
        const LogicalType type = to_duckdb(field.type);
        auto column = duckdb::MultiFileColumnDefinition::CreateFromNameAndType(field.name, type);
        column.default_expression = duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(type));
        bind_data.schema.push_back(column);
        names.push_back(field.name);
        types.push_back(type);
    }
    return true;
}

duckdb::unique_ptr<duckdb::MultiFileReaderGlobalState> DeltaReader::InitializeGlobalState(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&, const duckdb::MultiFileReaderBindData&,
    const duckdb::MultiFileList& files, const duckdb::vector<duckdb::MultiFileColumnDefinition>&,
    const duckdb::vector<duckdb::ColumnIndex>&) {
    return duckdb::make_uniq<duckdb::MultiFileReaderGlobalState>(duckdb::vector<LogicalType>{}, &files);
}

void DeltaReader::FinalizeBind(duckdb::MultiFileReaderData& reader, const duckdb::MultiFileOptions&,
                               const duckdb::MultiFileReaderBindData&,
                               const duckdb::vector<duckdb::MultiFileColumnDefinition>& columns,
                               const duckdb::vector<duckdb::ColumnIndex>& column_ids, duckdb::ClientContext&,
                               duckdb::optional_ptr<duckdb::MultiFileReaderGlobalState> state) {
    const auto& files = state->file_list->Cast<DeltaFiles>();
    const std::size_t file_index = files.snapshot_index(reader.reader->file_list_idx.GetIndex());
    const delta::AddFile& file = source_.snapshot->files[file_index];

    for (duckdb::idx_t i = 0; i < column_ids.size(); ++i) {
        const duckdb::MultiFileGlobalIndex place(i);
        const auto column = column_ids[i].GetPrimaryIndex();
        if (column == COLUMN_IDENTIFIER_FILENAME) {
            reader.constant_map.Add(place, duckdb::Value(reader.reader->GetFileName()));
        } else if (column == COLUMN_IDENTIFIER_FILE_INDEX) {
            reader.constant_map.Add(place, duckdb::Value::UBIGINT(file_index));
        } else if (!duckdb::IsVirtualColumn(column)) {
            const auto value = file.partition_values.find(columns[column].name);
            if (value == file.partition_values.end()) continue;
            reader.constant_map.Add(place, unwrap(partition_value(value->second, columns[column].type)));
        }
    }
    for (auto& local : reader.reader->columns) {
        const auto wanted = std::ranges::find_if(
            columns, [&](const auto& column) { return duckdb::StringUtil::CIEquals(column.name, local.name); });
        if (wanted != columns.end()) set_type(local, read_as(local.type, wanted->type));
    }
}

duckdb::unique_ptr<duckdb::MultiFileReader> DeltaReader::Copy() const {
    return duckdb::make_uniq<DeltaReader>(DeltaScanInfo(source_, table_, parquet_scan_));
}

}  // namespace lagoa
