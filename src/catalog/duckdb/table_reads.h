// What the plan of a statement reads of the table that it writes, so that its commit knows what another writer may
// not have added or removed meanwhile.
#pragma once

#include <memory>
#include <vector>

#include "duckdb.hpp"
#include "duckdb/execution/operator/scan/physical_table_scan.hpp"

#include "catalog/duckdb/lake_table.h"
#include "delta/commit.h"

namespace lagoa {

/// Makes plans keep the scans of a table that they write. Where the log says that a scan has no rows, or how many, the
/// optimiser puts that in its place, and nobody would know any more what was read.
void keep_scans_of_written_tables(duckdb::DatabaseInstance& instance);

/// Refers to the plan, and is asked while that lives.
class TableReads {
public:
    /// `acts_on_absence`: the statement does something for rows that it does not find, as MERGE that inserts.
    TableReads(const duckdb::PhysicalOperator& plan, const LakeTable& table, bool acts_on_absence = false);

    bool any() const { return has_other_scans_ || !target_.empty(); }

    /// After the plan has run. A scan that finds the rows to change has read the files that its filters let through,
    /// those too that joins pushed while it ran: a file added meanwhile matters if they would let it through, and one
    /// of `base` removed meanwhile if they did and the statement acts on absence. Another scan of the same table has
    /// read it whole.
    delta::ReadSet read_set(duckdb::ClientContext& context, std::shared_ptr<const delta::Snapshot> base) const;

private:
    void find_scans(const duckdb::PhysicalOperator& plan);

    const LakeTable& table_;
    std::vector<const duckdb::PhysicalTableScan*> target_;  // that ask for rows' places
    const bool acts_on_absence_;
    bool has_other_scans_ = false;
};

}  // namespace lagoa
