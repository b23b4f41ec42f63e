#include "delta/snapshot.h"

#include <algorithm>
#include <limits>

#include "delta/impl/log_files.h"
#include "delta/impl/rebuild.h"
#include "delta/impl/replay.h"
#include "delta/log_json.h"
#include "delta/stats.h"

namespace lagoa::delta {
namespace {

constexpr int kMaxListings = 4;    // of one read, while a clean-up takes files away
constexpr Version kMaxProbed = 4;  // commits that refresh() looks for one by one; when there are more, it lists the log

Rebuilt rebuild_listed(const TableLocation& table, const LogFiles& files, std::optional<Version> version) {
    const auto newest = files.newest();
    if (!newest) return {.snapshot = fail(ErrorCode::kNotFound, "there is no Delta table")};
    const auto oldest = files.oldest();
    if (version && (*version > *newest || *version < oldest.value_or(0)))
        return {.snapshot = fail(ErrorCode::kNotFound, "version {} is not there: versions {} to {} are", *version,
                                 oldest.value_or(0), *newest)};
    return rebuild(table, files, version.value_or(*newest));
}

Result<Rebuilt> read_once(const TableLocation& table, std::optional<Version> version) {
    const auto hint = LAGOA_TRY(read_last_checkpoint(table));
    if (hint && *hint > 0 && *hint <= version.value_or(*hint)) {
        const LogFiles recent = LAGOA_TRY(list_log(table, *hint));
        Rebuilt rebuilt = rebuild_listed(table, recent, version);
        if (rebuilt.snapshot) return rebuilt;
        // A hint is no promise: what it leads to may be gone or damaged while the whole log is sound.
        const ErrorCode code = rebuilt.snapshot.error().code;
        if (code != ErrorCode::kCorruption && code != ErrorCode::kNotFound) return rebuilt;
    }
    const LogFiles files = LAGOA_TRY(list_log(table));
    return rebuild_listed(table, files, version);
}

// What a listing and a look at the object itself say of one time may differ in precision.
bool is_same_object(const ObjectInfo& a, const ObjectInfo& b) {
    if (!a.version.empty() && !b.version.empty()) return a.version == b.version;
    const auto second = [](const ObjectInfo& object) {
        return std::chrono::floor<std::chrono::seconds>(object.modified);
    };
    const bool coarse = second(a) == a.modified || second(b) == b.modified;
    return a.size_bytes == b.size_bytes && (a.modified == b.modified || (coarse && second(a) == second(b)));
}

struct ReadCommit {
    ObjectInfo object;
    std::vector<Action> actions;
};

// nullopt: there is no such version yet.
Result<std::optional<ReadCommit>> read_commit(const TableLocation& table, Version version) {
    const std::string key = commit_key(table, version);
    const auto reader = table.store->reader(key);
    if (!reader && reader.error().code == ErrorCode::kNotFound) return std::nullopt;
    if (!reader) return pass_on(reader.error());
    ReadCommit commit{.object = (*reader)->info(), .actions = {}};
    std::string text(commit.object.size_bytes, '\0');
    const std::size_t size = LAGOA_TRY((*reader)->read(0, text));
    text.resize(size);
    commit.actions = LAGOA_TRY(parse_commit(text, key));
    return commit;
}

// Whether the commit that `known` was made from still stands. While it does, no later one has gone, for a log is
// cleaned up from its beginning. Another one in its place is another table's.
Result<bool> still_stands(const TableLocation& table, const Snapshot& known) {
    const auto object = table.store->head(known.log_file->key);
    if (!object && object.error().code != ErrorCode::kNotFound) return pass_on(object.error());
    return object && is_same_object(*object, *known.log_file);
}

// The newest version up to `limit` on top of `known`, by asking for one commit after the other; nullopt if there are
// many.
Result<std::optional<Snapshot>> probe(const TableLocation& table, const std::shared_ptr<const Snapshot>& known,
                                      Version limit) {
    Replay replay(known);
    ObjectInfo newest = *known->log_file;
    Version at = known->version;
    while (at < limit) {
        auto commit = LAGOA_TRY(read_commit(table, at + 1));
        if (!commit) break;
        if (++at > known->version + kMaxProbed) return std::nullopt;
        newest = std::move(commit->object);
        replay.start_commit();
        for (auto& action : commit->actions) replay.apply(std::move(action));
    }
    if (at == known->version) return *known;
    const std::optional<CommitInfo> info = replay.commit_info();
    Snapshot next = LAGOA_TRY(std::move(replay).finish(at));
    next.timestamp_ms = LAGOA_TRY(commit_timestamp(table, next, newest, info));
    next.log_file = std::move(newest);
    return next;
}

// As probe(), by one listing.
Result<Snapshot> catch_up(const TableLocation& table, const std::shared_ptr<const Snapshot>& known,
                          std::optional<Version> version) {
    const LogFiles files = LAGOA_TRY(list_log(table, known->version));
    const Version newest = files.newest().value_or(known->version);
    return rebuild(table, files, std::min(version.value_or(newest), newest), known).snapshot;
}

// The newest version, or `version`, on top of `known`. kNotFound or kCorruption if that is no way to it: `known` is
// another table's, what came after it was cleaned up, or there is no such version.
Result<std::shared_ptr<const Snapshot>> follow(const TableLocation& table, const std::shared_ptr<const Snapshot>& known,
                                               std::optional<Version> version) {
    if (!known->log_file || version.value_or(known->version) < known->version)
        return fail(ErrorCode::kNotFound, "version {} does not lead there", known->version);
    auto next = LAGOA_TRY(probe(table, known, version.value_or(std::numeric_limits<Version>::max())));
    if (!next) next = LAGOA_TRY(catch_up(table, known, version));
    const bool stands = LAGOA_TRY(still_stands(table, *known));
    if (!stands || next->version < version.value_or(next->version))
        return fail(ErrorCode::kNotFound, "version {} leads to {} only", known->version, next->version);
    if (next->version == known->version) return known;
    return std::make_shared<const Snapshot>(*std::move(next));
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> read_snapshot(const TableLocation& table, std::optional<Version> version) {
    for (int listing = 1;; ++listing) {
        auto read = LAGOA_TRY(read_once(table, version), "reading table {}", name_of(table));
        if (read.snapshot) return std::make_shared<const Snapshot>(*std::move(read.snapshot));
        // What every listing names and is never there was not cleaned up while we read: it is lost.
        const bool lost = listing == kMaxListings && read.snapshot.error().code == ErrorCode::kCorruption;
        if (!read.vanished || lost)
            return pass_on(std::move(read.snapshot).error(), "reading table {}", name_of(table));
        if (listing == kMaxListings)
            return fail(ErrorCode::kUnavailable, "reading table {}: files of its log vanish: {}", name_of(table),
                        read.snapshot.error().message);
    }
}

Result<std::shared_ptr<const Snapshot>> refresh(const TableLocation& table, std::shared_ptr<const Snapshot> known,
                                                std::optional<Version> version) {
    auto followed = follow(table, known, version);
    if (followed) return followed;
    const ErrorCode code = followed.error().code;
    if (code != ErrorCode::kNotFound && code != ErrorCode::kCorruption)
        return pass_on(std::move(followed).error(), "reading table {}", name_of(table));
    return read_snapshot(table, version);
}

Result<Version> newest_version(const TableLocation& table) {
    const auto hint = LAGOA_TRY(read_last_checkpoint(table), "reading table {}", name_of(table));
    for (const Version from : {hint.value_or(0), Version{0}}) {
        const LogFiles files = LAGOA_TRY(list_log(table, from), "reading table {}", name_of(table));
        if (const auto newest = files.newest()) return *newest;
        if (from == 0) break;
    }
    return fail(ErrorCode::kNotFound, "reading table {}: there is no Delta table", name_of(table));
}

std::int64_t Snapshot::txn_version(std::string_view app_id) const {
    const auto at = txns.find(std::string(app_id));
    return at == txns.end() ? -1 : at->second.version;
}

std::uint64_t Snapshot::size_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& file : files) sum += static_cast<std::uint64_t>(std::max<std::int64_t>(file.size_bytes, 0));
    return sum;
}

std::optional<std::uint64_t> Snapshot::row_count() const {
    std::uint64_t sum = 0;
    for (const auto& file : files) {
        const auto rows = live_row_count(file);
        if (!rows) return std::nullopt;
        sum += *rows;
    }
    return sum;
}

}  // namespace lagoa::delta
