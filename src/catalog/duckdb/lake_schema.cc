#include "catalog/duckdb/lake_schema.h"

#include "duckdb/catalog/catalog_entry/view_catalog_entry.hpp"
#include "duckdb/catalog/entry_lookup_info.hpp"
#include "duckdb/parser/parsed_data/create_table_info.hpp"
#include "duckdb/parser/parsed_data/create_view_info.hpp"
#include "duckdb/parser/parsed_data/drop_info.hpp"
#include "duckdb/planner/tableref/bound_at_clause.hpp"

#include "base/log.h"
#include "base/text.h"
#include "catalog/duckdb/current_view.h"
#include "catalog/duckdb/lake_alter.h"
#include "catalog/duckdb/lake_insert.h"
#include "catalog/duckdb/lake_table.h"
#include "catalog/duckdb/lake_transaction.h"
#include "catalog/duckdb/lake_views.h"
#include "catalog/duckdb/session_view.h"
#include "catalog/duckdb/time_travel.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

[[noreturn]] void refuse(std::string_view what) {
    raise({ErrorCode::kUnsupported, fmt::format("{} is not supported in the lake yet", what)});
}

// Views and drops are entries of the lake log, made at once: there is no taking one back.
void check_autocommit(duckdb::ClientContext& client, std::string_view statement) {
    if (client.transaction.IsAutoCommit()) return;
    raise({ErrorCode::kUnsupported, fmt::format("{} in a transaction: it takes effect at once", statement),
           "COMMIT first."});
}

}  // namespace

std::unique_ptr<duckdb::CatalogEntry> LakeSchema::make_table_locked(const std::string& table) {
    const TableName table_name{name, table};
    const auto shown = shown_.find(table);
    auto snapshot = shown == shown_.end() ? view_->snapshot(table_name) : shown->second;
    if (!snapshot) {
        if (snapshot.error().code == ErrorCode::kNotFound && !view_->is_fixed(table_name)) return nullptr;
        raise(snapshot.error());
    }
    const delta::TableLocation location = unwrap(view_->location(table_name));
    return LakeTable::make(catalog, *this, table_name,
                           {*snapshot, fmt::format("lagoa://{}/{}", name, location.path), location});
}

std::unique_ptr<duckdb::CatalogEntry> LakeSchema::make_current_view(const std::string& view_name,
                                                                    duckdb::CatalogEntry& table) {
    const auto sql = current_view_sql(table.Cast<LakeTable>());
    if (!sql) return nullptr;
    duckdb::CreateViewInfo info(*this, view_name);
    info.query = duckdb::CreateViewInfo::ParseSelect(*sql);
    info.sql = *sql;
    return std::make_unique<duckdb::ViewCatalogEntry>(catalog, *this, info);
}

duckdb::CatalogEntry* LakeSchema::find_locked(const std::string& table) {
    if (const auto known = entries_.find(table); known != entries_.end()) return known->second.get();
    if (const auto view = views_locked().find(table); view != views_locked().end())
        return (entries_[table] = make_view_entry(catalog, *this, table, view->second)).get();
    std::unique_ptr<duckdb::CatalogEntry> entry = make_table_locked(table);
    if (!entry && table.ends_with(kCurrentSuffix)) {
        duckdb::CatalogEntry* base = find_locked(table.substr(0, table.size() - kCurrentSuffix.size()));
        if (base != nullptr && base->type == duckdb::CatalogType::TABLE_ENTRY) entry = make_current_view(table, *base);
    }
    return (entries_[table] = std::move(entry)).get();
}

const std::map<std::string, std::string>& LakeSchema::views_locked() {
    if (!views_) views_ = unwrap(view_->views(name));
    return *views_;
}

bool LakeSchema::is_lake_view(const std::string& view) {
    const std::lock_guard guard(mutex_);
    return views_locked().contains(view);
}

void LakeSchema::change(const LakeChange& change, const std::string& changed) {
    unwrap(view_->change(change));
    const std::lock_guard guard(mutex_);
    views_.reset();
    for (const std::string& entry : {changed, changed + std::string(kCurrentSuffix)})
        if (const auto known = entries_.find(entry); known != entries_.end()) {
            outdated_.push_back(std::move(known->second));
            entries_.erase(known);
        }
}

void LakeSchema::show(const std::string& table, std::shared_ptr<const delta::Snapshot> snapshot) {
    const std::lock_guard guard(mutex_);
    for (const std::string& written : {table, table + std::string(kCurrentSuffix)}) {
        if (const auto known = entries_.find(written); known != entries_.end()) {
            outdated_.push_back(std::move(known->second));
            entries_.erase(known);
        }
    }
    shown_[table] = std::move(snapshot);
}

std::shared_ptr<const delta::Snapshot> LakeSchema::shown(const std::string& table) {
    const std::lock_guard guard(mutex_);
    const auto known = shown_.find(table);
    return known == shown_.end() ? nullptr : known->second;
}

duckdb::CatalogEntry* LakeSchema::find(const std::string& table) {
    if (name == DEFAULT_SCHEMA || !is_name(table)) return nullptr;
    const std::lock_guard guard(mutex_);
    return find_locked(table);
}

duckdb::CatalogEntry* LakeSchema::find_version(duckdb::ClientContext& context, const std::string& table,
                                               const duckdb::BoundAtClause& at) {
    const TableName table_name{name, table};
    const delta::TableLocation location = unwrap(view_->location(table_name));
    const bool by_time = duckdb::StringUtil::CIEquals(at.Unit(), "timestamp");
    if (!by_time && !duckdb::StringUtil::CIEquals(at.Unit(), "version"))
        raise({ErrorCode::kInvalidArgument, fmt::format("AT ({} => …) names no version of a table", at.Unit()),
               "Write AT (VERSION => N) or AT (TIMESTAMP => '2026-01-02 03:04:05')."});
    const delta::Version version =
        unwrap(by_time ? version_at(context, location, at.GetValue()) : version_number(at.GetValue()));
    auto snapshot = unwrap(delta::read_snapshot(location, version));
    const std::lock_guard guard(mutex_);
    std::unique_ptr<duckdb::CatalogEntry>& entry = entries_[fmt::format("{}@{}", table, version)];
    if (!entry)
        entry = LakeTable::make(catalog, *this, table_name,
                                {std::move(snapshot), fmt::format("lagoa://{}/{}", name, location.path), location});
    return entry.get();
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::LookupEntry(duckdb::CatalogTransaction transaction,
                                                                   const duckdb::EntryLookupInfo& lookup) {
    if (lookup.GetCatalogType() != duckdb::CatalogType::TABLE_ENTRY &&
        lookup.GetCatalogType() != duckdb::CatalogType::VIEW_ENTRY)
        return nullptr;
    const std::string table = to_lower(lookup.GetEntryName());
    duckdb::CatalogEntry* const entry = find(table);
    const auto at = lookup.GetAtClause();
    // A view hands its AT clause on to the tables in it.
    if (entry == nullptr || !at || entry->type != duckdb::CatalogType::TABLE_ENTRY) return entry;
    return find_version(transaction.GetContext(), table, *at);
}

void LakeSchema::Scan(duckdb::ClientContext&, duckdb::CatalogType wanted,
                      const std::function<void(duckdb::CatalogEntry&)>& callback) {
    if (name == DEFAULT_SCHEMA) return;
    if (wanted != duckdb::CatalogType::TABLE_ENTRY && wanted != duckdb::CatalogType::VIEW_ENTRY) return;
    std::vector<std::string> names = unwrap(view_->tables(name));
    for (const auto& [view, sql] : unwrap(view_->views(name))) names.push_back(view);
    for (const std::string& table : names) {
        duckdb::CatalogEntry* entry = nullptr;
        duckdb::CatalogEntry* current = nullptr;
        try {
            entry = find(table);
            current = find(table + std::string(kCurrentSuffix));
        } catch (const duckdb::Exception& thrown) {
            // One damaged table must not hide the others from a listing; naming it in a query reports why.
            log::warn("catalog.unreadable_table",
                      {{"table", table}, {"error", to_error(duckdb::ErrorData(thrown)).message}});
            continue;
        }
        // DuckDB's own catalog lists tables and views in one set: a scan for either gets both.
        if (entry != nullptr) callback(*entry);
        if (current != nullptr && current->type == duckdb::CatalogType::VIEW_ENTRY) callback(*current);
    }
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateTable(duckdb::CatalogTransaction transaction,
                                                                   duckdb::BoundCreateTableInfo& info) {
    const std::string table = to_lower(info.base->Cast<duckdb::CreateTableInfo>().table);
    if (info.base->on_conflict == duckdb::OnCreateConflict::IGNORE_ON_CONFLICT && find(table) != nullptr)
        return nullptr;
    auto& ours = transaction.transaction->Cast<LakeTransaction>();
    ours.write(transaction.GetContext(), table_creation(ours, info));
    return nullptr;
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateIndex(duckdb::CatalogTransaction, duckdb::CreateIndexInfo&,
                                                                   duckdb::TableCatalogEntry&) {
    refuse("CREATE INDEX");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateFunction(duckdb::CatalogTransaction,
                                                                      duckdb::CreateFunctionInfo&) {
    refuse("CREATE FUNCTION");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateView(duckdb::CatalogTransaction transaction,
                                                                  duckdb::CreateViewInfo& info) {
    const TableName view{name, to_lower(info.view_name)};
    duckdb::ClientContext& client = transaction.GetContext();
    check_autocommit(client, "CREATE VIEW");
    if (name == DEFAULT_SCHEMA || !is_name(view.table))
        raise({ErrorCode::kInvalidArgument, fmt::format("creating view {}: not a name of the lake", view.text()),
               "Write zone.name: lower-case letters, digits and _, a letter first."});
    const duckdb::CatalogEntry* there = find(view.table);
    if (there != nullptr && is_lake_view(view.table)) {
        if (info.on_conflict == duckdb::OnCreateConflict::IGNORE_ON_CONFLICT) return nullptr;
        if (info.on_conflict != duckdb::OnCreateConflict::REPLACE_ON_CONFLICT)
            raise({ErrorCode::kAlreadyExists, fmt::format("creating view {}: there is one of that name", view.text()),
                   "CREATE OR REPLACE VIEW replaces it."});
    } else if (there != nullptr || view_->has_contract(view) || view_->newest(view)) {
        raise({ErrorCode::kAlreadyExists, fmt::format("creating view {}: that is the name of a table", view.text())});
    }
    change({.tables = {},
            .views = {{view, view_select(client, *this, info)}},
            .dropped_tables = {},
            .dropped_views = {},
            .tags = {},
            .dropped_tags = {}},
           view.table);
    return nullptr;
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateSequence(duckdb::CatalogTransaction,
                                                                      duckdb::CreateSequenceInfo&) {
    refuse("CREATE SEQUENCE");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateTableFunction(duckdb::CatalogTransaction,
                                                                           duckdb::CreateTableFunctionInfo&) {
    refuse("CREATE FUNCTION");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateCopyFunction(duckdb::CatalogTransaction,
                                                                          duckdb::CreateCopyFunctionInfo&) {
    refuse("CREATE FUNCTION");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreatePragmaFunction(duckdb::CatalogTransaction,
                                                                            duckdb::CreatePragmaFunctionInfo&) {
    refuse("CREATE FUNCTION");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateCollation(duckdb::CatalogTransaction,
                                                                       duckdb::CreateCollationInfo&) {
    refuse("CREATE COLLATION");
}
duckdb::optional_ptr<duckdb::CatalogEntry> LakeSchema::CreateType(duckdb::CatalogTransaction, duckdb::CreateTypeInfo&) {
    refuse("CREATE TYPE");
}
void LakeSchema::DropEntry(duckdb::ClientContext& client, duckdb::DropInfo& info) {
    const TableName dropped{name, to_lower(info.name)};
    const bool is_view = info.type == duckdb::CatalogType::VIEW_ENTRY;
    if (!is_view && info.type != duckdb::CatalogType::TABLE_ENTRY)
        refuse("DROP " + duckdb::CatalogTypeToString(info.type));
    check_autocommit(client, is_view ? "DROP VIEW" : "DROP TABLE");
    const duckdb::CatalogEntry* there = find(dropped.table);
    if (there == nullptr) {
        if (info.if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return;
        raise({ErrorCode::kNotFound, fmt::format("dropping {}: there is none", dropped.text())});
    }
    if (there->type != info.type)
        raise({ErrorCode::kInvalidArgument,
               fmt::format("dropping {}: it is a {}", dropped.text(), is_view ? "table" : "view"),
               fmt::format("DROP {} {}", is_view ? "TABLE" : "VIEW", dropped.text())});
    LakeChange wanted;
    if (is_view) {
        if (!is_lake_view(dropped.table))
            raise({ErrorCode::kUnsupported, fmt::format("dropping {}: it belongs to its table", dropped.text())});
        wanted.dropped_views.insert(dropped);
    } else {
        if (view_->has_contract(dropped))
            raise({ErrorCode::kUnsupported, fmt::format("dropping {} by SQL: it has a contract", dropped.text()),
                   "Take its contract out of the project first."});
        wanted.dropped_tables[dropped] = {name + "/" + dropped.table, unwrap(view_->newest(dropped))->version};
    }
    change(wanted, dropped.table);
}
void LakeSchema::Alter(duckdb::CatalogTransaction transaction, duckdb::AlterInfo& info) {
    const duckdb::CatalogEntry* const entry = find(to_lower(info.name));
    if (entry == nullptr || entry->type != duckdb::CatalogType::TABLE_ENTRY) refuse("ALTER of a view");
    duckdb::ClientContext& client = transaction.GetContext();
    const TableName table{name, to_lower(info.name)};
    if (const auto rule = rule_change_of(info); rule && client.transaction.IsAutoCommit()) {
        TableOperations* const operations = session_view(client)->operations;
        if (operations == nullptr) refuse("this ALTER TABLE in a session without operations");
        return view_->pin(table, unwrap(operations->change_rule(table, *rule)));
    }
    auto& ours = transaction.transaction->Cast<LakeTransaction>();
    const duckdb::AlterInfo* const changes[] = {&info};
    if (auto write = table_alteration(ours, table, changes)) ours.write(client, *std::move(write));
}

}  // namespace lagoa
