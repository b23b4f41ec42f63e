// The doors from the engine's faces to DuckDB's own objects, for catalog/duckdb/.
#pragma once

#include "duckdb.hpp"

#include "engine/duckdb/file_system.h"
#include "engine/engine.h"

namespace lagoa {

/// The database instance of `engine`; lives as long as it.
duckdb::DatabaseInstance& instance(Engine& engine);

/// The stores of `engine` by mount name; live as long as it.
Mounts& mounts(Engine& engine);

/// The stores of the engine that `context` belongs to.
Mounts& mounts(duckdb::ClientContext& context);

/// The connection's context of `session`; lives as long as it. Using it while a RowStream is open ends the stream.
duckdb::ClientContext& context(Session& session);

}  // namespace lagoa
