#include "catalog/impl/optimize_plan.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "catalog/impl/file_statistics.h"
#include "catalog/impl/staged_file.h"
#include "delta/stats.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

constexpr double kManyDeleted = 0.05;  // of a file's rows: it is written again whatever its size

bool has_lost_many(const delta::AddFile& file) {
    if (!file.deletion_vector) return false;
    const auto rows = delta::parse_row_count(file.stats);
    if (!rows) return true;  // the file written in its place has statistics
    return static_cast<double>(file.deletion_vector->cardinality) > kManyDeleted * static_cast<double>(*rows);
}

// Whether files of `bin` that are to be compacted become fewer, or lose deleted rows.
bool gains(const OptimizeBin& bin, std::uint64_t target_bytes) {
    std::uint64_t bytes = 0;
    for (const delta::AddFile* file : bin.files) {
        if (file->deletion_vector) return true;
        bytes += static_cast<std::uint64_t>(file->size_bytes);
    }
    return bytes / target_bytes + (bytes % target_bytes == 0 ? 0 : 1) < bin.files.size();
}

// `a.b`, or a column whose name has the dot.
Result<delta::NamePath> find_column(const delta::Metadata& metadata, const std::string& name) {
    delta::NamePath path = {name};
    if (delta::find_field(metadata.schema, path) == nullptr) {
        path.clear();
        for (const std::string_view part : split(name, '.')) path.emplace_back(part);
    }
    if (delta::find_field(metadata.schema, path) == nullptr)
        return fail(ErrorCode::kInvalidArgument, "there is no column {} to order rows by", name);
    const auto same = [&](const delta::NamePath& column) {
        return std::ranges::equal(column, path,
                                  [](const auto& a, const auto& b) { return to_lower(a) == to_lower(b); });
    };
    for (const std::string& column : metadata.partition_columns)
        if (same({column}))
            return fail(ErrorCode::kInvalidArgument, "{} is a partition column: its rows are together already", name);
    const auto ordered = columns_with_bounds(metadata);
    const auto found = std::ranges::find_if(ordered, same);
    if (found == ordered.end())
        return fail_with_hint(ErrorCode::kInvalidArgument,
                              "Name it in delta.dataSkippingStatsColumns, if its type can have bounds.",
                              "files have no statistics of column {}: their order would skip nothing", name);
    return *found;
}

}  // namespace

Result<OptimizeLayout> plan_layout(const delta::Snapshot& snapshot, const OptimizeRequest& request) {
    const delta::Metadata& metadata = snapshot.metadata;
    const bool is_clustered = delta::has_feature(snapshot.protocol, "clustering");
    const auto clustered_by = LAGOA_TRY(delta::clustering_columns(snapshot));
    OptimizeLayout layout{
        .target_bytes = request.target_bytes.value_or(delta::target_file_size(metadata).value_or(kTargetFileBytes)),
        .full = request.full};
    if (layout.target_bytes == 0) return fail(ErrorCode::kInvalidArgument, "files of 0 bytes are asked for");
    if (request.full && (clustered_by.empty() || request.purge))
        return fail(ErrorCode::kInvalidArgument, "FULL is for tables that are clustered by columns");
    if (request.purge) {
        if (!request.z_order.empty())
            return fail(ErrorCode::kInvalidArgument, "rows are purged or put in an order, not both");
        layout.mode = OptimizeMode::kPurge;
        return layout;
    }
    if (is_clustered && !request.z_order.empty())
        return fail_with_hint(ErrorCode::kInvalidArgument, "Write OPTIMIZE alone: the table says its order.",
                              "the table is clustered: it has no other order");
    if (is_clustered && !trim(request.where).empty())
        return fail(ErrorCode::kInvalidArgument, "a clustered table has no partitions for a condition to choose");
    if (!clustered_by.empty() && is_clustered) {
        layout.mode = OptimizeMode::kCluster;
        layout.columns = clustered_by;
    } else if (!request.z_order.empty()) {
        layout.mode = OptimizeMode::kZOrder;
        for (const std::string& name : request.z_order)
            layout.columns.push_back(LAGOA_TRY(find_column(metadata, name)));
        for (std::size_t i = 0; i < layout.columns.size(); ++i)
            if (std::ranges::count(layout.columns, layout.columns[i]) > 1)
                return fail(ErrorCode::kInvalidArgument, "column {} is there twice", request.z_order[i]);
    }
    return layout;
}

std::vector<OptimizeBin> plan_bins(const delta::Metadata& metadata, const OptimizeLayout& layout,
                                   delta::FileRefs files) {
    std::vector<OptimizeBin> bins;
    if (layout.mode == OptimizeMode::kCluster) {  // the table has no partitions
        for (auto& bin : delta::clustering_bins(std::move(files), layout.columns, layout.full))
            bins.push_back({.partition = {}, .files = std::move(bin), .tags = {}, .clustering_provider = {}});
        return bins;
    }
    const bool keeps_tags = layout.mode == OptimizeMode::kPurge;  // a ZCube's rows stay the ZCube's
    std::map<std::tuple<delta::PartitionValues, std::map<std::string, std::string>, std::string>, OptimizeBin> sorted;
    for (const delta::AddFile* file : files) {
        const bool is_small = static_cast<std::uint64_t>(file->size_bytes) < layout.target_bytes;
        if (layout.mode == OptimizeMode::kCompact && !is_small && !has_lost_many(*file)) continue;
        const auto tags = keeps_tags ? file->tags : decltype(file->tags){};
        const std::string provider = keeps_tags ? file->clustering_provider : "";
        OptimizeBin& bin = sorted[{same_spelling(metadata, file->partition_values), tags, provider}];
        if (bin.files.empty()) bin = {file->partition_values, {}, tags, provider};
        bin.files.push_back(file);
    }
    for (auto& [key, bin] : sorted)
        if (layout.mode != OptimizeMode::kCompact || gains(bin, layout.target_bytes)) bins.push_back(std::move(bin));
    return bins;
}

bool has_deleted_rows(const delta::AddFile& file) {
    return file.deletion_vector && (file.deletion_vector->cardinality > 0 || !delta::parse_row_count(file.stats));
}

}  // namespace lagoa
