#include "engine/duckdb/types.h"

namespace lagoa {
namespace {

duckdb::LogicalType list_to_duckdb(const Type& type) {
    return duckdb::LogicalType::LIST(to_duckdb(type.children[0].type));
}

duckdb::LogicalType struct_to_duckdb(const Type& type) {
    duckdb::child_list_t<duckdb::LogicalType> members;
    for (const Field& field : type.children) members.emplace_back(field.name, to_duckdb(field.type));
    return duckdb::LogicalType::STRUCT(std::move(members));
}

Type list_of(const char* name, const duckdb::LogicalType& element) {
    return {.kind = TypeKind::kList, .children = {Field{.name = name, .type = from_duckdb(element)}}};
}

Type map_from_duckdb(const duckdb::LogicalType& type) {
    return {.kind = TypeKind::kMap,
            .children = {Field{.name = "key", .type = from_duckdb(duckdb::MapType::KeyType(type)), .nullable = false},
                         Field{.name = "value", .type = from_duckdb(duckdb::MapType::ValueType(type))}}};
}

Type struct_from_duckdb(const duckdb::LogicalType& type) {
    Type result{.kind = TypeKind::kStruct, .children = {}};
    for (const auto& [name, member] : duckdb::StructType::GetChildTypes(type))
        result.children.push_back(Field{.name = name, .type = from_duckdb(member)});
    return result;
}

Type scalar(TypeKind kind) {
    return {.kind = kind, .children = {}};
}

}  // namespace

duckdb::LogicalType to_duckdb(const Type& type) {
    using duckdb::LogicalType;
    switch (type.kind) {
        case TypeKind::kBoolean:
            return LogicalType::BOOLEAN;
        case TypeKind::kInt8:
            return LogicalType::TINYINT;
        case TypeKind::kInt16:
            return LogicalType::SMALLINT;
        case TypeKind::kInt32:
            return LogicalType::INTEGER;
        case TypeKind::kInt64:
            return LogicalType::BIGINT;
        case TypeKind::kFloat:
            return LogicalType::FLOAT;
        case TypeKind::kDouble:
            return LogicalType::DOUBLE;
        case TypeKind::kDecimal:
            return LogicalType::DECIMAL(static_cast<uint8_t>(type.precision), static_cast<uint8_t>(type.scale));
        case TypeKind::kString:
            return LogicalType::VARCHAR;
        case TypeKind::kBinary:
            return LogicalType::BLOB;
        case TypeKind::kDate:
            return LogicalType::DATE;
        case TypeKind::kTimestamp:
            return LogicalType::TIMESTAMP_TZ;
        case TypeKind::kTimestampNtz:
            return LogicalType::TIMESTAMP;
        case TypeKind::kVariant:
            return LogicalType::VARIANT();
        case TypeKind::kVoid:
            return LogicalType::SQLNULL;
        case TypeKind::kList:
            return list_to_duckdb(type);
        case TypeKind::kMap:
            return LogicalType::MAP(to_duckdb(type.children[0].type), to_duckdb(type.children[1].type));
        case TypeKind::kStruct:
            return struct_to_duckdb(type);
    }
    return LogicalType::VARCHAR;
}

Type from_duckdb(const duckdb::LogicalType& type) {
    using enum duckdb::LogicalTypeId;
    switch (type.id()) {
        case BOOLEAN:
            return scalar(TypeKind::kBoolean);
        case TINYINT:
            return scalar(TypeKind::kInt8);
        case SMALLINT:
        case UTINYINT:
            return scalar(TypeKind::kInt16);
        case INTEGER:
        case USMALLINT:
            return scalar(TypeKind::kInt32);
        case BIGINT:
        case UINTEGER:
        case INTEGER_LITERAL:
            return scalar(TypeKind::kInt64);
        case UBIGINT:
            return Type::decimal(20, 0);
        case HUGEINT:
        case UHUGEINT:
            return Type::decimal(38, 0);
        case FLOAT:
            return scalar(TypeKind::kFloat);
        case DOUBLE:
            return scalar(TypeKind::kDouble);
        case DECIMAL:
            return Type::decimal(duckdb::DecimalType::GetWidth(type), duckdb::DecimalType::GetScale(type));
        case BLOB:
            return scalar(TypeKind::kBinary);
        case DATE:
            return scalar(TypeKind::kDate);
        case TIMESTAMP_TZ:
            return scalar(TypeKind::kTimestamp);
        case TIMESTAMP:
        case TIMESTAMP_SEC:
        case TIMESTAMP_MS:
        case TIMESTAMP_NS:
            return scalar(TypeKind::kTimestampNtz);
        case VARIANT:
            return scalar(TypeKind::kVariant);
        case SQLNULL:
            return scalar(TypeKind::kVoid);
        case LIST:
            return list_of("element", duckdb::ListType::GetChildType(type));
        case ARRAY:
            return list_of("element", duckdb::ArrayType::GetChildType(type));
        case MAP:
            return map_from_duckdb(type);
        case STRUCT:
            return struct_from_duckdb(type);
        default:
            return scalar(TypeKind::kString);
    }
}

}  // namespace lagoa
