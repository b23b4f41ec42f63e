#include "catalog/impl/cut_view.h"

#include <algorithm>
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
    CutView(std::shared_ptr<LakeTables> tables, std::optional<LakeVersion> published,
            std::map<TableName, delta::Version> pins)
        : tables_(std::move(tables)), published_(std::move(published)), pins_(std::move(pins)) {}

    Result<std::vector<std::string>> zones() override {
        std::vector<std::string> names;
        for (const auto& [zone, store] : tables_->zones) names.push_back(zone);
        return names;
    }

    Result<std::vector<std::string>> tables(std::string_view zone) override {
        std::vector<std::string> names;
        if (follows_cut(zone)) {
            if (!tables_->zones.contains(std::string(zone)))
                return fail(ErrorCode::kNotFound, "there is no zone {}", zone);
            for (const auto& [name, table] : published_->tables)
                if (name.zone == zone) names.push_back(name.table);
        } else {
            names = LAGOA_TRY(tables_->at_head(zone));
        }
        std::set<std::string> all(names.begin(), names.end());
        const std::lock_guard lock(mutex_);
        for (const auto& [name, version] : pins_)
            if (name.zone == zone) all.insert(name.table);
        return std::vector(all.begin(), all.end());
    }

    Result<std::shared_ptr<const delta::Snapshot>> snapshot(const TableName& table) override {
        const delta::TableLocation location = LAGOA_TRY(tables_->locate(table));
        const auto version = fixed_version(table);
        if (!version && follows_cut(table.zone)) return missing(table);
        auto found = version ? tables_->snapshots.read(location, *version) : tables_->newest(table);
        if (!found && !version && found.error().code == ErrorCode::kNotFound) return missing(table);
        return found;
    }

    Result<std::shared_ptr<const delta::Snapshot>> newest(const TableName& table) override {
        return tables_->newest(table);
    }

    Result<delta::TableLocation> location(const TableName& table) override { return tables_->locate(table); }

    Result<std::map<std::string, std::string>> views(std::string_view) override {
        return std::map<std::string, std::string>{};
    }
    Result<> change(const LakeChange&) override {
        return fail(ErrorCode::kUnsupported, "the lake's views and dropped tables are not kept yet");
    }
    Result<std::optional<delta::Version>> kept_version(const TableName&) override { return std::nullopt; }

    bool has_contract(const TableName& table) override { return tables_->contracted.contains(table); }

    Clock& clock() override { return *tables_->clock; }

    void pin(const TableName& table, delta::Version version) override {
        const std::lock_guard lock(mutex_);
        // What follows the table's newest version sees the write, and those that come after it.
        if (follows_cut(table.zone) || pins_.contains(table)) pins_[table] = version;
    }

private:
    // The lake's tables about its own work are never published: every cut reads their newest version.
    bool follows_cut(std::string_view zone) const { return published_.has_value() && zone != "ops"; }

    std::optional<delta::Version> fixed_version(const TableName& table) {
        const std::lock_guard lock(mutex_);
        if (const auto pinned = pins_.find(table); pinned != pins_.end()) return pinned->second;
        if (!published_) return std::nullopt;
        const auto published = published_->tables.find(table);
        return published == published_->tables.end() ? std::nullopt : std::optional(published->second.version);
    }

    std::unexpected<Error> missing(const TableName& table) {
        const auto there = tables(table.zone);
        const auto close = there ? close_names(table.table, *there) : std::vector<std::string>{};
        const std::string where = published_ ? fmt::format("lake version {}", published_->version) : "the lake";
        if (close.empty()) return fail(ErrorCode::kNotFound, "there is no table {} in {}", table.text(), where);
        return fail_with_hint(ErrorCode::kNotFound, fmt::format("Did you mean {}?", fmt::join(close, " or ")),
                              "there is no table {} in {}", table.text(), where);
    }

    const std::shared_ptr<LakeTables> tables_;  // shared with the lake: a session may outlive it
    const std::optional<LakeVersion> published_;
    std::mutex mutex_;
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
    const delta::TableLocation location = LAGOA_TRY(locate(table));
    const delta::Version version = LAGOA_TRY(delta::newest_version(location));
    return snapshots.read(location, version);
}

Result<std::shared_ptr<LakeView>> make_cut_view(std::shared_ptr<LakeTables> tables, LakeLog& log, const Cut& cut) {
    std::optional<LakeVersion> published;
    if (cut.base == Cut::Base::kPublished) published = LAGOA_TRY(log.latest());
    if (cut.base == Cut::Base::kVersion) published = LAGOA_TRY(log.at(cut.lake_version));
    return std::make_shared<CutView>(std::move(tables), std::move(published), cut.pins);
}

}  // namespace lagoa
