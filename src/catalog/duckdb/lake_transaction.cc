#include "catalog/duckdb/lake_transaction.h"

#include <algorithm>

#include "base/text.h"
#include "catalog/duckdb/session_view.h"
#include "delta/table_features.h"
#include "engine/duckdb/error.h"

namespace lagoa {

LakeTransaction::LakeTransaction(duckdb::TransactionManager& of_manager, duckdb::ClientContext& client,
                                 duckdb::Catalog& catalog, std::shared_ptr<LakeView> view)
    : Transaction(of_manager, client), catalog_(catalog), view_(std::move(view)) {}

LakeSchema& LakeTransaction::schema_locked(const std::string& name) {
    std::unique_ptr<LakeSchema>& schema = schemas_[name];
    if (!schema) {
        duckdb::CreateSchemaInfo info;
        info.schema = name;
        schema = std::make_unique<LakeSchema>(catalog_, info, view_);
    }
    return *schema;
}

LakeSchema* LakeTransaction::schema(const std::string& name) {
    const std::string lowered = to_lower(name);
    const std::vector<std::string> zones = unwrap(view_->zones());
    if (lowered != DEFAULT_SCHEMA && std::ranges::find(zones, lowered) == zones.end()) return nullptr;
    const std::lock_guard guard(mutex_);
    return &schema_locked(lowered);
}

void LakeTransaction::for_each_schema(const std::function<void(duckdb::SchemaCatalogEntry&)>& callback) {
    for (const std::string& zone : unwrap(view_->zones())) callback(*schema(zone));
}

void LakeTransaction::check_one_table(const TableName& table) const {
    if (!staged_ || staged_->table == table) return;
    raise({ErrorCode::kUnsupported,
           fmt::format("writing {}: this transaction writes {}, and writes one table only", table.text(),
                       staged_->table.text()),
           "COMMIT first."});
}

TableWrite LakeTransaction::begin_write(const TableName& table) {
    {
        const std::lock_guard guard(mutex_);
        check_one_table(table);
        if (staged_) {
            TableWrite more = *staged_;
            more.rows = {};
            return more;
        }
    }
    TableWrite write{.table = table, .base = unwrap(view_->newest(table))};
    unwrap(delta::check_writable(write.base->protocol, write.base->metadata));
    write.metadata = write.base->metadata;
    write.protocol = write.base->protocol;
    write.operation_parameters = json::make_object({{"mode", "Append"}});
    return write;
}

void LakeTransaction::check_no_view(const TableName& table) {
    if (unwrap(view_->views(table.zone)).contains(table.table))
        raise({ErrorCode::kAlreadyExists, fmt::format("creating {}: there is a view of that name", table.text())});
}

std::shared_ptr<const delta::Snapshot> LakeTransaction::check_absent(const TableName& table) {
    const auto newest = view_->newest(table);
    if (newest)
        raise({ErrorCode::kAlreadyExists, fmt::format("creating {}: there is a table of that name", table.text())});
    if (newest.error().code != ErrorCode::kNotFound) raise(newest.error());
    check_no_view(table);
    {
        const std::lock_guard guard(mutex_);
        check_one_table(table);
        if (staged_)
            raise(
                {ErrorCode::kAlreadyExists, fmt::format("creating {}: this transaction has created it", table.text())});
    }
    return unwrap(view_->dropped(table));
}

std::shared_ptr<const delta::Snapshot> LakeTransaction::begin_replace(const TableName& table) {
    check_no_view(table);
    {
        const std::lock_guard guard(mutex_);
        check_one_table(table);
        if (staged_)
            raise({ErrorCode::kUnsupported,
                   fmt::format("replacing {} after this transaction has written it", table.text()), "COMMIT first."});
    }
    auto newest = view_->newest(table);
    if (newest) return *newest;
    if (newest.error().code != ErrorCode::kNotFound) raise(newest.error());
    return unwrap(view_->dropped(table));
}

void LakeTransaction::write(duckdb::ClientContext& client, TableWrite write) {
    if (client.transaction.IsAutoCommit()) return unwrap(commit_write(client, *view_, write));
    const std::lock_guard guard(mutex_);
    check_one_table(write.table);
    if (staged_) {
        RowChanges all = staged_->rows;
        all.append(std::move(write.rows));
        write.rows = std::move(all);
    }
    staged_ = std::move(write);
    schema_locked(staged_->table.zone)
        .set_uncommitted(staged_->table.table, unwrap(uncommitted_snapshot(*view_, *staged_)));
}

void LakeTransaction::roll_back() {
    const std::lock_guard guard(mutex_);
    if (staged_) discard_write(*view_, *staged_);
}

Result<> LakeTransaction::commit(duckdb::ClientContext& client) {
    const std::lock_guard guard(mutex_);
    if (!staged_) return {};
    return commit_write(client, *view_, *staged_);
}

duckdb::Transaction& LakeTransactionManager::StartTransaction(duckdb::ClientContext& context) {
    auto transaction = std::make_unique<LakeTransaction>(*this, context, catalog_, session_view(context)->view);
    const std::lock_guard guard(mutex_);
    LakeTransaction& started = *transaction;
    active_[&started] = std::move(transaction);
    return started;
}

duckdb::ErrorData LakeTransactionManager::CommitTransaction(duckdb::ClientContext& context,
                                                            duckdb::Transaction& transaction) {
    const auto committed = transaction.Cast<LakeTransaction>().commit(context);
    end(transaction);
    if (committed) return {};
    session_view(context)->failed_commit = committed.error();
    return duckdb::ErrorData(duckdb::ExceptionType::TRANSACTION, committed.error().message);
}

void LakeTransactionManager::RollbackTransaction(duckdb::Transaction& transaction) {
    transaction.Cast<LakeTransaction>().roll_back();
    end(transaction);
}

void LakeTransactionManager::end(duckdb::Transaction& transaction) {
    const std::lock_guard guard(mutex_);
    active_.erase(&transaction);
}

}  // namespace lagoa
