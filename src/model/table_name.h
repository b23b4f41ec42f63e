// `zone.table`, the name of a table everywhere.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lagoa {

/// Both parts match [a-z][a-z0-9_]{0,62}.
struct TableName {
    std::string zone;
    std::string table;

    std::string text() const { return zone + "." + table; }
    auto operator<=>(const TableName&) const = default;

    /// kInvalidArgument with the rule.
    static Result<TableName> parse(std::string_view text);
};

/// Whether `name` may name a zone, table, source, job or column of the lake's own.
bool is_name(std::string_view name);

}  // namespace lagoa
