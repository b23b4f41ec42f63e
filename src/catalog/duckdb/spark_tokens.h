// The words of a Spark SQL expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lagoa {

struct SparkToken {
    enum class Kind { kName, kQuotedName, kNumber, kText, kOperator, kEnd };
    Kind kind = Kind::kEnd;
    std::string text;        ///< A name or number as written, a text or quoted name unescaped, an operator's sign.
    std::size_t offset = 0;  ///< In bytes, from the beginning of the expression.

    /// Whether it is this keyword or function name, in whatever case.
    bool is_word(std::string_view lowered) const;
    bool is_sign(std::string_view sign) const { return kind == Kind::kOperator && text == sign; }
};

/// The last one is kEnd. kInvalidArgument: a byte that begins nothing, a text without an end. kUnsupported: comments,
/// and '' inside a text, which Spark 3 and 4 read differently.
Result<std::vector<SparkToken>> tokenize_spark(std::string_view text);

}  // namespace lagoa
