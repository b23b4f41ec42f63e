#include "catalog/lake_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/id.h"
#include "base/log.h"

namespace lagoa {
namespace {

constexpr std::string_view kFolder = "_lagoa/log/";
constexpr std::string_view kHintKey = "_lagoa/_last";
constexpr std::string_view kFormatName = "lagoa.lake.version/";
constexpr std::string_view kFormat = "lagoa.lake.version/1";
constexpr int kMaxAttempts = 50;  // each lost race is a publish of someone else

std::string key_of(std::uint64_t version) {
    return fmt::format("{}{:020}.json", kFolder, version);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

// The version that `key` names; other objects of the folder are none of ours.
std::optional<std::uint64_t> version_of(std::string_view key) {
    if (!key.starts_with(kFolder) || !key.ends_with(".json") || key.size() != kFolder.size() + 25) return std::nullopt;
    return parse_number(key.substr(kFolder.size(), 20));
}

json::Value to_json(const LakeVersion& entry, const std::string& id) {
    json::Object tables;
    for (const auto& [name, table] : entry.tables)
        tables.set(name.text(), json::make_object({{"location", table.location}, {"version", table.version}}));
    json::Object views;
    for (const auto& [name, sql] : entry.views) views.set(name.text(), sql);
    json::Object tags;
    for (const auto& [name, version] : entry.tags) tags.set(name, version);
    return json::make_object({{"format", kFormat},
                              {"version", entry.version},
                              {"id", id},
                              {"time", format_instant(entry.time)},
                              {"run", entry.run},
                              {"tables", std::move(tables)},
                              {"views", std::move(views)},
                              {"tags", std::move(tags)}});
}

std::unexpected<Error> damaged(std::uint64_t version, std::string_view what) {
    return fail(ErrorCode::kCorruption, "reading lake version {} ({}): {}", version, key_of(version), what);
}

Result<std::map<TableName, PublishedTable>> parse_tables(std::uint64_t version, const json::Value& value) {
    std::map<TableName, PublishedTable> tables;
    if (!value.is_object()) return damaged(version, "\"tables\" is not an object");
    for (const auto& [text, content] : *value.object()) {
        const auto name = TableName::parse(text);
        const auto location = content.string_at("location");
        const auto table_version = content.int64_at("version");
        if (!name || !location || !table_version) return damaged(version, "the entry of table " + text);
        tables[*name] = {*location, *table_version};
    }
    return tables;
}

Result<LakeVersion> parse_entry(std::uint64_t version, std::string_view text) {
    const auto value = json::parse(text);
    if (!value) return damaged(version, value.error().message);
    const std::string format = value->string_at("format").value_or("");
    if (format != kFormat && format.starts_with(kFormatName))
        return fail_with_hint(ErrorCode::kUnsupported, "Use the version of lagoa that wrote it, or a newer one.",
                              "reading lake version {}: its format is {}, this version of lagoa reads {}", version,
                              format, kFormat);
    if (format != kFormat) return damaged(version, "its format is \"" + format + "\"");

    LakeVersion entry;
    const auto number = value->int64_at("version");
    const auto time = parse_instant(value->string_at("time").value_or(""));
    const json::Value* tables = value->find("tables");
    if (!number || static_cast<std::uint64_t>(*number) != version) return damaged(version, "it names another version");
    if (!time || !tables) return damaged(version, "it has no \"time\" or \"tables\"");
    entry.version = version;
    entry.time = *time;
    entry.run = value->string_at("run").value_or("");
    entry.tables = LAGOA_TRY(parse_tables(version, *tables));
    if (const json::Value* views = value->find("views"); views && views->object())
        for (const auto& [full_name, sql] : *views->object()) {
            const auto name = TableName::parse(full_name);
            if (!name || !sql.string()) return damaged(version, "the view " + full_name);
            entry.views[*name] = *sql.string();
        }
    if (const json::Value* tags = value->find("tags"); tags && tags->object())
        for (const auto& [name, tagged] : *tags->object()) {
            const auto to = tagged.number() ? tagged.number()->to_int64() : std::nullopt;
            if (!to || *to < 0) return damaged(version, "the tag " + name);
            entry.tags[name] = static_cast<std::uint64_t>(*to);
        }
    return entry;
}

Result<LakeVersion> read_entry(ObjectStore& store, std::uint64_t version) {
    const std::string text = LAGOA_TRY(store.get(key_of(version)), "reading lake version {}", version);
    return parse_entry(version, text);
}

std::optional<std::uint64_t> highest(const std::vector<ObjectInfo>& objects) {
    for (auto object = objects.rbegin(); object != objects.rend(); ++object)
        if (const auto version = version_of(object->key)) return version;
    return std::nullopt;
}

// The newest version, 0 if there is none. The hint spares a listing from the first entry on; it may be
// missing or old, and is checked by listing from it.
Result<std::uint64_t> newest(ObjectStore& store) {
    const auto hint_text = store.get(kHintKey);
    const std::uint64_t hint = hint_text ? parse_number(*hint_text).value_or(0) : 0;
    if (hint > 0) {
        const auto since_hint = LAGOA_TRY(store.list(kFolder, key_of(hint - 1)), "listing lake versions");
        if (const auto found = highest(since_hint)) return *found;
    }
    const auto all = LAGOA_TRY(store.list(kFolder), "listing lake versions");
    return highest(all).value_or(0);
}

// Writes `text` as `version`; false if that version was taken. A put whose outcome is unknown is read back.
Result<bool> put_entry(ObjectStore& store, std::uint64_t version, const std::string& text) {
    const auto put = store.put_if_absent(key_of(version), text);
    if (put) return true;
    if (put.error().code == ErrorCode::kAlreadyExists) return false;
    if (!is_outcome_unknown(put.error().code)) return pass_on(put.error(), "publishing lake version {}", version);
    const auto there = store.get(key_of(version));
    if (!there) return pass_on(put.error(), "publishing lake version {}", version);
    return *there == text;
}

// kConflict if one of `tables` moved, since `base`, to where this publisher does not want it.
Result<> check_disjoint(const std::map<TableName, PublishedTable>& tables, const LakeVersion& base,
                        const LakeVersion& latest) {
    const auto published = [](const LakeVersion& version, const TableName& name) -> const PublishedTable* {
        const auto found = version.tables.find(name);
        return found == version.tables.end() ? nullptr : &found->second;
    };
    for (const auto& [name, table] : tables) {
        const PublishedTable* before = published(base, name);
        const PublishedTable* now = published(latest, name);
        const bool moved = (before == nullptr) != (now == nullptr) || (before && *before != *now);
        if (moved && now && *now != table)
            return fail_with_hint(
                ErrorCode::kConflict, "Run again from the newest lake version.",
                "publishing {} at version {}: lake version {} has it at version {}, published since lake version {}",
                name.text(), table.version, latest.version, now->version, base.version);
    }
    return {};
}

}  // namespace

LakeLog::LakeLog(std::shared_ptr<ObjectStore> store, Clock& clock) : store_(std::move(store)), clock_(clock) {}

Result<LakeVersion> LakeLog::latest() {
    const std::uint64_t version = LAGOA_TRY(newest(*store_));
    return at(version);
}

Result<LakeVersion> LakeLog::at(std::uint64_t version) {
    if (version == 0) return LakeVersion{};
    auto entry = read_entry(*store_, version);
    if (entry || entry.error().code != ErrorCode::kNotFound) return entry;
    const std::uint64_t last = LAGOA_TRY(newest(*store_));
    return fail(ErrorCode::kNotFound, "there is no lake version {}; the newest is {}", version, last);
}

Result<std::vector<LakeVersion>> LakeLog::history(std::size_t limit) {
    std::vector<LakeVersion> versions;
    for (std::uint64_t version = LAGOA_TRY(newest(*store_)); version > 0 && versions.size() < limit; --version)
        versions.push_back(LAGOA_TRY(read_entry(*store_, version)));
    return versions;
}

Result<LakeVersion> LakeLog::publish(const LakeChange& change, const LakeVersion& base, std::string_view run) {
    const std::string id = new_uuid();  // tells our entry from an equal one of someone else
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        const LakeVersion latest = LAGOA_TRY(this->latest());
        LAGOA_TRY(check_disjoint(change.tables, base, latest));
        LakeVersion next = latest;
        for (const auto& [name, table] : change.tables) next.tables[name] = table;
        if (next.tables == latest.tables) return latest;
        next.version = latest.version + 1;
        next.time = std::max(clock_.now(), latest.time);  // versions by day need times that never go back
        next.run = run;
        const bool done = LAGOA_TRY(put_entry(*store_, next.version, json::dump(to_json(next, id), 2) + "\n"));
        if (!done) continue;
        if (const auto hinted = store_->put(kHintKey, std::to_string(next.version)); !hinted)  // an old hint serves too
            log::debug("catalog.lake_hint_failed", {{"version", next.version}, {"error", hinted.error().message}});
        return next;
    }
    return fail(ErrorCode::kConflict, "publishing {} tables: {} others published first, every time", change.tables.size(),
                kMaxAttempts);
}

}  // namespace lagoa
