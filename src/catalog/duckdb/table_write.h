// What a transaction does to one table, from staged files to the Delta commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/lake_view.h"
#include "delta/commit.h"
#include "model/table_name.h"

namespace lagoa {

/// An append, a change of the table's columns or properties, or its creation with its first rows. The files are written
/// and durable, but no reader knows of them before commit_write().
struct TableWrite {
    TableName table;
    std::shared_ptr<const delta::Snapshot> base;  ///< Shared with the view's cache; nullptr: there is no log yet.
    delta::Metadata metadata;                     ///< The table's as it will be.
    delta::Protocol protocol;                     ///< That `metadata` needs.
    bool changes_metadata = false;                ///< Whether it is created, replaced or altered.
    bool replaces = false;                        ///< Whether the files of `base` go.
    std::string operation = "WRITE";
    json::Object operation_parameters;
    std::vector<delta::AddFile> files;
};

/// Commits and pins the version made in `view`, so that its session sees it. As delta::commit; an append of no
/// files makes no version. A commit that failed takes the files away, unless its outcome is unknown.
Result<> commit_write(LakeView& view, const TableWrite& write);

/// Removes the files of a write that will not be committed, as far as it can: what is left is harmless.
void discard_write(LakeView& view, const TableWrite& write);

/// The table as the transaction itself sees it before the commit.
std::shared_ptr<const delta::Snapshot> uncommitted_snapshot(const TableWrite& write);

}  // namespace lagoa
