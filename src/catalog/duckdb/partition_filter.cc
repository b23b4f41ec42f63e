#include "catalog/duckdb/partition_filter.h"

#include <optional>

#include <fmt/ranges.h>

#include "duckdb.hpp"

#include "base/text.h"
#include "catalog/duckdb/partition_value.h"
#include "delta/column_mapping.h"
#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

constexpr const char* kPlace = "lagoa_partition";  // of a row: the partition's place, -1 for the one of NULLs

std::optional<std::string> value_of(const delta::PartitionValues& partition, const Field& column) {
    const auto value = partition.find(delta::physical_name(column));
    return value == partition.end() ? std::nullopt : value->second;
}

}  // namespace

Result<std::vector<bool>> match_partitions(Session& session, const delta::Metadata& metadata,
                                           const std::vector<delta::PartitionValues>& partitions,
                                           const std::string& condition) {
    std::vector<const Field*> columns;
    std::vector<std::string> names = {kPlace};
    std::vector<std::string> row = {"-1"};  // names and types for a table without partitions
    for (const std::string& name : metadata.partition_columns) {
        columns.push_back(metadata.schema.find(name));
        names.push_back(quote_identifier(name));
        row.push_back(fmt::format("CAST(NULL AS {})", to_duckdb(columns.back()->type).ToString()));
    }
    std::vector<std::string> rows = {fmt::format("({})", fmt::join(row, ", "))};
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        row = {std::to_string(i)};
        for (const Field* column : columns) {
            const duckdb::LogicalType type = to_duckdb(column->type);
            const duckdb::Value value = LAGOA_TRY(partition_value(value_of(partitions[i], *column), type));
            row.push_back(fmt::format("CAST({} AS {})", value.ToSQLString(), type.ToString()));
        }
        rows.push_back(fmt::format("({})", fmt::join(row, ", ")));
    }
    auto stream = session.query(fmt::format("SELECT {} FROM (VALUES {}) AS t({}) WHERE ({}\n)", kPlace,
                                            fmt::join(rows, ", "), fmt::join(names, ", "), condition));
    if (!stream && (stream.error().code == ErrorCode::kNotFound || stream.error().code == ErrorCode::kInvalidArgument))
        return fail_with_hint(ErrorCode::kInvalidArgument,
                              fmt::format("A condition is over the partition columns: {}.",
                                          metadata.partition_columns.empty()
                                              ? "this table has none"
                                              : fmt::format("{}", fmt::join(metadata.partition_columns, ", "))),
                              "choosing partitions where {}: {}", condition, stream.error().message);
    if (!stream) return pass_on(stream.error(), "choosing partitions where {}", condition);
    std::vector<bool> matching(partitions.size(), false);
    while (const RowBatch* batch = LAGOA_TRY((*stream)->next()))
        for (std::size_t i = 0; i < batch->rows(); ++i)
            if (const auto place = batch->json(0, i).number()->to_int64().value_or(-1); place >= 0)
                matching.at(static_cast<std::size_t>(place)) = true;
    return matching;
}

}  // namespace lagoa
