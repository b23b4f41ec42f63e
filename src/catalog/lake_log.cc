#include "catalog/lake_log.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/log.h"
#include "catalog/impl/close_names.h"
#include "catalog/impl/lake_change.h"
#include "catalog/impl/lake_checkpoint.h"
#include "catalog/impl/lake_entry.h"
#include "model/time_zone.h"

namespace lagoa {
namespace {

constexpr std::string_view kHintKey = "_lagoa/_last";
constexpr int kMaxAttempts = 200;  // each lost race is a publish of someone else
constexpr int kMaxSteps = 16;      // entries read one after another before the log is listed

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::uint64_t> highest(const std::vector<ObjectInfo>& objects) {
    for (auto object = objects.rbegin(); object != objects.rend(); ++object)
        if (const auto version = lake_entry_version(object->key)) return version;
    return std::nullopt;
}

// Writes `entry`; false if its version was taken. A put whose outcome is unknown is read back.
Result<bool> put_entry(ObjectStore& store, const LakeEntry& entry) {
    const std::string key = lake_entry_key(entry.state.version);
    const std::string text = print_lake_entry(entry);
    const auto put = store.put_if_absent(key, text);
    if (put) return true;
    if (put.error().code == ErrorCode::kAlreadyExists) return false;
    const auto failed = [&] { return pass_on(put.error(), "publishing lake version {}", entry.state.version); };
    if (!is_outcome_unknown(put.error().code)) return failed();
    const auto there = store.get(key);
    if (!there) return failed();
    return *there == text;
}

// What is newest is known without these, but slower: their failure changes nothing of the publish.
void put_accelerators(ObjectStore& store, std::uint64_t version) {
    if (const auto hinted = store.put(kHintKey, std::to_string(version)); !hinted)
        log::debug("catalog.lake_hint_failed", {{"version", version}, {"error", hinted.error().message}});
    if (version % kLakeCheckpointInterval != 0) return;
    if (const auto written = write_lake_checkpoint(store, version); !written)
        log::warn("catalog.lake_checkpoint_failed", {{"version", version}, {"error", written.error().message}});
}

// Two versions around a time: `before` is at or before it (0 always is), `after` is after it.
struct Bounds {
    std::uint64_t before = 0;
    std::uint64_t after = 0;
};

Result<Instant> time_of(ObjectStore& store, std::uint64_t version) {
    return LAGOA_TRY(read_lake_entry(store, version)).state.time;
}

// As close as checkpoints tell.
Bounds bounds_by_checkpoints(ObjectStore& store, Instant time, Bounds bounds) {
    const auto names = list_lake_checkpoints(store);
    if (!names) return bounds;
    for (const LakeCheckpointName& name : *names) {
        if (name.version >= bounds.after) break;
        if (name.time <= time) {
            bounds.before = name.version;
            continue;
        }
        bounds.after = name.version;
        const auto checkpoint = read_lake_checkpoint(store, name);
        if (!checkpoint) break;
        for (const LakeMark& mark : checkpoint->marks) {
            if (mark.version > bounds.before && mark.time <= time) bounds.before = mark.version;
            if (mark.time > time) {
                bounds.after = mark.version;
                break;
            }
        }
        break;
    }
    return bounds;
}

bool holds(ObjectStore& store, const Bounds& bounds, Instant time) {
    if (bounds.before >= bounds.after) return false;
    if (bounds.before > 0) {
        const auto before = time_of(store, bounds.before);
        if (!before || *before > time) return false;
    }
    const auto after = time_of(store, bounds.after);
    return after && *after > time;
}

// Days since 1970 of `YYYY-MM-DD`.
std::optional<std::int32_t> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_number(text.substr(0, 4));
    const auto month = parse_number(text.substr(5, 2));
    const auto day = parse_number(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

std::string print_day(std::int32_t day) {
    return format_instant(Instant(std::chrono::days(day))).substr(0, 10);
}

// Those from `oldest` on and the tagged ones, ascending.
std::vector<std::uint64_t> kept_lake_versions(const LakeVersion& newest, std::uint64_t oldest) {
    std::vector<std::uint64_t> lake_versions;
    for (const auto& [tag, version] : newest.tags)
        if (version > 0 && version < oldest) lake_versions.push_back(version);
    std::ranges::sort(lake_versions);
    const auto repeated = std::ranges::unique(lake_versions);
    lake_versions.erase(repeated.begin(), repeated.end());
    for (std::uint64_t version = oldest; version <= newest.version; ++version) lake_versions.push_back(version);
    return lake_versions;
}

// What a lake version says of one table. Equal states of two lake versions are the state of all between them: a table
// that is known stays so, and neither its version nor that at which it was dropped goes back.
struct TableState {
    enum class Kind { kUnknown, kPublished, kDropped };
    Kind kind = Kind::kUnknown;
    delta::Version version = 0;
    bool operator==(const TableState&) const = default;
};

TableState state_of(const TableName& table, const LakeVersion& entry) {
    if (const auto there = entry.tables.find(table); there != entry.tables.end())
        return {TableState::Kind::kPublished, there->second.version};
    if (const auto gone = entry.dropped.find(table); gone != entry.dropped.end())
        return {TableState::Kind::kDropped, gone->second.version};
    return {};
}

std::unexpected<Error> no_such_tag(const std::string& name, const LakeVersion& latest) {
    if (latest.tags.empty())
        return fail_with_hint(ErrorCode::kNotFound, "lagoa tag NAME makes one.", "there is no tag {}, nor any other",
                              name);
    std::vector<std::string> names;
    for (const auto& [tag, version] : latest.tags) names.push_back(tag);
    const auto close = close_names(name, names);
    if (!close.empty())
        return fail_with_hint(ErrorCode::kNotFound, fmt::format("Did you mean {}?", fmt::join(close, " or ")),
                              "there is no tag {}", name);
    // Those of the newest versions, which are most often meant.
    std::ranges::stable_sort(names,
                             [&](const auto& a, const auto& b) { return latest.tags.at(a) > latest.tags.at(b); });
    constexpr std::size_t kShown = 3;
    const std::size_t shown = std::min(kShown, names.size());
    names.resize(shown);
    return fail_with_hint(ErrorCode::kNotFound,
                          fmt::format("Of {} tags the newest: {}", latest.tags.size(), fmt::join(names, ", ")),
                          "there is no tag {}", name);
}

}  // namespace

LakeLog::LakeLog(std::shared_ptr<ObjectStore> store, Clock& clock) : store_(std::move(store)), clock_(clock) {}

// The hint, or else the newest checkpoint, spares a listing from the first entry on. They may be missing, old or
// wrong: only what the listing after them shows counts.
Result<std::uint64_t> LakeLog::newest_by_listing() {
    const auto hint_text = store_->get(kHintKey);
    std::uint64_t from = hint_text ? parse_number(*hint_text).value_or(0) : 0;
    if (from == 0)
        if (const auto checkpoints = list_lake_checkpoints(*store_); checkpoints && !checkpoints->empty())
            from = checkpoints->back().version;
    if (from > 0) {
        const auto since = LAGOA_TRY(store_->list(kLakeLogFolder, lake_entry_key(from - 1)), "listing lake versions");
        if (const auto found = highest(since)) return *found;
    }
    const auto all = LAGOA_TRY(store_->list(kLakeLogFolder), "listing lake versions");
    return highest(all).value_or(0);
}

void LakeLog::remember(const LakeVersion& newest) {
    const std::lock_guard lock(mutex_);
    if (!known_ || known_->version < newest.version) known_ = std::make_shared<const LakeVersion>(newest);
}

Result<LakeVersion> LakeLog::latest() {
    std::shared_ptr<const LakeVersion> known;
    {
        const std::lock_guard lock(mutex_);
        known = known_;
    }
    // Entries have no gaps and are never removed: the newest one seen is the newest until the next number is taken.
    for (int step = 0; known && step < kMaxSteps; ++step) {
        auto next = read_lake_entry(*store_, known->version + 1);
        if (!next && next.error().code != ErrorCode::kNotFound) return pass_on(next.error());
        if (!next) {
            remember(*known);
            return *known;
        }
        known = std::make_shared<const LakeVersion>(std::move(next->state));
    }
    const std::uint64_t version = LAGOA_TRY(newest_by_listing());
    if (version == 0) return LakeVersion{};
    LakeVersion newest = LAGOA_TRY(read_lake_entry(*store_, version)).state;
    remember(newest);
    return newest;
}

Result<LakeVersion> LakeLog::at(std::uint64_t version) {
    if (version == 0) return LakeVersion{};
    auto entry = read_lake_entry(*store_, version);
    if (entry) return std::move(entry->state);
    if (entry.error().code != ErrorCode::kNotFound) return pass_on(entry.error());
    const LakeVersion last = LAGOA_TRY(latest());
    return fail(ErrorCode::kNotFound, "there is no lake version {}; the newest is {}", version, last.version);
}

Result<std::vector<LakeMark>> LakeLog::history(std::size_t limit) {
    std::vector<LakeMark> marks;
    std::vector<LakeCheckpointName> checkpoints;
    if (limit > kLakeCheckpointInterval)
        if (auto listed = list_lake_checkpoints(*store_)) checkpoints = std::move(*listed);
    std::uint64_t version = LAGOA_TRY(latest()).version;
    while (version > 0 && marks.size() < limit) {
        const LakeEntry entry = LAGOA_TRY(read_lake_entry(*store_, version));
        while (!checkpoints.empty() && checkpoints.back().version > version) checkpoints.pop_back();
        if (!checkpoints.empty() && checkpoints.back().version == version) {
            const auto checkpoint = read_lake_checkpoint(*store_, checkpoints.back());
            if (checkpoint && checkpoint->id == entry.id) {
                for (auto mark = checkpoint->marks.rbegin(); mark != checkpoint->marks.rend(); ++mark)
                    if (marks.size() < limit) marks.push_back(*mark);
                version -= kLakeCheckpointInterval;
                continue;
            }
        }
        marks.push_back({version, entry.state.time, entry.state.run});
        --version;
    }
    return marks;
}

Result<std::uint64_t> LakeLog::version_at(Instant time) {
    const LakeVersion newest = LAGOA_TRY(latest());
    if (newest.version == 0 || newest.time <= time) return newest.version;
    const Bounds all{0, newest.version};
    Bounds bounds = bounds_by_checkpoints(*store_, time, all);
    if (!holds(*store_, bounds, time)) bounds = all;
    while (bounds.after - bounds.before > 1) {
        const std::uint64_t middle = std::midpoint(bounds.before, bounds.after);
        const Instant then = LAGOA_TRY(time_of(*store_, middle));
        (then <= time ? bounds.before : bounds.after) = middle;
    }
    return bounds.before;
}

Result<LakeVersion> LakeLog::resolve(std::string_view text, const std::string& time_zone) {
    const std::string given(text);
    if (text.starts_with('@')) text.remove_prefix(1);
    if (text.starts_with("tag:")) {
        const LakeVersion newest = LAGOA_TRY(latest());
        const std::string name(text.substr(4));
        const auto tag = newest.tags.find(name);
        if (tag == newest.tags.end()) return no_such_tag(name, newest);
        return at(tag->second);
    }
    if (const auto number = parse_number(text.starts_with('v') ? text.substr(1) : text)) return at(*number);

    const auto day = parse_day(text);
    const auto instant = day ? Result<Instant>(Instant{}) : parse_instant(text);
    if (!instant)
        return fail_with_hint(
            ErrorCode::kInvalidArgument,
            "Use head, published, v12, 2026-09-30, 2026-09-30T18:00:00-03:00 or tag:NAME, each with or without @.",
            "\"{}\" is not something to read at", given);
    const TimeZone zone = LAGOA_TRY(TimeZone::load(time_zone));
    const Instant until = day ? zone.end_of_day(*day) - std::chrono::microseconds(1) : *instant;
    const std::uint64_t version = LAGOA_TRY(version_at(until));
    if (version > 0) return at(version);
    const LakeVersion newest = LAGOA_TRY(latest());
    if (newest.version == 0)
        return fail_with_hint(ErrorCode::kNotFound, "lagoa publish", "there is no lake version of {}: none at all",
                              given);
    const Instant first = LAGOA_TRY(time_of(*store_, 1));
    return fail(ErrorCode::kNotFound, "there is no lake version of {} or before; the first, v1, is of {} ({})", given,
                print_day(zone.day_at(first)), format_instant(first));
}

Result<LakeVersion> LakeLog::publish(const LakeChange& change, const LakeVersion& base, std::string_view run) {
    LakeEntry entry{.state = {}, .id = new_uuid()};  // the id tells our entry from an equal one of someone else
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        LakeVersion latest = LAGOA_TRY(this->latest());
        LakeVersion next = LAGOA_TRY(apply_change(change, base, latest));
        if (same_state(next, latest)) return latest;
        next.version = latest.version + 1;
        next.time = std::max(clock_.now(), latest.time);  // bisection by time needs times that never go back
        next.run = run;
        entry.state = std::move(next);
        if (!LAGOA_TRY(put_entry(*store_, entry))) continue;
        remember(entry.state);
        put_accelerators(*store_, entry.state.version);
        return std::move(entry.state);
    }
    return fail(ErrorCode::kConflict, "publishing: {} others published first, every time", kMaxAttempts);
}

// Once a table is known to the lake, it is in every later entry, published or dropped; and its version never goes
// back. So its oldest version is the one of the first lake version that knows it, which is found by bisection: one
// read when no table came later than the oldest lake version.
Result<std::map<TableName, delta::Version>> LakeLog::oldest_versions(const std::vector<std::uint64_t>& lake_versions,
                                                                     const LakeVersion& newest) {
    std::map<TableName, delta::Version> oldest;
    const auto version_in = [](const LakeVersion& entry, const TableName& name) -> std::optional<delta::Version> {
        if (const auto there = entry.tables.find(name); there != entry.tables.end()) return there->second.version;
        if (const auto gone = entry.dropped.find(name); gone != entry.dropped.end()) return gone->second.version + 1;
        return std::nullopt;
    };
    std::vector<TableName> names;
    for (const auto& [name, table] : newest.tables) names.push_back(name);
    for (const auto& [name, table] : newest.dropped) names.push_back(name);

    // `names` are known at `last` of lake_versions, and before `first` they are not.
    struct Range {
        std::size_t first, last;
        std::vector<TableName> names;
    };
    std::vector<Range> ranges = {{0, lake_versions.size() - 1, std::move(names)}};
    while (!ranges.empty()) {
        Range range = std::move(ranges.back());
        ranges.pop_back();
        if (range.names.empty()) continue;
        // The oldest of all first: it is the only one that most lakes need.
        const std::size_t probe = range.first == 0 ? 0 : std::midpoint(range.first, range.last);
        const LakeVersion entry = lake_versions[probe] == newest.version ? newest : LAGOA_TRY(at(lake_versions[probe]));
        Range later{probe + 1, range.last, {}};
        Range earlier{range.first, probe, {}};
        for (TableName& name : range.names) {
            const auto version = version_in(entry, name);
            if (!version)
                later.names.push_back(std::move(name));
            else if (probe == range.first)
                oldest[std::move(name)] = *version;
            else
                earlier.names.push_back(std::move(name));
        }
        ranges.push_back(std::move(later));
        ranges.push_back(std::move(earlier));
    }
    return oldest;
}

// What was the newest when retention began is within it.
Result<std::uint64_t> LakeLog::oldest_kept(const LakeRetention& retention) {
    return std::max<std::uint64_t>(LAGOA_TRY(version_at(clock_.now() - retention.keep)), 1);
}

Result<std::set<delta::Version>> LakeLog::kept_versions_of(const TableName& table, const LakeRetention& retention) {
    std::set<delta::Version> kept;
    const LakeVersion newest = LAGOA_TRY(latest());
    if (newest.version == 0) return kept;
    const std::vector<std::uint64_t> lake_versions =
        kept_lake_versions(newest, LAGOA_TRY(oldest_kept(retention), "looking for what must stay readable"));
    const auto read = [&](std::size_t place) -> Result<TableState> {
        const std::uint64_t version = lake_versions[place];
        const TableState state = state_of(
            table, version == newest.version ? newest : LAGOA_TRY(at(version), "reading lake version {}", version));
        if (state.kind == TableState::Kind::kPublished) kept.insert(state.version);
        return state;
    };
    struct Range {
        std::size_t first, last;  // their states are known
        TableState at_first, at_last;
    };
    const std::size_t last = lake_versions.size() - 1;
    const TableState at_first = LAGOA_TRY(read(0));
    const TableState at_last = LAGOA_TRY(read(last));
    std::vector<Range> ranges = {{0, last, at_first, at_last}};
    while (!ranges.empty()) {
        const Range range = ranges.back();
        ranges.pop_back();
        if (range.last - range.first < 2 || range.at_first == range.at_last) continue;
        const std::size_t middle = std::midpoint(range.first, range.last);
        const TableState at_middle = LAGOA_TRY(read(middle));
        ranges.push_back({range.first, middle, range.at_first, at_middle});
        ranges.push_back({middle, range.last, at_middle, range.at_last});
    }
    return kept;
}

Result<std::map<TableName, delta::Version>> LakeLog::kept_versions(const LakeRetention& retention) {
    const LakeVersion newest = LAGOA_TRY(latest());
    if (newest.version == 0) return std::map<TableName, delta::Version>{};
    const Instant now = clock_.now();
    {
        const std::lock_guard lock(mutex_);
        if (kept_ && kept_->newest == newest.version && kept_->retention.keep == retention.keep &&
            now < kept_->oldest_until)
            return kept_->versions;
    }
    Kept kept{
        .newest = newest.version, .oldest = 0, .oldest_until = Instant::max(), .retention = retention, .versions = {}};
    kept.oldest = LAGOA_TRY(oldest_kept(retention));
    if (kept.oldest < newest.version) {
        const Instant replaced = LAGOA_TRY(time_of(*store_, kept.oldest + 1));
        kept.oldest_until = replaced + retention.keep;
    }
    kept.versions = LAGOA_TRY(oldest_versions(kept_lake_versions(newest, kept.oldest), newest));
    const std::lock_guard lock(mutex_);
    kept_ = kept;
    return kept.versions;
}

Result<std::optional<Instant>> LakeLog::kept_until(std::uint64_t version, const LakeRetention& retention) {
    const LakeVersion newest = LAGOA_TRY(latest());
    if (version == newest.version) return std::nullopt;
    if (std::ranges::any_of(newest.tags, [&](const auto& tag) { return tag.second == version; })) return std::nullopt;
    LAGOA_TRY(at(version));
    const Instant replaced = LAGOA_TRY(time_of(*store_, version + 1));
    return std::optional(replaced + retention.keep);
}

}  // namespace lagoa
