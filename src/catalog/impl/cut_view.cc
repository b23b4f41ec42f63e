#include "catalog/impl/cut_view.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "catalog/impl/close_names.h"

namespace lagoa {
namespace {

class CutView final : public LakeView {
public:
    // `published` is empty at head.
    CutView(std::shared_ptr<LakeTables> tables, Cut::Base base, std::optional<LakeVersion> published,
            std::map<TableName, delta::Version> pins)
        : tables_(std::move(tables)), base_(base), published_(std::move(published)), pins_(std::move(pins)) {}

    Result<std::vector<std::string>> zones() override {
        std::vector<std::string> names;
        for (const auto& [zone, store] : tables_->zones) names.push_back(zone);
        return names;
    }

    Result<std::vector<std::string>> tables(std::string_view zone) override {
        LAGOA_TRY(check_zone(zone));
        const bool at_head = !follows_cut(zone);
        std::vector<std::string> names;
        if (at_head) names = LAGOA_TRY(tables_->at_head(zone));
        std::set<std::string> all(names.begin(), names.end());
        if (at_head) LAGOA_TRY(remove_dropped(zone, all));
        const std::lock_guard lock(mutex_);
        if (!at_head)
            for (const auto& [name, table] : published_->tables)
                if (name.zone == zone) all.insert(name.table);
        for (const auto& [name, version] : pins_)
            if (name.zone == zone) all.insert(name.table);
        return std::vector(all.begin(), all.end());
    }

    Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table) override {
        const delta::TableLocation location = LAGOA_TRY(tables_->locate(table));
        const auto version = fixed_version(table);
        if (!version && follows_cut(table.zone)) return missing(table);
        auto found = version ? tables_->snapshots.read(location, *version) : tables_->live(table);
        if (found || found.error().code != ErrorCode::kNotFound) return found;
        return version ? expired(table, *version, found.error()) : missing(table);
    }

    bool is_fixed(const TableName& table) override { return fixed_version(table).has_value(); }

    Result<std::shared_ptr<const delta::Snapshot>> newest(const TableName& table) override {
        return tables_->live(table);
    }

    Result<std::shared_ptr<const delta::Snapshot>> dropped(const TableName& table) override {
        auto newest = tables_->newest(table);
        if (!newest && newest.error().code == ErrorCode::kNotFound) return nullptr;
        if (newest && !LAGOA_TRY(tables_->is_dropped(table, (*newest)->version))) return nullptr;
        return newest;
    }

    Result<delta::TableLocation> location(const TableName& table) override { return tables_->locate(table); }

    Result<std::map<std::string, std::string>> views(std::string_view zone) override {
        LAGOA_TRY(check_zone(zone));
        std::optional<LakeVersion> newest;
        if (base_ == Cut::Base::kHead) newest = LAGOA_TRY(tables_->log->latest());
        std::map<std::string, std::string> found;
        const std::lock_guard lock(mutex_);
        if (newest) seen_ = std::move(*newest);
        for (const auto& [name, sql] : state().views)
            if (name.zone == zone) found[name.table] = sql;
        return found;
    }

    Result<> change(const LakeChange& change) override {
        if (base_ == Cut::Base::kVersion)
            return fail_with_hint(ErrorCode::kUnsupported, "Change what is published, or head.",
                                  "this session reads lake version {}, which does not change", published_->version);
        LakeVersion base;
        {
            const std::lock_guard lock(mutex_);
            base = state();
        }
        LakeVersion made = LAGOA_TRY(tables_->log->publish(change, base, ""));
        const std::lock_guard lock(mutex_);
        for (const auto& [name, table] : change.dropped_tables) pins_.erase(name);
        if (base_ == Cut::Base::kHead) {
            seen_ = std::move(made);
            return {};
        }
        // Its own change only: the rest of the cut stays as it is.
        for (const auto& [name, table] : change.dropped_tables) published_->tables.erase(name);
        for (const TableName& name : change.dropped_views) published_->views.erase(name);
        for (const auto& [name, sql] : change.views) published_->views[name] = sql;
        return {};
    }

    Result<delta::Version> kept_version(const TableName& table) override { return tables_->kept_version(table); }

    bool has_contract(const TableName& table) override { return tables_->contracted.contains(table); }

    Result<std::unique_ptr<Session>> side_session() override { return tables_->engine->connect(); }

    Clock& clock() override { return *tables_->clock; }

    void pin(const TableName& table, delta::Version version) override {
        const std::lock_guard lock(mutex_);
        // What follows the table's newest version sees the write, and those that come after it.
        if (follows_cut(table.zone) || pins_.contains(table)) pins_[table] = version;
    }

private:
    // The lake's tables about its own work are never published: every cut reads their newest version.
    bool follows_cut(std::string_view zone) const { return base_ != Cut::Base::kHead && zone != "ops"; }

    // The lake version whose views this session sees; with mutex_ held.
    const LakeVersion& state() const { return published_ ? *published_ : seen_; }

    Result<> check_zone(std::string_view zone) const {
        if (tables_->zones.contains(std::string(zone))) return {};
        return fail(ErrorCode::kNotFound, "there is no zone {}", zone);
    }

    Result<> remove_dropped(std::string_view zone, std::set<std::string>& names) {
        const LakeVersion newest = LAGOA_TRY(tables_->log->latest());
        for (const auto& [name, table] : newest.dropped) {
            if (name.zone != zone || !names.contains(name.table)) continue;
            const auto version = delta::newest_version(LAGOA_TRY(tables_->locate(name)));
            if (version && *version <= table.version) names.erase(name.table);
        }
        return {};
    }

    std::optional<delta::Version> fixed_version(const TableName& table) {
        const std::lock_guard lock(mutex_);
        if (const auto pinned = pins_.find(table); pinned != pins_.end()) return pinned->second;
        if (!published_) return std::nullopt;
        const auto published = published_->tables.find(table);
        return published == published_->tables.end() ? std::nullopt : std::optional(published->second.version);
    }

    std::string where() const {
        return base_ == Cut::Base::kHead ? "the lake" : fmt::format("lake version {}", published_->version);
    }

    std::unexpected<Error> missing(const TableName& table) {
        const auto there = tables(table.zone);
        const auto close = there ? close_names(table.table, *there) : std::vector<std::string>{};
        if (close.empty()) return fail(ErrorCode::kNotFound, "there is no table {} in {}", table.text(), where());
        return fail_with_hint(ErrorCode::kNotFound, fmt::format("Did you mean {}?", fmt::join(close, " or ")),
                              "there is no table {} in {}", table.text(), where());
    }

    // A version that the cut names and the table no longer has.
    std::unexpected<Error> expired(const TableName& table, delta::Version version, const Error& cause) {
        if (base_ == Cut::Base::kHead || !published_->tables.contains(table)) return pass_on(cause);
        const auto until = tables_->log->kept_until(published_->version, tables_->retention);
        if (!until || !*until || **until > tables_->clock->now())
            return pass_on(cause, "reading {} of lake version {}", table.text(), published_->version);
        return fail_with_hint(ErrorCode::kNotFound, "Tag the versions that must stay: lagoa tag NAME --at v12.",
                              "lake version {} is expired, it was kept until {}: version {} of {} is gone",
                              published_->version, format_instant(**until).substr(0, 10), version, table.text());
    }

    const std::shared_ptr<LakeTables> tables_;  // shared with the lake: a session may outlive it
    const Cut::Base base_;
    std::mutex mutex_;
    std::optional<LakeVersion> published_;      // nullopt at head; its tables and views guarded by mutex_
    LakeVersion seen_;                          // guarded by mutex_; at head: the newest when views were last asked for
    std::map<TableName, delta::Version> pins_;  // guarded by mutex_
};

}  // namespace

Result<delta::TableLocation> LakeTables::locate(const TableName& table) const {
    const auto zone = zones.find(table.zone);
    if (zone == zones.end()) return fail(ErrorCode::kNotFound, "there is no zone {}", table.zone);
    return delta::TableLocation{zone->second.get(), parquet.get(), table.table};
}

Result<std::vector<std::string>> LakeTables::at_head(std::string_view zone) const {
    const auto found = zones.find(std::string(zone));
    if (found == zones.end()) return fail(ErrorCode::kNotFound, "there is no zone {}", zone);
    std::vector<std::string> names = LAGOA_TRY(found->second->folders(""), "listing the tables of {}", zone);
    std::vector<std::string> tables;
    for (std::string& name : names) {
        if (!is_name(name)) continue;
        const auto version = delta::newest_version({found->second.get(), parquet.get(), name});
        // A table that cannot be read is one all the same: reading it says why.
        if (version || version.error().code != ErrorCode::kNotFound) tables.push_back(std::move(name));
    }
    return tables;
}

Result<std::shared_ptr<const delta::Snapshot>> LakeTables::newest(const TableName& table) {
    return snapshots.newest(LAGOA_TRY(locate(table)));
}

Result<bool> LakeTables::is_dropped(const TableName& table, delta::Version newest) {
    const LakeVersion state = LAGOA_TRY(log->latest());
    const auto dropped = state.dropped.find(table);
    return dropped != state.dropped.end() && newest <= dropped->second.version;
}

Result<std::shared_ptr<const delta::Snapshot>> LakeTables::live(const TableName& table) {
    auto newest = LAGOA_TRY(this->newest(table));
    if (!LAGOA_TRY(is_dropped(table, newest->version))) return newest;
    return fail(ErrorCode::kNotFound, "there is no table {}: it was dropped at version {}", table.text(),
                newest->version);
}

Result<delta::Version> LakeTables::kept_version(const TableName& table) {
    const auto kept = LAGOA_TRY(log->kept_versions(retention));
    const auto found = kept.find(table);
    return found == kept.end() ? std::numeric_limits<delta::Version>::max() : found->second;
}

delta::CommitOptions LakeTables::commit_options(const TableName& table) {
    return {.clock = clock, .keep_from = [this, table] { return kept_version(table); }};
}

Result<std::shared_ptr<LakeView>> make_cut_view(std::shared_ptr<LakeTables> tables, const Cut& cut) {
    std::optional<LakeVersion> published;
    if (cut.base == Cut::Base::kPublished) published = LAGOA_TRY(tables->log->latest());
    if (cut.base == Cut::Base::kVersion) published = LAGOA_TRY(tables->log->at(cut.lake_version));
    return std::make_shared<CutView>(std::move(tables), cut.base, std::move(published), cut.pins);
}

}  // namespace lagoa
