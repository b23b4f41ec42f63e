#include "catalog/impl/clustering_columns.h"

#include <algorithm>

#include "base/text.h"
#include "catalog/impl/file_statistics.h"
#include "delta/clustering.h"

namespace lagoa {
namespace {

constexpr std::size_t kMaxColumns = 4;  // Delta's

Result<delta::NamePath> column_path(const delta::Metadata& metadata, const std::string& name) {
    delta::NamePath path{name};
    if (delta::find_field(metadata.schema, path) == nullptr) {
        path.clear();
        for (const std::string_view part : split(name, '.')) path.emplace_back(part);
    }
    if (delta::find_field(metadata.schema, path) == nullptr)
        return fail(ErrorCode::kNotFound, "there is no column {} to cluster by", name);
    const auto with_bounds = columns_with_bounds(metadata);
    const bool has_bounds = std::ranges::any_of(with_bounds, [&](const delta::NamePath& column) {
        return std::ranges::equal(column, path,
                                  [](const auto& a, const auto& b) { return to_lower(a) == to_lower(b); });
    });
    if (has_bounds) return path;
    return fail_with_hint(ErrorCode::kInvalidArgument,
                          "Name it in the property delta.dataSkippingStatsColumns, or choose another column.",
                          "files have no statistics of column {}: clustering by it would skip nothing", name);
}

}  // namespace

Result<delta::DomainMetadata> clustering_of(const delta::Metadata& metadata, const std::vector<std::string>& columns) {
    if (!metadata.partition_columns.empty() && !columns.empty())
        return fail(ErrorCode::kInvalidArgument, "a partitioned table cannot be clustered");
    if (columns.size() > kMaxColumns)
        return fail(ErrorCode::kInvalidArgument, "clustering by {} columns; the most are {}", columns.size(),
                    kMaxColumns);
    std::vector<delta::NamePath> paths;
    for (const std::string& column : columns) {
        delta::NamePath path = LAGOA_TRY(column_path(metadata, column));
        paths.push_back(std::move(path));
    }
    return delta::clustering_domain(metadata, paths);
}

}  // namespace lagoa
