// Delta checkpoints through DuckDB's Parquet reader and writer.
#pragma once

#include <memory>

#include "delta/parquet_io.h"
#include "engine/engine.h"

namespace lagoa {

/// Uses connections of `engine`, which must outlive it.
std::unique_ptr<delta::ParquetIo> make_parquet_io(Engine& engine);

}  // namespace lagoa
