// Checkpoints of the lake log: for each hundred entries one object that says when and by whom they were made.
//
// The log is complete without them. A checkpoint's name alone tells version and time of its last entry, so that one
// listing narrows the search for a time to a hundred entries, and finds the newest entry when the hint is lost. A
// checkpoint is written once and never changes; who uses one checks its answer against entries.
//
// Format: docs/formats/lake-log.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/lake_log.h"

namespace lagoa {

inline constexpr std::uint64_t kLakeCheckpointInterval = 100;

/// What a checkpoint's name says.
struct LakeCheckpointName {
    std::uint64_t version = 0;
    Instant time;
};

struct LakeCheckpoint {
    std::vector<LakeMark>
        marks;       ///< Of kLakeCheckpointInterval entries, oldest first; the last one names the checkpoint.
    std::string id;  ///< Of the last entry.
};

/// Oldest first; other objects are skipped.
Result<std::vector<LakeCheckpointName>> list_lake_checkpoints(ObjectStore& store);

/// Writes the checkpoint of the entries up to `version`, a multiple of the interval. Done if it is there.
Result<> write_lake_checkpoint(ObjectStore& store, std::uint64_t version);

/// kCorruption for a damaged one, kUnsupported for a newer format.
Result<LakeCheckpoint> read_lake_checkpoint(ObjectStore& store, const LakeCheckpointName& name);

}  // namespace lagoa
