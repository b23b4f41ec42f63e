// The call of a private function (lake_functions.h), as the text that a statement is rewritten to.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "base/text.h"

namespace lagoa {

class FunctionCall {
public:
    FunctionCall(std::string_view function, std::string_view table)
        : function_(function), arguments_{quote_literal(table)} {}

    /// `value` is SQL.
    FunctionCall& add(std::string value) {
        arguments_.push_back(std::move(value));
        return *this;
    }
    FunctionCall& add(std::string_view name, std::string_view value) {
        return add(fmt::format("{} => {}", name, value));
    }
    FunctionCall& add_text(std::string_view name, std::string_view text) { return add(name, quote_literal(text)); }

    /// What returns rows.
    std::string as_select() const { return "SELECT * FROM " + call(); }
    /// What returns none.
    std::string as_pragma() const { return "PRAGMA " + call(); }

private:
    std::string call() const { return fmt::format("{}({})", function_, fmt::join(arguments_, ", ")); }

    std::string function_;
    std::vector<std::string> arguments_;
};

/// `['a', 'b']`
inline std::string sql_list(const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    for (const std::string& text : texts) quoted.push_back(quote_literal(text));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
}

}  // namespace lagoa
