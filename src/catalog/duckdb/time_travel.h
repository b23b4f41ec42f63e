// Versions of a table by number or by time, as SQL names them.
#pragma once

#include <cstdint>
#include <optional>

#include "duckdb.hpp"

#include "delta/snapshot.h"

namespace lagoa {

/// The whole number that `value` is. kInvalidArgument.
Result<delta::Version> version_number(const duckdb::Value& value);

/// The version of `table` at the instant that `value` names: a timestamp, a date or a text of one. Without a zone it is
/// meant in the session's. kInvalidArgument for another value, else as delta::version_at.
Result<delta::Version> version_at(duckdb::ClientContext& context, const delta::TableLocation& table,
                                  const duckdb::Value& value);

}  // namespace lagoa
