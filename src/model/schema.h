// Logical types and schemas, as every format of the lake (Delta, contracts, engine) sees them.
//
// An encoding lives beside it: schema_delta.h (Delta's schema string), contract.h (ODCS),
// engine (SQL types).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json.h"

namespace lagoa {

struct Field;

enum class TypeKind {
    kBoolean,
    kInt8,
    kInt16,
    kInt32,
    kInt64,
    kFloat,
    kDouble,
    kDecimal,  ///< precision and scale
    kString,
    kBinary,
    kDate,          ///< a day, no zone
    kTimestamp,     ///< an instant in UTC, microseconds
    kTimestampNtz,  ///< a wall-clock time, microseconds
    kVariant,
    kVoid,
    kList,    ///< children[0] = element
    kMap,     ///< children[0] = key, children[1] = value
    kStruct,  ///< children = fields
};

/// A type and, where nested, its fields.
struct Type {
    TypeKind kind = TypeKind::kString;
    int precision = 0;  ///< kDecimal only, 1..38
    int scale = 0;      ///< kDecimal only, 0..precision
    std::vector<Field> children;

    static Type decimal(int precision, int scale) {
        return {.kind = TypeKind::kDecimal, .precision = precision, .scale = scale, .children = {}};
    }
    bool operator==(const Type&) const;
};

/// A named, typed column or struct member.
struct Field {
    std::string name;
    Type type;
    bool nullable = true;
    json::Object metadata;  ///< Delta's column metadata; `comment` is the column's description.

    bool operator==(const Field&) const;
};

/// The columns of a table, in order.
struct Schema {
    std::vector<Field> fields;

    /// By name, ASCII case ignored as Delta and SQL do; nullptr if absent.
    const Field* find(std::string_view name) const;
    bool operator==(const Schema&) const;
};

/// `DECIMAL(18,4)`, `BIGINT`, `TIMESTAMP WITH TIME ZONE`, `STRUCT("a" BIGINT)`, `VARCHAR[]`: the
/// engine's SQL spelling. kVoid is `"NULL"`.
std::string to_sql(const Type& type);

/// Reads the spellings of to_sql and the usual aliases (TEXT, INT, NUMERIC, TIMESTAMPTZ, …),
/// ASCII case ignored. kInvalidArgument.
Result<Type> parse_sql_type(std::string_view text);

}  // namespace lagoa
