// How delta reads and writes Parquet without knowing an engine: checkpoints only. Data files are
// written by catalog.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "store/object_store.h"

namespace lagoa::delta {

/// Thread-safe.
class ParquetIo {
public:
    virtual ~ParquetIo() = default;

    /// Reads the checkpoint `key` of `store`: one JSON object per row in the log's own form
    /// (`{"add":{…}}`), null members left out, maps as objects, the `stats_parsed` and
    /// `partitionValues_parsed` structs as they are. kCorruption if it is not Parquet.
    virtual Result<> read_actions(ObjectStore& store, std::string_view key,
                                  const std::function<Result<>(std::string_view action_json)>& each) = 0;

    /// Writes `actions` (the log's own form, one JSON text each) as a checkpoint of the protocol's
    /// schema, durable on return. Returns the file's size in bytes.
    virtual Result<std::uint64_t> write_actions(ObjectStore& store, std::string_view key,
                                                const std::vector<std::string>& actions) = 0;
};

}  // namespace lagoa::delta
