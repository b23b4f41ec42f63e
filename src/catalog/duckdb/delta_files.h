// The files of a scan: those of a snapshot that no pushed filter has ruled out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/common/multi_file/multi_file_list.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/file_pruning.h"

namespace lagoa {

/// Immutable, hence thread-safe.
class DeltaFiles final : public duckdb::MultiFileList {
public:
    /// Every file of the snapshot.
    explicit DeltaFiles(ScanSource source);

    const ScanSource& source() const { return source_; }
    /// Where the `i`-th file of this list stands in Snapshot::files.
    delta::Slot slot(duckdb::idx_t i) const { return kept_[i]; }
    /// Where `file`, which a list of ours gave to a reader, stands in Snapshot::files.
    static delta::Slot slot_of(const duckdb::OpenFileInfo& file);
    /// Live rows of the `i`-th file; nullopt without statistics.
    std::optional<std::uint64_t> rows(duckdb::idx_t i) const;

    duckdb::unique_ptr<duckdb::MultiFileList> ComplexFilterPushdown(
        duckdb::ClientContext& context, const duckdb::MultiFileOptions& options, duckdb::MultiFilePushdownInfo& info,
        duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const override;
    duckdb::unique_ptr<duckdb::MultiFileList> DynamicFilterPushdown(duckdb::ClientContext& context,
                                                                    const duckdb::MultiFileOptions& options,
                                                                    const duckdb::vector<duckdb::string>& names,
                                                                    const duckdb::vector<duckdb::LogicalType>& types,
                                                                    const duckdb::vector<duckdb::column_t>& column_ids,
                                                                    duckdb::TableFilterSet& filters) const override;

    duckdb::vector<duckdb::OpenFileInfo> GetAllFiles() const override;
    duckdb::FileExpandResult GetExpandResult() const override;
    duckdb::idx_t GetTotalFileCount() const override { return kept_.size(); }
    duckdb::unique_ptr<duckdb::NodeStatistics> GetCardinality(duckdb::ClientContext& context) const override;
    duckdb::unique_ptr<duckdb::MultiFileList> Copy() const override;

protected:
    duckdb::OpenFileInfo GetFile(duckdb::idx_t i) const override;

private:
    DeltaFiles(ScanSource source, std::vector<delta::Slot> kept);
    duckdb::unique_ptr<duckdb::MultiFileList> pruned(duckdb::ClientContext& context,
                                                     const std::vector<PushedFilter>& filters) const;

    ScanSource source_;
    std::vector<delta::Slot> kept_;  // ascending slots of Snapshot::files
};

}  // namespace lagoa
