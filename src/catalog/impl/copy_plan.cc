#include "catalog/impl/copy_plan.h"

#include <map>
#include <utility>

#include "catalog/impl/file_statistics.h"

namespace lagoa {
namespace {

constexpr std::size_t kPartitionsAtOnce = 64;  // below the 100 files that DuckDB's writer keeps open

struct Bin {
    std::vector<delta::AddFile> files;
    std::uint64_t bytes = 0;
};

// Closed bins go to `done`; what is left is the last of each partition.
using OpenBins = std::map<delta::PartitionValues, Bin>;

CopyBatch alone(const delta::Metadata& metadata, Bin bin) {
    CopyBatch batch{.files = std::move(bin.files), .partition = {}};
    if (!metadata.partition_columns.empty()) batch.partition = batch.files.front().partition_values;
    return batch;
}

// The small last bins of partitions, several to a batch.
void share_batches(const delta::Metadata& metadata, OpenBins open, std::vector<CopyBatch>& batches) {
    std::vector<Bin> shared;
    std::uint64_t bytes = 0;
    const auto close = [&] {
        if (shared.size() == 1) {
            batches.push_back(alone(metadata, std::move(shared.front())));
        } else if (!shared.empty()) {
            CopyBatch batch;
            for (Bin& bin : shared)
                batch.files.insert(batch.files.end(), std::make_move_iterator(bin.files.begin()),
                                   std::make_move_iterator(bin.files.end()));
            batches.push_back(std::move(batch));
        }
        shared.clear();
        bytes = 0;
    };
    for (auto& [partition, bin] : open) {
        if (shared.size() == kPartitionsAtOnce || bytes + bin.bytes > kBinBytes) close();
        bytes += bin.bytes;
        shared.push_back(std::move(bin));
    }
    close();
}

}  // namespace

std::vector<CopyBatch> plan_copies(const delta::Metadata& metadata, std::vector<CopiedFile> files,
                                   std::vector<CopiedFile> coming) {
    std::vector<CopyBatch> batches;
    OpenBins open;
    for (CopiedFile& copied : files) {
        auto partition = same_spelling(metadata, copied.file.partition_values);
        if (copied.stay_bytes >= kOwnFileBytes) {
            batches.push_back(alone(metadata, {.files = {std::move(copied.file)}, .bytes = copied.stay_bytes}));
            continue;
        }
        Bin& bin = open[std::move(partition)];
        if (bin.bytes + copied.stay_bytes > kBinBytes) batches.push_back(alone(metadata, std::exchange(bin, {})));
        bin.bytes += copied.stay_bytes;
        bin.files.push_back(std::move(copied.file));
    }
    for (CopiedFile& come : coming) {
        const auto bin = open.find(same_spelling(metadata, come.file.partition_values));
        if (bin == open.end() || come.stay_bytes >= kOwnFileBytes) continue;
        if (bin->second.bytes + come.stay_bytes > kBinBytes) continue;
        bin->second.bytes += come.stay_bytes;
        bin->second.files.push_back(std::move(come.file));
    }
    share_batches(metadata, std::move(open), batches);
    return batches;
}

}  // namespace lagoa
