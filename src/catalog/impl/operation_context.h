// What an operation on a table works with.
#pragma once

#include "catalog/impl/cut_view.h"
#include "engine/engine.h"

namespace lagoa {

/// Borrowed from the lake; an operation's own session sees each table at its newest version.
struct OperationContext {
    std::shared_ptr<LakeTables> tables;
    Engine& engine;

    Result<std::unique_ptr<Session>> connect() const;
    /// The newest version of `table`, writable by us; kNotFound, kUnsupported.
    Result<std::shared_ptr<const delta::Snapshot>> writable(const TableName& table) const;
};

/// TableOperations by the functions of the operations' own files. The context outlives it.
std::unique_ptr<TableOperations> make_table_operations(OperationContext context);

}  // namespace lagoa
