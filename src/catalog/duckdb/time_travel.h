// Versions of a table by number or by time, as SQL names them.
#pragma once

#include <cstdint>
#include <optional>

#include "duckdb.hpp"

#include "base/clock.h"
#include "delta/snapshot.h"

namespace lagoa {

/// The whole number that `value` is. kInvalidArgument.
Result<delta::Version> version_number(const duckdb::Value& value);

/// The instant that `value` is: a timestamp, a date or a text of one, in the session's zone if it has none.
/// kInvalidArgument for another value.
Result<Instant> instant_of(duckdb::ClientContext& context, const duckdb::Value& value);

/// The version of `table` at the instant that `value` names: a timestamp, a date or a text of one. Without a zone it is
/// meant in the session's. As instant_of and delta::version_at.
Result<delta::Version> version_at(duckdb::ClientContext& context, const delta::TableLocation& table,
                                  const duckdb::Value& value);

}  // namespace lagoa
