// What the plan of a statement reads of the table that it writes, so that its commit knows what another writer may
// not have added or removed meanwhile.
#pragma once

#include <vector>

#include "duckdb.hpp"
#include "duckdb/execution/operator/scan/physical_table_scan.hpp"

#include "catalog/duckdb/lake_table.h"
#include "delta/commit.h"

namespace lagoa {

/// Refers to the plan, and is asked while that lives.
class TableReads {
public:
    TableReads(const duckdb::PhysicalOperator& plan, const LakeTable& table);

    bool any() const { return has_other_scans_ || !target_.empty(); }

    /// After the plan has run. A scan that finds the rows to change has read the files that its filters let through,
    /// those too that joins pushed while it ran: a file added meanwhile matters if they would let it through. Another
    /// scan of the same table has read it whole.
    delta::ReadSet read_set(duckdb::ClientContext& context) const;

private:
    void find_scans(const duckdb::PhysicalOperator& plan);

    const LakeTable& table_;
    std::vector<const duckdb::PhysicalTableScan*> target_;  // that ask for rows' places
    bool has_other_scans_ = false;
};

}  // namespace lagoa
