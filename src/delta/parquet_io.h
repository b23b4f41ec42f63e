// How delta reads and writes Parquet without knowing an engine: checkpoints only. Data files are
// written by catalog.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "delta/actions.h"
#include "store/object_store.h"

namespace lagoa::delta {

/// Thread-safe.
class ParquetIo {
public:
    virtual ~ParquetIo() = default;

    /// Reads the checkpoint or sidecar `key` of `store`, one action a row, in the file's order. An add whose statistics
    /// or partition values are there as structs only gets them as the log has them. kCorruption if it is not Parquet.
    virtual Result<> read_actions(ObjectStore& store, std::string_view key,
                                  const std::function<Result<>(Action action)>& each) = 0;

    /// Writes `actions` (the log's own form, one JSON text each; also `checkpointMetadata` and `sidecar`) as a
    /// checkpoint or sidecar of the protocol's schema, durable on return. Returns the file's size in bytes.
    virtual Result<std::uint64_t> write_actions(ObjectStore& store, std::string_view key,
                                                const std::vector<std::string>& actions) = 0;
};

}  // namespace lagoa::delta
