// The lake as the attached DuckDB catalog `lake`.
#pragma once

#include <memory>

#include "catalog/lake_view.h"
#include "catalog/table_operations.h"
#include "engine/engine.h"

namespace lagoa {

/// Attaches the lake as `lake` to the session's engine, unless another session has, shows it to `session` through
/// `view` and makes it the default catalog: `silver.stocks_refined` names a table. `operations`, which outlives the
/// session, is what OPTIMIZE, VACUUM, … call; without it they are kUnsupported. Call once a session.
Result<> attach_lake(Session& session, std::shared_ptr<LakeView> view, TableOperations* operations = nullptr);

/// The view that attach_lake gave to `session`; nullptr if it was not called.
std::shared_ptr<LakeView> attached_view(Session& session);

}  // namespace lagoa
