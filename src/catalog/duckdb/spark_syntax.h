// The text of a Spark SQL expression → a tree. Knows no types and no columns.
//
// Grammar: SqlBaseParser.g4 of Apache Spark 4, the rules `booleanExpression`, `valueExpression` and `primaryExpression`
// without subqueries, lambdas, windows and parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema.h"

namespace lagoa {

struct SparkNode {
    enum class Kind {
        kNull,
        kBoolean,   ///< `text`: true, false
        kNumber,    ///< `text` as written, with its sign and suffix
        kText,      ///< `text` is the value
        kTyped,     ///< DATE '…', TIMESTAMP '…', X'…': `text` is the value, `name` the lowered keyword
        kInterval,  ///< INTERVAL 1 DAY: `text` is the number, `name` the lowered unit, singular
        kColumn,    ///< `path`: the column, then members of structs
        kCast,      ///< CAST(arguments[0] AS type)
        /// `name` of a function or operator, lowered: `coalesce`, `+`, `<=>`, `and`, `negate`, `is null`, `in`, `like`,
        /// `case` (condition, value, …, else), `element` ([index]), `member` (`text` of arguments[0]).
        kCall,
    };
    Kind kind = Kind::kNull;
    std::string name;
    std::string text;
    std::vector<std::string> path;
    std::vector<SparkNode> arguments;
    Type type;
};

/// kInvalidArgument with the place that could not be read; kUnsupported for a construct that is known and left out, by
/// name.
Result<SparkNode> parse_spark(std::string_view text);

}  // namespace lagoa
