// One transaction of one connection on the lake: what its statements have looked up.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "duckdb.hpp"
#include "duckdb/transaction/transaction.hpp"
#include "duckdb/transaction/transaction_manager.hpp"

#include "catalog/duckdb/lake_schema.h"
#include "catalog/lake_view.h"

namespace lagoa {

/// Owns the catalog entries handed out to its statements; plans refer to them until they end. Thread-safe.
class LakeTransaction final : public duckdb::Transaction {
public:
    LakeTransaction(duckdb::TransactionManager& of_manager, duckdb::ClientContext& client, duckdb::Catalog& catalog,
                    std::shared_ptr<LakeView> view);

    static LakeTransaction& of(duckdb::ClientContext& context, duckdb::Catalog& catalog) {
        return duckdb::Transaction::Get(context, catalog).Cast<LakeTransaction>();
    }

    LakeView& view() { return *view_; }

    /// The schema of a zone, or the empty default schema; nullptr for other names.
    LakeSchema* schema(const std::string& name);
    void for_each_schema(const std::function<void(duckdb::SchemaCatalogEntry&)>& callback);

private:
    LakeSchema& schema_locked(const std::string& name);

    duckdb::Catalog& catalog_;
    const std::shared_ptr<LakeView> view_;  // shared with the connection's SessionView
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<LakeSchema>> schemas_;  // guarded by mutex_
};

/// Thread-safe.
class LakeTransactionManager final : public duckdb::TransactionManager {
public:
    LakeTransactionManager(duckdb::AttachedDatabase& database, duckdb::Catalog& catalog) : TransactionManager(database), catalog_(catalog) {}

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
