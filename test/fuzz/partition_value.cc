// Goal: no text of a partition value crashes the cast to its column's type. Invariant: it is a value of that type or
// corruption. Method: the input as the text of every type.
#include "duckdb.hpp"

#include "base/check.h"
#include "catalog/duckdb/partition_value.h"

namespace lagoa {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    static const duckdb::LogicalType kTypes[] = {
        duckdb::LogicalType::BOOLEAN,        duckdb::LogicalType::TINYINT,      duckdb::LogicalType::INTEGER,
        duckdb::LogicalType::BIGINT,         duckdb::LogicalType::FLOAT,        duckdb::LogicalType::DOUBLE,
        duckdb::LogicalType::VARCHAR,        duckdb::LogicalType::BLOB,         duckdb::LogicalType::DATE,
        duckdb::LogicalType::TIMESTAMP,      duckdb::LogicalType::TIMESTAMP_TZ, duckdb::LogicalType::DECIMAL(18, 4),
        duckdb::LogicalType::DECIMAL(38, 10)};
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    for (const duckdb::LogicalType& type : kTypes) {
        const auto value = partition_value(text, type);
        if (value)
            LAGOA_CHECK(value->type() == type, type.ToString());
        else
            LAGOA_CHECK(value.error().code == ErrorCode::kCorruption, value.error().message);
    }
    return 0;
}

}  // namespace lagoa
