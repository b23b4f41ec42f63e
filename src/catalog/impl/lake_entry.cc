#include "catalog/impl/lake_entry.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace lagoa {
namespace {

constexpr std::string_view kFormatName = "lagoa.lake.version/";
constexpr std::string_view kFormat = "lagoa.lake.version/2";
constexpr std::array<std::string_view, 2> kReadFormats = {"lagoa.lake.version/1", kFormat};  // /1 has no `dropped`

std::unexpected<Error> damaged(std::uint64_t version, std::string_view what) {
    return fail(ErrorCode::kCorruption, "reading lake version {} ({}): {}", version, lake_entry_key(version), what);
}

json::Object print_tables(const std::map<TableName, PublishedTable>& tables) {
    json::Object printed;
    for (const auto& [name, table] : tables)
        printed.set(name.text(), json::make_object({{"location", table.location}, {"version", table.version}}));
    return printed;
}

// The objects of an entry but `tables` may be missing.
Result<const json::Object*> object_at(std::uint64_t version, const json::Value& entry, std::string_view member) {
    static const json::Object none;
    const json::Value* value = entry.find(member);
    if (value == nullptr) return &none;
    if (!value->is_object()) return damaged(version, fmt::format("\"{}\" is not an object", member));
    return value->object();
}

Result<std::map<TableName, PublishedTable>> parse_tables(std::uint64_t version, const json::Object& object) {
    std::map<TableName, PublishedTable> tables;
    for (const auto& [text, content] : object) {
        const auto name = TableName::parse(text);
        const auto location = content.string_at("location");
        const auto table_version = content.int64_at("version");
        if (!name || !location || !table_version || *table_version < 0)
            return damaged(version, "the entry of table " + text);
        tables[*name] = {*location, *table_version};
    }
    return tables;
}

Result<std::map<TableName, std::string>> parse_views(std::uint64_t version, const json::Object& object) {
    std::map<TableName, std::string> views;
    for (const auto& [text, sql] : object) {
        const auto name = TableName::parse(text);
        if (!name || !sql.is_string()) return damaged(version, "the view " + text);
        views[*name] = *sql.string();
    }
    return views;
}

Result<std::map<std::string, std::uint64_t>> parse_tags(std::uint64_t version, const json::Object& object) {
    std::map<std::string, std::uint64_t> tags;
    for (const auto& [name, tagged] : object) {
        const auto to = tagged.is_number() ? tagged.number()->to_int64() : std::nullopt;
        if (!to || *to < 0) return damaged(version, "the tag " + name);
        tags[name] = static_cast<std::uint64_t>(*to);
    }
    return tags;
}

}  // namespace

std::string lake_entry_key(std::uint64_t version) {
    return fmt::format("{}{:020}.json", kLakeLogFolder, version);
}

std::optional<std::uint64_t> lake_entry_version(std::string_view key) {
    constexpr std::size_t kDigits = 20;
    if (!key.starts_with(kLakeLogFolder) || !key.ends_with(".json") ||
        key.size() != kLakeLogFolder.size() + kDigits + 5)
        return std::nullopt;
    const std::string_view digits = key.substr(kLakeLogFolder.size(), kDigits);
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return version;
}

std::string print_lake_entry(const LakeEntry& entry) {
    const LakeVersion& state = entry.state;
    json::Object views;
    for (const auto& [name, sql] : state.views) views.set(name.text(), sql);
    json::Object tags;
    for (const auto& [name, version] : state.tags) tags.set(name, version);
    const json::Value value = json::make_object({{"format", kFormat},
                                                 {"version", state.version},
                                                 {"id", entry.id},
                                                 {"time", format_instant(state.time)},
                                                 {"run", state.run},
                                                 {"tables", print_tables(state.tables)},
                                                 {"views", std::move(views)},
                                                 {"tags", std::move(tags)},
                                                 {"dropped", print_tables(state.dropped)}});
    return json::dump(value, 2) + "\n";
}

Result<LakeEntry> parse_lake_entry(std::uint64_t version, std::string_view text) {
    const auto value = json::parse(text);
    if (!value) return damaged(version, value.error().message);
    const std::string format = value->string_at("format").value_or("");
    if (std::ranges::find(kReadFormats, format) == kReadFormats.end()) {
        if (!format.starts_with(kFormatName)) return damaged(version, "its format is \"" + format + "\"");
        return fail_with_hint(ErrorCode::kUnsupported, "Use the version of lagoa that wrote it, or a newer one.",
                              "reading lake version {}: its format is {}, this version of lagoa reads {} and {}",
                              version, format, kReadFormats[0], kReadFormats[1]);
    }
    const auto number = value->int64_at("version");
    const auto time = parse_instant(value->string_at("time").value_or(""));
    if (!number || static_cast<std::uint64_t>(*number) != version) return damaged(version, "it names another version");
    if (!time || value->find("tables") == nullptr) return damaged(version, "it has no \"time\" or \"tables\"");
    LakeEntry entry;
    entry.id = value->string_at("id").value_or("");
    entry.state.version = version;
    entry.state.time = *time;
    entry.state.run = value->string_at("run").value_or("");
    const json::Object* tables = LAGOA_TRY(object_at(version, *value, "tables"));
    const json::Object* views = LAGOA_TRY(object_at(version, *value, "views"));
    const json::Object* tags = LAGOA_TRY(object_at(version, *value, "tags"));
    const json::Object* dropped = LAGOA_TRY(object_at(version, *value, "dropped"));
    entry.state.tables = LAGOA_TRY(parse_tables(version, *tables));
    entry.state.views = LAGOA_TRY(parse_views(version, *views));
    entry.state.tags = LAGOA_TRY(parse_tags(version, *tags));
    entry.state.dropped = LAGOA_TRY(parse_tables(version, *dropped));
    return entry;
}

Result<LakeEntry> read_lake_entry(ObjectStore& store, std::uint64_t version) {
    const std::string text = LAGOA_TRY(store.get(lake_entry_key(version)), "reading lake version {}", version);
    return parse_lake_entry(version, text);
}

}  // namespace lagoa
