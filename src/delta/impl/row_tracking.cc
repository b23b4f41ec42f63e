#include "delta/impl/row_tracking.h"

#include <array>

#include "base/id.h"
#include "delta/stats.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kMark = "rowIdHighWaterMark";

struct Column {
    std::string_view property;
    std::string_view prefix;
};
constexpr std::array kColumns = {
    Column{kRowIdColumnProperty, "_row-id-col-"},
    Column{kRowCommitVersionColumnProperty, "_row-commit-version-col-"},
};

}  // namespace

Result<std::int64_t> row_id_high_water_mark(const DomainMetadata& domain) {
    const auto value = json::parse(domain.configuration);
    const auto mark = value ? value->int64_at(kMark) : std::nullopt;
    if (!mark) return fail(ErrorCode::kCorruption, "domain {} has no {}", kRowTrackingDomain, kMark);
    return *mark;
}

DomainMetadata row_tracking_domain(std::int64_t high_water_mark) {
    return {.domain = std::string(kRowTrackingDomain),
            .configuration = json::dump(json::make_object({{std::string(kMark), high_water_mark}})),
            .removed = false};
}

Result<std::int64_t> assign_row_ids(std::vector<AddFile>& adds, const std::vector<std::size_t>& places,
                                    std::int64_t high_water_mark, Version version) {
    for (const std::size_t place : places) {
        AddFile& add = adds[place];
        const auto stats = LAGOA_TRY(FileStats::parse(add.stats), "{}", add.path);
        const auto rows = stats.row_count();
        if (!rows || *rows < 0)
            return fail(ErrorCode::kInvalidArgument,
                        "{} needs row ids (feature rowTracking), but its statistics lack numRecords", add.path);
        add.base_row_id = high_water_mark + 1;
        add.default_row_commit_version = version;
        high_water_mark += *rows;
    }
    return high_water_mark;
}

void name_row_tracking_columns(Metadata& metadata, const Metadata* before) {
    if (!is_enabled(metadata, kRowTrackingProperty)) return;
    for (const auto& [property, prefix] : kColumns) {
        const std::string name(property);
        if (metadata.configuration.contains(name)) continue;
        const auto known = before == nullptr ? metadata.configuration.end() : before->configuration.find(name);
        const bool is_known = before != nullptr && known != before->configuration.end();
        metadata.configuration[name] = is_known ? known->second : std::string(prefix) + new_uuid();
    }
}

}  // namespace lagoa::delta
