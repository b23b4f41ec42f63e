// The table function delta(PATH [, version => N | timestamp => T]): any Delta table by path, without the lake.
#pragma once

#include "engine/engine.h"

namespace lagoa {

/// Adds it to `engine`. PATH is as in table_at_path.h; T is a timestamp, in the session's zone if it has none. The
/// function raises kNotFound for a path without a table, kInvalidArgument for a version and a timestamp at once.
Result<> register_delta_function(Engine& engine);

}  // namespace lagoa
