#include "catalog/duckdb/table_reads.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "duckdb/common/multi_file/multi_file_reader.hpp"

#include "catalog/duckdb/file_pruning.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using duckdb::MultiFileReader;

// The filters of one scan, kept beyond its plan.
struct ScanFilters {
    std::vector<std::pair<duckdb::column_t, duckdb::unique_ptr<duckdb::TableFilter>>> by_column;
};

ScanFilters filters_of(const duckdb::PhysicalTableScan& scan) {
    ScanFilters filters;
    const auto add = [&](const duckdb::TableFilterSet& set) {
        for (const auto& [place, filter] : set.filters)
            filters.by_column.emplace_back(scan.column_ids[place].GetPrimaryIndex(), filter->Copy());
    };
    if (scan.dynamic_filters && scan.dynamic_filters->HasFilters()) {
        if (const auto all = scan.dynamic_filters->GetFinalTableFilters(scan, scan.table_filters.get())) add(*all);
    } else if (scan.table_filters) {
        add(*scan.table_filters);
    }
    // A slot or a place is of the version that was scanned, and says nothing of another file.
    std::erase_if(filters.by_column, [](const auto& filter) { return duckdb::IsVirtualColumn(filter.first); });
    return filters;
}

bool asks_for_places(const duckdb::PhysicalTableScan& scan) {
    return std::ranges::any_of(scan.column_ids, [](const duckdb::ColumnIndex& column) {
        return column.GetPrimaryIndex() == MultiFileReader::COLUMN_IDENTIFIER_FILE_ROW_NUMBER;
    });
}

// Whether the rows of `added` might pass the filters of one of `scans`.
bool may_match(duckdb::ClientContext& context, const delta::Metadata& metadata, const std::vector<ScanFilters>& scans,
               const delta::AddFile& added) {
    delta::Snapshot only;
    only.metadata = metadata;
    only.files = delta::FileList({added});
    return std::ranges::any_of(scans, [&](const ScanFilters& scan) {
        std::vector<PushedFilter> pushed;
        for (const auto& [column, filter] : scan.by_column) pushed.push_back({column, filter.get()});
        const auto kept = guarded([&]() -> Result<std::vector<delta::Slot>> {
            return prune_files(context, only, {only.files.begin().slot()}, pushed);
        });
        return !kept || !kept->empty();
    });
}

}  // namespace

TableReads::TableReads(const duckdb::PhysicalOperator& plan, const LakeTable& table) : table_(table) {
    find_scans(plan);
}

void TableReads::find_scans(const duckdb::PhysicalOperator& plan) {
    if (plan.type == duckdb::PhysicalOperatorType::TABLE_SCAN) {
        const auto& scan = plan.Cast<duckdb::PhysicalTableScan>();
        if (scan.function.get_bind_info && scan.function.get_bind_info(scan.bind_data.get()).table.get() == &table_) {
            if (asks_for_places(scan))
                target_.push_back(&scan);
            else
                has_other_scans_ = true;
        }
    }
    for (const auto& child : plan.GetChildren()) find_scans(child.get());
}

delta::ReadSet TableReads::read_set(duckdb::ClientContext& context) const {
    if (has_other_scans_ || target_.size() > 1) return delta::ReadSet::whole_table();
    // shared_ptr: a ReadSet can be copied, filters cannot
    auto scans = std::make_shared<std::vector<ScanFilters>>();
    for (const auto* scan : target_) scans->push_back(filters_of(*scan));
    return {.scope = delta::ReadSet::Scope::kFiles,
            .files = {},
            .may_match = [&context, scans, metadata = table_.snapshot().metadata](const delta::AddFile& added) {
                return may_match(context, metadata, *scans, added);
            }};
}

}  // namespace lagoa
