#include "catalog/duckdb/delta_files.h"

#include <algorithm>

#include "duckdb/common/multi_file/multi_file_options.hpp"
#include "duckdb/optimizer/filter_combiner.hpp"
#include "duckdb/storage/statistics/node_statistics.hpp"

#include "catalog/duckdb/column_bounds.h"

namespace lagoa {
namespace {

constexpr std::size_t kFilesSampled = 64;  // whose statistics are read for an estimate
constexpr const char* kSlot = "lagoa_slot";

}  // namespace

DeltaFiles::DeltaFiles(ScanSource source) : source_(std::move(source)) {
    const delta::FileList& files = source_.snapshot->files;
    kept_.reserve(files.size());
    for (auto file = files.begin(); file != files.end(); ++file) kept_.push_back(file.slot());
}

DeltaFiles::DeltaFiles(ScanSource source, std::vector<delta::Slot> kept)
    : source_(std::move(source)), kept_(std::move(kept)) {}

std::optional<std::uint64_t> DeltaFiles::rows(duckdb::idx_t i) const {
    if (const auto only = source_.only_rows(kept_[i])) return only->size();
    return delta::live_row_count(source_.snapshot->files[kept_[i]]);
}

duckdb::unique_ptr<duckdb::MultiFileList> DeltaFiles::pruned(duckdb::ClientContext& context,
                                                             const std::vector<PushedFilter>& filters) const {
    auto kept = prune_files(context, *source_.snapshot, kept_, filters);
    if (kept.size() == kept_.size()) return nullptr;
    return duckdb::unique_ptr<duckdb::MultiFileList>(new DeltaFiles(source_, std::move(kept)));
}

duckdb::unique_ptr<duckdb::MultiFileList> DeltaFiles::ComplexFilterPushdown(
    duckdb::ClientContext& context, const duckdb::MultiFileOptions&, duckdb::MultiFilePushdownInfo& info,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const {
    if (kept_.empty() || filters.empty()) return nullptr;
    duckdb::FilterCombiner combiner(context);
    for (const auto& filter : filters) {
        if (!filter->HasParameter()) combiner.AddFilter(filter->Copy());
    }
    duckdb::vector<duckdb::FilterPushdownResult> unused;
    const duckdb::TableFilterSet set = combiner.GenerateTableScanFilters(info.column_indexes, unused);
    std::vector<PushedFilter> pushed;
    for (const auto& [column, filter] : set.filters) pushed.push_back({column, filter.get()});
    return pruned(context, pushed);
}

duckdb::unique_ptr<duckdb::MultiFileList> DeltaFiles::DynamicFilterPushdown(
    duckdb::ClientContext& context, const duckdb::MultiFileOptions&, const duckdb::vector<duckdb::string>&,
    const duckdb::vector<duckdb::LogicalType>&, const duckdb::vector<duckdb::column_t>& column_ids,
    duckdb::TableFilterSet& filters) const {
    std::vector<PushedFilter> pushed;  // a running scan's filters are by place among its columns
    for (const auto& [place, filter] : filters.filters) pushed.push_back({column_ids[place], filter.get()});
    return pruned(context, pushed);
}

duckdb::vector<duckdb::OpenFileInfo> DeltaFiles::GetAllFiles() const {
    duckdb::vector<duckdb::OpenFileInfo> files;
    files.reserve(kept_.size());
    for (duckdb::idx_t i = 0; i < kept_.size(); ++i) files.push_back(GetFile(i));
    return files;
}

duckdb::FileExpandResult DeltaFiles::GetExpandResult() const {
    if (kept_.empty()) return duckdb::FileExpandResult::NO_FILES;
    return kept_.size() == 1 ? duckdb::FileExpandResult::SINGLE_FILE : duckdb::FileExpandResult::MULTIPLE_FILES;
}

duckdb::unique_ptr<duckdb::NodeStatistics> DeltaFiles::GetCardinality(duckdb::ClientContext&) const {
    std::uint64_t rows_sampled = 0;
    std::int64_t bytes_sampled = 0;
    for (duckdb::idx_t i = 0; i < std::min<std::size_t>(kept_.size(), kFilesSampled); ++i) {
        rows_sampled += rows(i).value_or(0);
        bytes_sampled += source_.snapshot->files[kept_[i]].size_bytes;
    }
    std::int64_t bytes = 0;
    for (const delta::Slot slot : kept_) bytes += source_.snapshot->files[slot].size_bytes;
    const double share = bytes_sampled > 0 ? static_cast<double>(bytes) / static_cast<double>(bytes_sampled) : 1.0;
    // Never "unknown": the scan would then ask a Parquet file that it has not opened.
    return duckdb::make_uniq<duckdb::NodeStatistics>(
        static_cast<duckdb::idx_t>(static_cast<double>(rows_sampled) * share));
}

delta::Slot DeltaFiles::slot_of(const duckdb::OpenFileInfo& file) {
    return file.extended_info->options.at(kSlot).GetValue<std::uint64_t>();
}

duckdb::unique_ptr<duckdb::MultiFileList> DeltaFiles::Copy() const {
    return duckdb::unique_ptr<duckdb::MultiFileList>(new DeltaFiles(source_, kept_));
}

duckdb::OpenFileInfo DeltaFiles::GetFile(duckdb::idx_t i) const {
    if (i >= kept_.size()) return {""};
    const delta::AddFile& file = source_.snapshot->files[kept_[i]];
    duckdb::OpenFileInfo info(data_file_path(source_, file.path));
    info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
    info.extended_info->options[kSlot] = duckdb::Value::UBIGINT(kept_[i]);
    // Data files never change under their name: cached blocks stay valid, and no request asks for the size.
    info.extended_info->options["validate_external_file_cache"] = duckdb::Value::BOOLEAN(false);
    info.extended_info->options["file_size"] = duckdb::Value::UBIGINT(static_cast<std::uint64_t>(file.size_bytes));
    return info;
}

}  // namespace lagoa
