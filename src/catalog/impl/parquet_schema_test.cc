// Goal: footers of every writer become the columns that Delta's other engines would see, or are refused by name.
// Method: schema elements as DuckDB's parquet_schema() prints them, written by hand for what DuckDB itself does not
// write any more.
#include "catalog/impl/parquet_schema.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

ParquetElement group(std::string name, std::int64_t children, std::string converted = "",
                     std::string repetition = "OPTIONAL") {
    return {.name = std::move(name),
            .repetition = std::move(repetition),
            .converted = std::move(converted),
            .children = children};
}
ParquetElement leaf(std::string name, std::string type, std::string converted = "", std::string logical = "",
                    std::string repetition = "OPTIONAL") {
    return {.name = std::move(name),
            .type = std::move(type),
            .repetition = std::move(repetition),
            .converted = std::move(converted),
            .logical = std::move(logical)};
}

// The SQL type of a file's only column, or the code of its refusal.
std::string type_of(std::vector<ParquetElement> column) {
    column.insert(column.begin(), group("root", 1));
    const auto read = read_parquet_columns(column);
    if (!read) return read.error().code == ErrorCode::kUnsupported ? "unsupported" : read.error().message;
    return to_sql(read->schema.fields.at(0).type);
}

TEST(ParquetSchema, ReadsTheTypesOfOldAndNewWriters) {
    const std::string instant = "TIMESTAMP WITH TIME ZONE";
    EXPECT_EQ(type_of({leaf("c", "INT96")}), instant);
    EXPECT_EQ(type_of({leaf("c", "INT64", "TIMESTAMP_MICROS")}), instant) << "older writers knew no other";
    EXPECT_EQ(type_of({leaf("c", "INT64", "TIMESTAMP_MILLIS")}), instant);
    const auto timestamp = [](const char* utc, const char* unit) {
        return leaf("c", "INT64", "",
                    std::string("TimestampType(isAdjustedToUTC=") + utc + ", unit=TimeUnit(" + unit + "))");
    };
    EXPECT_EQ(type_of({timestamp("1", "MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>")}), instant);
    EXPECT_EQ(type_of({timestamp("0", "MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>")}), "TIMESTAMP");
    EXPECT_EQ(type_of({timestamp("1", "MILLIS=<null>, MICROS=<null>, NANOS=NanoSeconds()")}), "unsupported");
    EXPECT_EQ(type_of({leaf("c", "INT32", "INT_8")}), "TINYINT");
    EXPECT_EQ(type_of({leaf("c", "INT32", "", "IntType(bitWidth=16, isSigned=1)")}), "SMALLINT");
    EXPECT_EQ(type_of({leaf("c", "INT32", "UINT_8")}), "SMALLINT");
    EXPECT_EQ(type_of({leaf("c", "INT32", "UINT_32")}), "BIGINT");
    EXPECT_EQ(type_of({leaf("c", "INT64", "UINT_64")}), "DECIMAL(20,0)");
    EXPECT_EQ(type_of({leaf("c", "BYTE_ARRAY")}), "BLOB");
    EXPECT_EQ(type_of({leaf("c", "BYTE_ARRAY", "", "EnumType()")}), "VARCHAR");
    EXPECT_EQ(type_of({leaf("c", "FIXED_LEN_BYTE_ARRAY", "", "UUIDType()")}), "unsupported");
    EXPECT_EQ(type_of({leaf("c", "FIXED_LEN_BYTE_ARRAY", "INTERVAL")}), "unsupported");
    EXPECT_EQ(type_of({leaf("c", "INT32", "TIME_MILLIS")}), "unsupported");
    EXPECT_EQ(type_of({leaf("c", "INT32", "", "NullType()")}), "unsupported");
    ParquetElement decimal = leaf("c", "FIXED_LEN_BYTE_ARRAY", "DECIMAL");
    decimal.precision = 38;
    decimal.scale = 10;
    EXPECT_EQ(type_of({decimal}), "DECIMAL(38,10)");
    decimal.precision = 39;
    EXPECT_EQ(type_of({decimal}), "unsupported");
}

TEST(ParquetSchema, ReadsListsAndMapsOfEveryForm) {
    EXPECT_EQ(type_of({group("c", 1, "LIST"), group("list", 1, "", "REPEATED"), leaf("element", "INT32")}),
              "INTEGER[]");
    EXPECT_EQ(type_of({group("c", 1, "LIST"), leaf("array", "INT32", "", "", "REPEATED")}), "INTEGER[]");
    EXPECT_EQ(type_of({group("c", 1, "LIST"), group("array", 1, "", "REPEATED"), leaf("x", "INT32")}),
              R"(STRUCT("x" INTEGER)[])");
    EXPECT_EQ(type_of({group("c", 1, "LIST"), group("c_tuple", 1, "", "REPEATED"), leaf("x", "INT32")}),
              R"(STRUCT("x" INTEGER)[])");
    EXPECT_EQ(type_of({group("c", 1, "MAP"), group("key_value", 2, "", "REPEATED"),
                       leaf("key", "BYTE_ARRAY", "UTF8", "", "REQUIRED"), leaf("value", "INT32")}),
              "MAP(VARCHAR, INTEGER)");
    EXPECT_EQ(type_of({leaf("c", "INT32", "", "", "REPEATED")}), "unsupported");
    EXPECT_EQ(type_of({group("c", 2), leaf("metadata", "BYTE_ARRAY"), leaf("value", "BYTE_ARRAY")}), "unsupported");
    EXPECT_EQ(type_of({group("c", 0)}), "unsupported");
    EXPECT_EQ(read_parquet_columns({}).error().code, ErrorCode::kCorruption);
    const std::vector cut{group("root", 2), leaf("a", "INT32")};
    EXPECT_EQ(read_parquet_columns(cut).error().code, ErrorCode::kCorruption);
}

TEST(ParquetSchema, KnowsWhichLeavesHaveBounds) {
    const std::vector elements{group("root", 4),         leaf("a", "INT32"),    group("s", 1),
                               leaf("f", "DOUBLE"),      group("l", 1, "LIST"), group("list", 1, "", "REPEATED"),
                               leaf("element", "INT32"), leaf("at", "INT96")};
    const auto columns = read_parquet_columns(elements).value();
    ASSERT_EQ(columns.leaves.size(), 4U);
    EXPECT_TRUE(columns.leaves[0].has_bounds);
    EXPECT_EQ(columns.leaves[1].path, (std::vector<std::string>{"s", "f"}));
    EXPECT_FALSE(columns.leaves[1].has_bounds) << "NaN";
    EXPECT_TRUE(columns.leaves[2].path.empty()) << "inside of a list";
    EXPECT_FALSE(columns.leaves[3].has_bounds) << "INT96 has no order";
}

}  // namespace
}  // namespace lagoa
