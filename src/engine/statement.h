// What a statement refers to, by the engine's own parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace lagoa {

/// Names of the tables and views that the SELECT `sql` reads, as written (`silver.stocks`), CTEs left out,
/// sorted, each once. kInvalidArgument if it does not parse.
Result<std::vector<std::string>> table_references(Session& session, std::string_view sql);

}  // namespace lagoa
