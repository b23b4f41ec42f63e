// The columns of Parquet files that others have written, as a table's: from their footers, merged over all files.
//
// Source: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md, and which of its types Delta tables
// hold.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/actions.h"
#include "model/schema.h"

namespace lagoa {

/// One element of a footer's schema; a footer lists them depth first, the root at first.
struct ParquetElement {
    std::string name;
    std::string type;        ///< `INT32`, `BYTE_ARRAY`, …; empty: a group.
    std::string repetition;  ///< `REQUIRED`, `OPTIONAL`, `REPEATED`; of the root none.
    std::string converted;   ///< `UTF8`, `INT_16`, …; empty: none. What older writers say.
    std::string logical;     ///< `TimestampType(isAdjustedToUTC=1, …)`; empty: none.
    std::int64_t children = 0;
    int precision = 0;
    int scale = 0;
};

/// A column of values in a file, in the order of its column chunks.
struct ParquetLeaf {
    std::vector<std::string> path;  ///< Names from the outermost struct inwards; empty inside of a list or map.
    Type type;
    /// Whether a footer's minimum and maximum are those of all its values: not of floating-point numbers, which leave
    /// out NaN, nor of INT96.
    bool has_bounds = false;
};

struct ParquetColumns {
    Schema schema;  ///< All nullable.
    std::vector<ParquetLeaf> leaves;
};

/// kUnsupported names a column of a type that no Delta table has. kCorruption: the elements are no tree.
Result<ParquetColumns> read_parquet_columns(std::span<const ParquetElement> elements);

/// The columns of many files: each has the widest of its types where that holds the others without loss, by the rules
/// of type widening, and columns that only some files have are NULL in the others.
class ParquetSchemaMerger {
public:
    ParquetSchemaMerger();
    ~ParquetSchemaMerger();

    /// kDataRejected names the column and two files that do not go together.
    Result<> add(const Schema& schema, const std::string& file);

    /// Schema and, if some column was widened, the property and the record of it. kInvalidArgument: a name that no
    /// column may have.
    Result<delta::Metadata> finish() const;

private:
    struct Node;

    static Result<> merge(Node& node, const Type& type, const std::string& file, const std::string& path);
    static Result<> merge_members(Node& node, const Type& type, const std::string& file, const std::string& path);
    static Type type_of(const Node& node);
    static Result<delta::Metadata> widen(delta::Metadata metadata, const Node& node, std::vector<std::string>& path);

    std::unique_ptr<Node> root_;
};

}  // namespace lagoa
