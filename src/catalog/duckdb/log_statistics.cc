#include "catalog/duckdb/log_statistics.h"

#include "catalog/duckdb/column_bounds.h"

namespace lagoa {
namespace {

using duckdb::LogicalTypeId;

// Whose bounds are exact in every writer's statistics.
bool is_exact(const duckdb::LogicalType& type) {
    switch (type.id()) {
        case LogicalTypeId::TINYINT:
        case LogicalTypeId::SMALLINT:
        case LogicalTypeId::INTEGER:
        case LogicalTypeId::BIGINT:
        case LogicalTypeId::DATE:
            return true;
        default:
            return false;
    }
}

class LoggedFile final : public duckdb::PartitionRowGroup {
public:
    LoggedFile(std::shared_ptr<const delta::Snapshot> snapshot, delta::Slot slot)
        : snapshot_(std::move(snapshot)), slot_(slot) {}

    duckdb::unique_ptr<duckdb::BaseStatistics> GetColumnStatistics(const duckdb::StorageIndex& column) override {
        const auto& bounds = bounds_of(column);
        if (!bounds || !is_exact(bounds->compared_as)) return nullptr;
        auto stats = duckdb::NumericStats::CreateUnknown(bounds->compared_as);
        if (bounds->minimum) duckdb::NumericStats::SetMin(stats, *bounds->minimum);
        if (bounds->maximum) duckdb::NumericStats::SetMax(stats, *bounds->maximum);
        if (!bounds->may_have_null) stats.Set(duckdb::StatsInfo::CANNOT_HAVE_NULL_VALUES);
        return stats.ToUnique();
    }

    bool MinMaxIsExact(const duckdb::BaseStatistics&, const duckdb::StorageIndex& column) override {
        const auto& bounds = bounds_of(column);
        return bounds && bounds->tight;
    }

private:
    // The optimiser asks for bounds and then whether they are exact: a file's statistics are parsed once for both.
    const std::optional<ColumnBounds>& bounds_of(const duckdb::StorageIndex& column) {
        const auto& fields = snapshot_->metadata.schema.fields;
        const bool is_column = !column.HasChildren() && column.GetPrimaryIndex() < fields.size();
        const duckdb::idx_t index = is_column ? column.GetPrimaryIndex() : duckdb::DConstants::INVALID_INDEX;
        if (last_asked_ == index) return last_bounds_;
        last_asked_ = index;
        last_bounds_.reset();
        if (is_column) last_bounds_ = FileBounds(snapshot_->files[slot_]).of(LoggedColumn(fields[index]));
        return last_bounds_;
    }

    const std::shared_ptr<const delta::Snapshot> snapshot_;  // shared with the scan
    const delta::Slot slot_;
    duckdb::idx_t last_asked_ = duckdb::DConstants::INVALID_INDEX;
    std::optional<ColumnBounds> last_bounds_;
};

}  // namespace

duckdb::vector<duckdb::PartitionStatistics> log_statistics(const DeltaFiles& files) {
    duckdb::vector<duckdb::PartitionStatistics> result;
    for (duckdb::idx_t i = 0; i < files.GetTotalFileCount(); ++i) {
        const auto rows = files.rows(i);
        if (!rows) return {};
        duckdb::PartitionStatistics partition;
        partition.count = *rows;
        partition.count_type = duckdb::CountType::COUNT_EXACT;
        partition.partition_row_group = duckdb::make_shared_ptr<LoggedFile>(files.source().snapshot, files.slot(i));
        result.push_back(std::move(partition));
    }
    return result;
}

}  // namespace lagoa
