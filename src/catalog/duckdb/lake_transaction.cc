#include "catalog/duckdb/lake_transaction.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"
#include "catalog/duckdb/lake_table.h"
#include "catalog/duckdb/session_view.h"
#include "delta/table_features.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kWrite = "WRITE";

json::Object append_parameters() {
    return json::make_object({{"mode", "Append"}});
}

duckdb::idx_t next_catalog_version() {
    static std::atomic<duckdb::idx_t> last{0};
    return ++last;
}

delta::ReadSet united(delta::ReadSet one, delta::ReadSet other) {
    using Scope = delta::ReadSet::Scope;
    if (one.scope == Scope::kWholeTable || other.scope == Scope::kNothing) return one;
    if (other.scope == Scope::kWholeTable || one.scope == Scope::kNothing) return other;
    one.files.insert(one.files.end(), other.files.begin(), other.files.end());
    one.was_needed = [first = std::move(one.was_needed),
                      second = std::move(other.was_needed)](const delta::RemoveFile& removed) {
        return (first && first(removed)) || (second && second(removed));
    };
    one.may_match = [first = std::move(one.may_match), second = std::move(other.may_match)](
                        const delta::AddFile& added) { return (first && first(added)) || (second && second(added)); };
    return one;
}

// Puts what a transaction has `staged` of a table before what a later statement does to it.
void put_before(TableWrite& later, const TableWrite& staged) {
    RowChanges rows = staged.rows;
    rows.append(std::move(later.rows));
    later.rows = std::move(rows);
    later.read_set = united(staged.read_set, std::move(later.read_set));
    // One commit has one operation: the creation or change of the table itself, or what all statements are.
    static const std::set<std::string_view> kOfRows{kWrite, "DELETE", "UPDATE", "MERGE"};
    if (!kOfRows.contains(later.operation)) return;
    if (!kOfRows.contains(staged.operation)) {
        later.operation = staged.operation;
        later.operation_parameters = staged.operation_parameters;
    } else if (later.operation != staged.operation) {
        later.operation = kWrite;
        later.operation_parameters = {};
    }
}

TableWrite first_write(const TableName& table, std::shared_ptr<const delta::Snapshot> base) {
    unwrap(delta::check_writable(base->protocol, base->metadata));
    TableWrite write{.table = table, .base = std::move(base)};
    write.metadata = write.base->metadata;
    write.protocol = write.base->protocol;
    write.operation_parameters = append_parameters();
    return write;
}

// What comes after `staged`, without its rows.
TableWrite next_write(const TableWrite& staged) {
    TableWrite write = staged;
    write.rows = {};
    write.read_set = delta::ReadSet::nothing();
    write.operation = kWrite;
    write.operation_parameters = append_parameters();
    return write;
}

}  // namespace

LakeTransaction::LakeTransaction(duckdb::TransactionManager& of_manager, duckdb::ClientContext& client,
                                 duckdb::Catalog& catalog, std::shared_ptr<LakeView> view)
    : Transaction(of_manager, client),
      catalog_(catalog),
      view_(std::move(view)),
      catalog_version_(next_catalog_version()) {}

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
        if (staged_) return next_write(*staged_);
    }
    return first_write(table, unwrap(view_->newest(table)));
}

TableWrite LakeTransaction::begin_change(duckdb::ClientContext& client, const LakeTable& table) {
    const TableName& name = table.table_name();
    const std::lock_guard guard(mutex_);
    check_one_table(name);
    if (const auto shown = schema_locked(name.zone).shown(name.table)) {
        if (shown != table.shared_snapshot())
            raise({ErrorCode::kUnsupported,
                   fmt::format("changing {}: version {} is not its newest", name.text(), table.snapshot().version),
                   "Only the newest can be changed; RESTORE brings an old one back."});
    } else {
        auto newest = unwrap(view_->newest(name));
        const delta::Snapshot& bound = table.snapshot();
        if (bound.version != newest->version || bound.metadata.id != newest->metadata.id) {
            show_locked(name, std::move(newest));
            session_view(client)->rebind = true;
            raise({ErrorCode::kConflict, fmt::format("changing {}: it has changed meanwhile", name.text())});
        }
    }
    return staged_ ? next_write(*staged_) : first_write(name, table.shared_snapshot());
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

void LakeTransaction::show_locked(const TableName& table, std::shared_ptr<const delta::Snapshot> snapshot) {
    schema_locked(table.zone).show(table.table, std::move(snapshot));
    catalog_version_ = next_catalog_version();
}

void LakeTransaction::write(duckdb::ClientContext& client, TableWrite write) {
    if (client.transaction.IsAutoCommit()) return unwrap(commit_write(client, *view_, write));
    const std::lock_guard guard(mutex_);
    check_one_table(write.table);
    if (staged_) put_before(write, *staged_);  // what changed nothing has read the table all the same
    auto shown = unwrap(uncommitted_snapshot(*view_, write));
    staged_ = std::move(write);
    show_locked(staged_->table, std::move(shown));
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
