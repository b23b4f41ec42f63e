// One transaction of one connection on the lake: what its statements have looked up, and the one table
// they write.
//
// A statement on its own (autocommit) commits when its last row is staged, so that its errors are its own. In
// a BEGIN block files are staged, visible to the block's later statements, and committed together by COMMIT.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "duckdb.hpp"
#include "duckdb/transaction/transaction.hpp"
#include "duckdb/transaction/transaction_manager.hpp"

#include "catalog/duckdb/lake_schema.h"
#include "catalog/duckdb/table_write.h"
#include "catalog/lake_view.h"

namespace lagoa {

class LakeTable;

/// Owns the catalog entries handed out to its statements; plans refer to them until they end. Thread-safe.
class LakeTransaction final : public duckdb::Transaction {
public:
    LakeTransaction(duckdb::TransactionManager& of_manager, duckdb::ClientContext& client, duckdb::Catalog& catalog,
                    std::shared_ptr<LakeView> view);

    static LakeTransaction& of(duckdb::ClientContext& context, duckdb::Catalog& catalog) {
        return duckdb::Transaction::Get(context, catalog).Cast<LakeTransaction>();
    }

    LakeView& view() { return *view_; }
    /// Of what its statements see: changes with each of its writes, and no two transactions have the same.
    duckdb::idx_t catalog_version() const { return catalog_version_; }

    /// The schema of a zone, or the empty default schema; nullptr for other names.
    LakeSchema* schema(const std::string& name);
    void for_each_schema(const std::function<void(duckdb::SchemaCatalogEntry&)>& callback);

    /// A write on top of the newest version of `table`, without files. Raises kUnsupported if the transaction writes
    /// another table, or if the table has a feature that we do not write.
    TableWrite begin_write(const TableName& table);
    /// The same for a statement that changes rows of `table` as it is bound. If that is neither the newest version nor
    /// what the transaction has made of it, makes it the newest for the transaction and raises, for the statement to be
    /// bound again (session_view.h). Raises kUnsupported for an old version that the statement names.
    TableWrite begin_change(duckdb::ClientContext& client, const LakeTable& table);
    /// Raises kAlreadyExists if there is a table or a view, in whatever cut of the lake. The last version of a table
    /// that was dropped, which the new one replaces; nullptr if there is none.
    std::shared_ptr<const delta::Snapshot> check_absent(const TableName& table);
    /// The newest version of the table that is to be replaced, dropped or not; nullptr if there is none. Raises
    /// kAlreadyExists for a view, kUnsupported after other writes of the transaction.
    std::shared_ptr<const delta::Snapshot> begin_replace(const TableName& table);
    /// Takes over a write with its files. Raises what the commit answers, in autocommit; kUnsupported as begin_write().
    void write(duckdb::ClientContext& client, TableWrite write);
    /// Commits what was staged.
    Result<> commit(duckdb::ClientContext& client);
    /// Takes away what was staged.
    void roll_back();

private:
    LakeSchema& schema_locked(const std::string& name);
    void show_locked(const TableName& table, std::shared_ptr<const delta::Snapshot> snapshot);
    void check_one_table(const TableName& table) const;
    void check_no_view(const TableName& table);

    duckdb::Catalog& catalog_;
    const std::shared_ptr<LakeView> view_;  // shared with the connection's SessionView
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<LakeSchema>> schemas_;  // guarded by mutex_
    std::optional<TableWrite> staged_;                            // guarded by mutex_
    std::atomic<duckdb::idx_t> catalog_version_;
};

/// Thread-safe.
class LakeTransactionManager final : public duckdb::TransactionManager {
public:
    LakeTransactionManager(duckdb::AttachedDatabase& database, duckdb::Catalog& catalog)
        : TransactionManager(database), catalog_(catalog) {}

    duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override;
    duckdb::ErrorData CommitTransaction(duckdb::ClientContext& context, duckdb::Transaction& transaction) override;
    void RollbackTransaction(duckdb::Transaction& transaction) override;
    void Checkpoint(duckdb::ClientContext&, bool) override {}

private:
    void end(duckdb::Transaction& transaction);

    duckdb::Catalog& catalog_;
    std::mutex mutex_;
    std::map<duckdb::Transaction*, std::unique_ptr<LakeTransaction>> active_;  // guarded by mutex_
};

}  // namespace lagoa
