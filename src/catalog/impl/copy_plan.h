// Which files are written again together when rows go out of them.
//
// A file with much left stays a file of its own, so that its statistics stay as narrow as its rows lie; small ones are
// put together in the order of the log, a partition's apart, so that a table whose rows go one by one does not end in
// crumbs. A small file that comes with the same commit goes to what is copied of its partition.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "delta/actions.h"

namespace lagoa {

/// From here on a file is written again alone.
inline constexpr std::uint64_t kOwnFileBytes = std::uint64_t{8} << 20;
/// What small files are put together to.
inline constexpr std::uint64_t kBinBytes = std::uint64_t{32} << 20;

struct CopiedFile {
    delta::AddFile file;           ///< With the deletion vector by which only rows that stay are read.
    std::uint64_t stay_bytes = 0;  ///< About what stays of it.
};

/// Files written again by one statement. Those of one partition make one file.
struct CopyBatch {
    std::vector<delta::AddFile> files;
    std::optional<delta::PartitionValues> partition;  ///< nullopt: of several, or the table has none.
};

/// `files` in the order of the log, and those of `coming` that fit to one of them; the others are in no batch. Small
/// bins of several partitions share a batch, at most 64 of them and about kBinBytes: a statement each would cost more
/// than their rows.
std::vector<CopyBatch> plan_copies(const delta::Metadata& metadata, std::vector<CopiedFile> files,
                                   std::vector<CopiedFile> coming);

}  // namespace lagoa
