// What a statement refers to, by the engine's own parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace lagoa {

/// The tables that the SELECT `sql` reads, as `schema.table`, sorted, each once. Views are followed to their tables.
/// A table whose schema is not written stands alone. kInvalidArgument if it does not parse.
Result<std::vector<std::string>> table_references(Session& session, std::string_view sql);

}  // namespace lagoa
