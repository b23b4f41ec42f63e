// The checksum file of a version, `_delta_log/<20-digit version>.crc`: what a reader should have found.
//
// Every commit leaves one, as far as it can. It lets a reader prove that it replayed the log right, and lets an engine
// know protocol and schema without replaying it.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Version Checksum File)
#pragma once

#include "delta/snapshot.h"

namespace lagoa::delta {

/// Compares `snapshot` with its version's checksum file, whoever wrote that. kNotFound: there is none. kCorruption: the
/// message names what differs.
Result<> verify_checksum(const TableLocation& table, const Snapshot& snapshot);

}  // namespace lagoa::delta
