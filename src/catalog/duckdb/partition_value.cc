#include "catalog/duckdb/partition_value.h"

namespace lagoa {

Result<duckdb::Value> partition_value(const std::optional<std::string>& text, const duckdb::LogicalType& type) {
    if (!text || text->empty()) return duckdb::Value(type);
    if (type.id() == duckdb::LogicalTypeId::BLOB) return duckdb::Value::BLOB_RAW(*text);
    if (!duckdb::Value::StringIsValid(*text))
        return fail(ErrorCode::kCorruption, "a partition value of {} bytes is not UTF-8", text->size());
    // Years beyond 9999 are written with a sign, which DuckDB reads in front of negative ones only.
    const bool signed_year = type.IsTemporal() && text->starts_with('+');
    duckdb::Value value(signed_year ? text->substr(1) : *text);
    // Without a client's context the cast knows no session time zone: text without an offset is UTC.
    if (!value.DefaultTryCastAs(type, true))
        return fail(ErrorCode::kCorruption, "partition value {} is not a {}", *text, type.ToString());
    return value;
}

}  // namespace lagoa
