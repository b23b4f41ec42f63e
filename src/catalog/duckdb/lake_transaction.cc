#include "catalog/duckdb/lake_transaction.h"

#include <algorithm>

#include "base/text.h"
#include "catalog/duckdb/session_view.h"
#include "engine/duckdb/error.h"

namespace lagoa {

LakeTransaction::LakeTransaction(duckdb::TransactionManager& of_manager, duckdb::ClientContext& client, duckdb::Catalog& catalog,
                                 std::shared_ptr<LakeView> view)
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

duckdb::Transaction& LakeTransactionManager::StartTransaction(duckdb::ClientContext& context) {
    auto transaction = std::make_unique<LakeTransaction>(*this, context, catalog_, view_of(context));
    const std::lock_guard guard(mutex_);
    LakeTransaction& started = *transaction;
    active_[&started] = std::move(transaction);
    return started;
}

duckdb::ErrorData LakeTransactionManager::CommitTransaction(duckdb::ClientContext&, duckdb::Transaction& transaction) {
    end(transaction);
    return {};
}

void LakeTransactionManager::RollbackTransaction(duckdb::Transaction& transaction) { end(transaction); }

void LakeTransactionManager::end(duckdb::Transaction& transaction) {
    const std::lock_guard guard(mutex_);
    active_.erase(&transaction);
}

}  // namespace lagoa
