#include "catalog/duckdb/attach.h"

#include <mutex>

#include "duckdb/main/config.hpp"
#include "duckdb/storage/storage_extension.hpp"

#include "catalog/duckdb/delta_scan.h"
#include "catalog/duckdb/lake_catalog.h"
#include "catalog/duckdb/lake_functions.h"
#include "catalog/duckdb/lake_statements.h"
#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/session_view.h"
#include "catalog/duckdb/table_reads.h"
#include "engine/duckdb/access.h"

namespace lagoa {
namespace {

constexpr const char* kExtensionName = "lagoa";
constexpr const char* kCatalogName = "lake";

duckdb::unique_ptr<duckdb::Catalog> make_catalog(duckdb::optional_ptr<duckdb::StorageExtensionInfo>,
                                                 duckdb::ClientContext&, duckdb::AttachedDatabase& database,
                                                 const duckdb::string&, duckdb::AttachInfo&, duckdb::AttachOptions&) {
    return duckdb::make_uniq<LakeCatalog>(database);
}

duckdb::unique_ptr<duckdb::TransactionManager> make_transactions(duckdb::optional_ptr<duckdb::StorageExtensionInfo>,
                                                                 duckdb::AttachedDatabase& database,
                                                                 duckdb::Catalog& catalog) {
    return duckdb::make_uniq<LakeTransactionManager>(database, catalog);
}

void register_extension(duckdb::ClientContext& client) {
    auto& config = duckdb::DBConfig::GetConfig(client);
    if (duckdb::StorageExtension::Find(config, kExtensionName)) return;
    auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
    extension->attach = make_catalog;
    extension->create_transaction_manager = make_transactions;
    register_delta_scan(*client.db);
    register_lake_functions(*client.db);
    keep_scans_of_written_tables(*client.db);
    add_sql_rewrite(*client.db, rewrite_lake_statements);
    duckdb::StorageExtension::Register(config, kExtensionName, std::move(extension));
}

// Two sessions may be the first of an engine at once, and DuckDB's IF NOT EXISTS looks before it attaches.
std::mutex& attaching() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

Result<> attach_lake(Session& session, std::shared_ptr<LakeView> view, TableOperations* operations) {
    duckdb::ClientContext& client = context(session);
    {
        const std::lock_guard guard(attaching());
        LAGOA_TRY(guarded([&]() -> Result<> {
            register_extension(client);
            client.registered_state->Insert(SessionView::kKey,
                                            duckdb::make_shared_ptr<SessionView>(std::move(view), operations));
            return {};
        }));
        LAGOA_TRY(session.execute(fmt::format("ATTACH IF NOT EXISTS '' AS {} (TYPE {})", kCatalogName, kExtensionName)),
                  "attaching the lake");
    }
    LAGOA_TRY(session.execute(fmt::format("USE {}", kCatalogName)), "attaching the lake");
    return {};
}

std::shared_ptr<LakeView> attached_view(Session& session) {
    const auto state = context(session).registered_state->Get<SessionView>(SessionView::kKey);
    return state ? state->view : nullptr;
}

}  // namespace lagoa
