// The table function delta(PATH [, version => N]): any Delta table by path, without the lake.
#pragma once

#include "engine/engine.h"

namespace lagoa {

/// Adds it to `engine`. PATH is a folder of this machine, or `lagoa://<zone>/<table>`; the function raises kNotFound
/// for a path without a table, kPermissionDenied for a folder where the engine's external access is off.
Result<> register_delta_function(Engine& engine);

}  // namespace lagoa
