#include "delta/snapshot.h"

#include <ranges>

#include "base/log.h"
#include "delta/impl/log_files.h"
#include "delta/log_json.h"
#include "delta/impl/replay.h"
#include "delta/stats.h"

namespace lagoa::delta {
namespace {

std::int64_t to_ms(Instant instant) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(instant.time_since_epoch()).count();
}

std::string name_of(const TableLocation& table) {
    return table.path.empty() ? table.store->root() : table.store->root() + "/" + table.path;
}

// One attempt to rebuild `target` from what one listing showed.
class Rebuild {
public:
    Rebuild(const TableLocation& table, const LogFiles& files, Version target)
        : table_(table), files_(files), target_(target) {}

    // From the newest checkpoint that can be read, or from the first commit.
    Result<Snapshot> run() {
        std::optional<Error> damage;
        for (const auto& checkpoint : files_.checkpoints | std::views::reverse) {
            if (checkpoint.version > target_) continue;
            Replay replay;
            auto read = read_checkpoint(checkpoint, replay);
            if (read) return finish(std::move(replay), checkpoint.version);
            const ErrorCode code = read.error().code;
            if (code != ErrorCode::kCorruption && code != ErrorCode::kNotFound) return pass_on(std::move(read).error());
            log::warn("delta.checkpoint_skipped",
                      {{"table", name_of(table_)}, {"version", checkpoint.version}, {"error", read.error().message}});
            if (!damage) damage = std::move(read).error();
        }
        if (files_.commits.contains(0)) return finish(Replay(), -1);
        if (damage) return fail(ErrorCode::kCorruption, "{}", damage->message);
        if (files_.has_v2_checkpoint)
            return fail(ErrorCode::kUnsupported, "only a checkpoint of v2Checkpoint holds version {}", target_);
        return fail(ErrorCode::kCorruption, "the log has neither its first version nor a checkpoint up to version {}",
                    target_);
    }

private:
    Result<> read_checkpoint(const Checkpoint& checkpoint, Replay& replay) {
        for (const auto& part : checkpoint.parts) {
            const auto apply = [&](Action action) -> Result<> {
                replay.apply(std::move(action));
                return {};
            };
            LAGOA_TRY(table_.parquet->read_actions(*table_.store, part.key, apply), "reading checkpoint {}", part.key);
        }
        return {};
    }

    // Replays the commits after version `from`, none of which may be missing.
    Result<Snapshot> finish(Replay replay, Version from) {
        for (Version version = from + 1; version <= target_; ++version) {
            const auto commit = files_.commits.find(version);
            if (commit == files_.commits.end())
                return fail(ErrorCode::kCorruption, "the log has version {} but not {}", target_, version);
            const std::string& key = commit->second.key;
            const auto text = table_.store->get(key);
            if (!text && text.error().code == ErrorCode::kNotFound)
                return fail(ErrorCode::kUnavailable, "{} was removed while the table was being read", key);
            if (!text) return pass_on(text.error());
            replay.start_commit();
            auto actions = LAGOA_TRY(parse_commit(*text, key));
            for (auto& action : actions) replay.apply(std::move(action));
        }
        return std::move(replay).finish(target_, to_ms(log_time()));
    }

    Instant log_time() const {
        if (const auto commit = files_.commits.find(target_); commit != files_.commits.end())
            return commit->second.modified;
        return files_.checkpoints.back().parts.front().modified;  // the target's commit was cleaned up: its checkpoint
                                                                  // stands
    }

    const TableLocation& table_;
    const LogFiles& files_;
    const Version target_;
};

Result<std::shared_ptr<const Snapshot>> rebuild(const TableLocation& table, const LogFiles& files,
                                                std::optional<Version> version) {
    const auto newest = files.newest();
    if (!newest) {
        if (files.has_v2_checkpoint)
            return fail(ErrorCode::kUnsupported, "its log holds nothing but a checkpoint of v2Checkpoint");
        return fail(ErrorCode::kNotFound, "there is no Delta table");
    }
    const auto oldest = files.oldest();
    if (version && (*version > *newest || *version < oldest.value_or(0)))
        return fail(ErrorCode::kNotFound, "version {} is not there: versions {} to {} are", *version,
                    oldest.value_or(0), *newest);
    return std::make_shared<const Snapshot>(LAGOA_TRY(Rebuild(table, files, version.value_or(*newest)).run()));
}

}  // namespace

Result<std::shared_ptr<const Snapshot>> read_snapshot(const TableLocation& table, std::optional<Version> version) {
    const auto hint = LAGOA_TRY(read_last_checkpoint(table), "reading table {}", name_of(table));
    if (hint && *hint > 0 && *hint <= version.value_or(*hint)) {
        const LogFiles recent = LAGOA_TRY(list_log(table, *hint), "reading table {}", name_of(table));
        auto snapshot = rebuild(table, recent, version);
        if (snapshot) return snapshot;
        // A hint is no promise: what it leads to may be gone or damaged while the whole log is sound.
        const ErrorCode code = snapshot.error().code;
        if (code != ErrorCode::kCorruption && code != ErrorCode::kNotFound)
            return pass_on(std::move(snapshot).error(), "reading table {}", name_of(table));
    }
    const LogFiles files = LAGOA_TRY(list_log(table), "reading table {}", name_of(table));
    return LAGOA_TRY(rebuild(table, files, version), "reading table {}", name_of(table));
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
        const auto stats = FileStats::parse(file.stats);
        if (!stats || !stats->row_count()) return std::nullopt;
        const std::int64_t deleted = file.deletion_vector ? file.deletion_vector->cardinality : 0;
        sum += static_cast<std::uint64_t>(std::max<std::int64_t>(*stats->row_count() - deleted, 0));
    }
    return sum;
}

}  // namespace lagoa::delta
