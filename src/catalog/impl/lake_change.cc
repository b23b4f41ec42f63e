#include "catalog/impl/lake_change.h"

#include <algorithm>

#include <fmt/format.h>

namespace lagoa {
namespace {

template <class Map>
const typename Map::mapped_type* find(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

template <class Map>
bool moved(const Map& base, const Map& latest, const typename Map::key_type& key) {
    const auto* before = find(base, key);
    const auto* now = find(latest, key);
    return (before == nullptr) != (now == nullptr) || (before != nullptr && *before != *now);
}

constexpr std::string_view kAgain = "Look at the newest lake version and try again.";

std::unexpected<Error> changed_meanwhile(std::string_view what, std::string_view name, const LakeVersion& base,
                                         const LakeVersion& latest) {
    return fail_with_hint(ErrorCode::kConflict, std::string(kAgain),
                          "publishing {} {}: someone else changed it between lake versions {} and {}", what, name,
                          base.version, latest.version);
}

Result<> put_tables(const LakeChange& change, const LakeVersion& latest, LakeVersion& next) {
    for (const auto& [name, table] : change.tables) {
        if (const auto* dropped = find(latest.dropped, name); dropped && dropped->version >= table.version)
            return fail_with_hint(ErrorCode::kConflict, "Create it anew.",
                                  "publishing {} at version {}: it was dropped at version {}", name.text(),
                                  table.version, dropped->version);
        if (next.views.contains(name))
            return fail_with_hint(ErrorCode::kAlreadyExists, fmt::format("DROP VIEW {}", name.text()),
                                  "publishing table {}: there is a view of that name", name.text());
        if (const auto* now = find(latest.tables, name)) {
            if (now->location != table.location)
                return fail(ErrorCode::kConflict, "publishing {} at {}: lake version {} has it at {}", name.text(),
                            table.location, latest.version, now->location);
            if (now->version >= table.version) continue;  // what is published holds ours
        }
        next.tables[name] = table;
        next.dropped.erase(name);
    }
    return {};
}

Result<> drop_tables(const LakeChange& change, const LakeVersion& latest, LakeVersion& next) {
    for (const auto& [name, table] : change.dropped_tables) {
        if (const auto* now = find(latest.tables, name); now && now->version > table.version)
            return fail_with_hint(ErrorCode::kConflict, std::string(kAgain),
                                  "dropping {} at version {}: lake version {} has it at version {}", name.text(),
                                  table.version, latest.version, now->version);
        next.tables.erase(name);
        PublishedTable& dropped = next.dropped[name];
        if (dropped.location.empty() || dropped.version < table.version) dropped = table;
    }
    return {};
}

Result<> put_views(const LakeChange& change, const LakeVersion& base, const LakeVersion& latest, LakeVersion& next) {
    for (const TableName& name : change.dropped_views) {
        if (latest.views.contains(name) && moved(base.views, latest.views, name))
            return changed_meanwhile("the drop of view", name.text(), base, latest);
        next.views.erase(name);
    }
    for (const auto& [name, sql] : change.views) {
        const auto* now = find(latest.views, name);
        if (moved(base.views, latest.views, name) && (now == nullptr || *now != sql))
            return changed_meanwhile("view", name.text(), base, latest);
        if (next.tables.contains(name))
            return fail(ErrorCode::kAlreadyExists, "publishing view {}: there is a table of that name", name.text());
        next.views[name] = sql;
    }
    return {};
}

Result<> put_tags(const LakeChange& change, const LakeVersion& base, const LakeVersion& latest, LakeVersion& next) {
    for (const std::string& name : change.dropped_tags) {
        if (latest.tags.contains(name) && moved(base.tags, latest.tags, name))
            return changed_meanwhile("the end of tag", name, base, latest);
        next.tags.erase(name);
    }
    for (const auto& [name, version] : change.tags) {
        if (!is_tag_name(name))
            return fail_with_hint(ErrorCode::kInvalidArgument,
                                  "Use letters, digits, '.', '_' and '-', a letter or digit first, at most 100.",
                                  "\"{}\" is not a tag's name", name);
        if (version == 0 || version > latest.version)
            return fail(ErrorCode::kInvalidArgument, "tagging lake version {} as {}: the newest is {}", version, name,
                        latest.version);
        const auto* now = find(latest.tags, name);
        if (moved(base.tags, latest.tags, name) && (now == nullptr || *now != version))
            return changed_meanwhile("tag", name, base, latest);
        next.tags[name] = version;
    }
    return {};
}

}  // namespace

Result<LakeVersion> apply_change(const LakeChange& change, const LakeVersion& base, const LakeVersion& latest) {
    LakeVersion next = latest;
    LAGOA_TRY(drop_tables(change, latest, next));
    LAGOA_TRY(put_views(change, base, latest, next));
    LAGOA_TRY(put_tables(change, latest, next));
    LAGOA_TRY(put_tags(change, base, latest, next));
    return next;
}

bool same_state(const LakeVersion& a, const LakeVersion& b) {
    return a.tables == b.tables && a.views == b.views && a.tags == b.tags && a.dropped == b.dropped;
}

bool is_tag_name(std::string_view name) {
    constexpr std::size_t kMaxLength = 100;
    const auto alphanumeric = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    return !name.empty() && name.size() <= kMaxLength && alphanumeric(name.front()) &&
           std::ranges::all_of(name, [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace lagoa
