// What a transaction does to one table, from staged files and going rows to the Delta commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/impl/row_changes.h"
#include "catalog/lake_view.h"
#include "delta/commit.h"
#include "model/table_name.h"

namespace duckdb {
class ClientContext;
}

namespace lagoa {

/// Rows that go and come, a change of the table's columns or properties, or its creation with its first rows. The files
/// are written and durable, but no reader knows of them before commit_write().
struct TableWrite {
    TableName table;
    std::shared_ptr<const delta::Snapshot> base;  ///< Shared with the view's cache; nullptr: there is no log yet.
    delta::Metadata metadata;                     ///< The table's as it will be.
    delta::Protocol protocol;                     ///< That `metadata` needs.
    bool changes_metadata = false;                ///< Whether it is created, replaced or altered.
    bool replaces = false;                        ///< Whether the files of `base` go.
    std::vector<delta::DomainMetadata> domains;   ///< Of clustering, where the table is made with it.
    std::string operation = "WRITE";
    json::Object operation_parameters;
    RowChanges rows;
    /// What the statements read of `base` to find these rows; the whole table where it `replaces`.
    delta::ReadSet read_set = delta::ReadSet::nothing();
    std::optional<std::uint64_t> source_rows;  ///< Of a MERGE, if they were counted.
};

/// Settles the rows in a session of its own, which is interrupted when the statement of `context` is, commits, and pins
/// the version made in `view`, so that its session sees it. As settle_rows and delta::commit; no rows and no change of
/// the table make no version. A commit that failed takes the files away, unless its outcome is unknown.
Result<> commit_write(duckdb::ClientContext& context, LakeView& view, const TableWrite& write);

/// Removes the files of a write that will not be committed, as far as it can: what is left is harmless.
void discard_write(LakeView& view, const TableWrite& write);

/// The table as the transaction itself sees it before the commit. Errors as read_deletion_vector.
Result<std::shared_ptr<const delta::Snapshot>> uncommitted_snapshot(LakeView& view, const TableWrite& write);

}  // namespace lagoa
