// What a running statement says of itself in the commit that it makes, as Delta Spark writes operationParameters.
#pragma once

#include "duckdb.hpp"

#include "codec/json.h"

namespace lagoa {

/// The conditions of the DELETE, UPDATE or MERGE that runs in `context`, as its text has them. Empty for another
/// statement, or one of several in one text.
json::Object statement_parameters(duckdb::ClientContext& context);

}  // namespace lagoa
