// Delta's schema string: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Schema Serialization Format)
#pragma once

#include "model/schema.h"

namespace lagoa {

/// `{"type":"struct","fields":[…]}` with every field's metadata.
json::Value to_delta(const Schema& schema);

/// kUnsupported names a type this version does not know; kCorruption a malformed schema.
Result<Schema> schema_from_delta(const json::Value& value);

}  // namespace lagoa
