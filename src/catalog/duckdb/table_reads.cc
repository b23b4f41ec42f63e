#include "catalog/duckdb/table_reads.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "duckdb/common/multi_file/multi_file_reader.hpp"
#include "duckdb/common/multi_file/multi_file_states.hpp"
#include "duckdb/optimizer/optimizer_extension.hpp"
#include "duckdb/planner/operator/logical_delete.hpp"
#include "duckdb/planner/operator/logical_get.hpp"
#include "duckdb/planner/operator/logical_insert.hpp"
#include "duckdb/planner/operator/logical_merge_into.hpp"
#include "duckdb/planner/operator/logical_update.hpp"
#include "duckdb/storage/statistics/node_statistics.hpp"

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

// The table that the statement of `plan` writes.
duckdb::optional_ptr<duckdb::TableCatalogEntry> written_table(duckdb::LogicalOperator& plan) {
    switch (plan.type) {
        case duckdb::LogicalOperatorType::LOGICAL_INSERT:
            return plan.Cast<duckdb::LogicalInsert>().table;
        case duckdb::LogicalOperatorType::LOGICAL_DELETE:
            return plan.Cast<duckdb::LogicalDelete>().table;
        case duckdb::LogicalOperatorType::LOGICAL_UPDATE:
            return plan.Cast<duckdb::LogicalUpdate>().table;
        case duckdb::LogicalOperatorType::LOGICAL_MERGE_INTO:
            return plan.Cast<duckdb::LogicalMergeInto>().table;
        default:
            return nullptr;
    }
}

// How many rows a scan may have, not how many at most.
duckdb::unique_ptr<duckdb::NodeStatistics> estimate_rows(duckdb::ClientContext& context,
                                                         const duckdb::FunctionData* data) {
    const auto rows = data->Cast<duckdb::MultiFileBindData>().file_list->GetCardinality(context);
    return rows && rows->has_estimated_cardinality
               ? duckdb::make_uniq<duckdb::NodeStatistics>(rows->estimated_cardinality)
               : nullptr;
}

void keep_scans(duckdb::LogicalOperator& plan, const LakeTable& written) {
    if (plan.type == duckdb::LogicalOperatorType::LOGICAL_GET) {
        auto& get = plan.Cast<duckdb::LogicalGet>();
        if (get.GetTable().get() == &written) {
            get.function.get_partition_stats = nullptr;
            get.function.cardinality = estimate_rows;
        }
    }
    for (auto& child : plan.children) keep_scans(*child, written);
}

void keep_own_scans(duckdb::OptimizerExtensionInput&, duckdb::unique_ptr<duckdb::LogicalOperator>& plan) {
    duckdb::LogicalOperator* statement = plan.get();  // it may be explained
    while (!written_table(*statement) && statement->children.size() == 1) statement = statement->children[0].get();
    if (const auto* written = dynamic_cast<const LakeTable*>(written_table(*statement).get()))
        keep_scans(*statement, *written);
}

}  // namespace

void keep_scans_of_written_tables(duckdb::DatabaseInstance& instance) {
    duckdb::OptimizerExtension extension;
    extension.pre_optimize_function = keep_own_scans;
    duckdb::OptimizerExtension::Register(duckdb::DBConfig::GetConfig(instance), std::move(extension));
}

TableReads::TableReads(const duckdb::PhysicalOperator& plan, const LakeTable& table, bool acts_on_absence)
    : table_(table), acts_on_absence_(acts_on_absence) {
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

delta::ReadSet TableReads::read_set(duckdb::ClientContext& context, std::shared_ptr<const delta::Snapshot> base) const {
    if (has_other_scans_ || target_.size() != 1) return delta::ReadSet::whole_table();
    // shared_ptr: a ReadSet can be copied, filters cannot
    auto scans = std::make_shared<std::vector<ScanFilters>>();
    for (const auto* scan : target_) scans->push_back(filters_of(*scan));
    const auto passes = [&context, scans, metadata = table_.snapshot().metadata](const delta::AddFile& file) {
        return may_match(context, metadata, *scans, file);
    };
    delta::ReadSet reads{.scope = delta::ReadSet::Scope::kFiles, .files = {}, .may_match = passes};
    if (acts_on_absence_)
        reads.was_needed = [passes, base = std::move(base)](const delta::RemoveFile& removed) {
            const auto slot = base->files.find(delta::file_key(removed.path, removed.deletion_vector));
            return !slot || passes(base->files[*slot]);
        };
    return reads;
}

}  // namespace lagoa
