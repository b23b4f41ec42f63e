// What a write does to a table's schema, and how its source's columns are selected to fit it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "delta/actions.h"
#include "engine/engine.h"
#include "model/schema.h"

namespace lagoa {

struct SchemaPlan {
    Schema schema;        ///< The table's columns after the write.
    bool changed = true;  ///< Whether they differ from the table's.
    /// For each column of `schema`, the expression over the source's columns that yields it, with its name:
    /// `CAST("close" AS DECIMAL(18,4)) AS "close"`.
    std::vector<std::string> select;
};

/// Matches by name, ASCII case ignored. Columns that the source lacks are NULL; columns that the table
/// (`current`, nullptr: it is created) lacks are added as nullable, with their text in `comments`. A source type
/// that the column's type holds exactly is widened.
/// kDataRejected names the column and both types; kInvalidArgument: two columns of one name, a NULL without
/// type, a name that check_column_name refuses.
Result<SchemaPlan> plan_schema(const Schema* current, std::span<const Column> columns,
                               const std::map<std::string, std::string>& comments);

/// kInvalidArgument for the name of a virtual column of every scan (file_index, filename, file_row_number): a column
/// would hide it, and a merge reads it.
Result<> check_column_name(std::string_view name);

/// The protocol that a table of protocol `current` must be raised to when its columns become `schema`'s.
std::optional<delta::Protocol> raised_protocol(const Schema& schema, const delta::Protocol& current);

}  // namespace lagoa
