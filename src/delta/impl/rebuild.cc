#include "delta/impl/rebuild.h"

#include <algorithm>
#include <atomic>
#include <ranges>

#include "base/log.h"
#include "delta/impl/read_ahead.h"
#include "delta/impl/replay.h"
#include "delta/log_json.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

constexpr Version kMaxUnlisted = 16;   // commits that a listing may have missed because they were just made
constexpr std::size_t kMaxBatch = 16;  // commits a thread reads at a time
constexpr ReadAhead kCommits{.readers = 8, .ahead = 16};
constexpr ReadAhead kParts{.readers = 4, .ahead = 4};  // of a checkpoint: each may hold 10^5 actions

bool has_substitute(ErrorCode code) {
    return code == ErrorCode::kCorruption || code == ErrorCode::kNotFound;
}

class Rebuild {
public:
    Rebuild(const TableLocation& table, const LogFiles& files, Version target)
        : table_(table), files_(files), target_(target) {}

    Result<Snapshot> run() {
        std::optional<Error> damage;
        for (const auto& checkpoint : files_.checkpoints | std::views::reverse) {
            if (checkpoint.version > target_) continue;
            Replay replay;
            auto read = read_checkpoint(checkpoint, replay);
            if (read) return replay_commits(std::move(replay), checkpoint);
            if (!has_substitute(read.error().code)) return pass_on(std::move(read).error());
            log::warn("delta.checkpoint_skipped",
                      {{"table", name_of(table_)}, {"version", checkpoint.version}, {"error", read.error().message}});
            if (!damage) damage = std::move(read).error();
        }
        const Version first = files_.commits.empty() ? target_ + 1 : files_.commits.begin()->first;
        if (first == 0) return replay_commits(Replay(), {.version = -1, .parts = {}});
        if (damage) return fail(ErrorCode::kCorruption, "{}", damage->message);
        return fail(ErrorCode::kCorruption, "the log has neither its first version nor a checkpoint up to version {}",
                    target_);
    }

    Result<Snapshot> run_on(std::shared_ptr<const Snapshot> base) {
        const Version version = base->version;
        return replay_commits(Replay(std::move(base)), {.version = version, .parts = {}});
    }

    bool vanished() const { return vanished_; }

private:
    // One file of the log to be replayed.
    struct Piece {
        Version first = 0;
        Version last = 0;
        const Compaction* compaction = nullptr;  // else the commit of `first`
    };

    // -------------------------------------------------------------- checkpoints

    Result<> read_checkpoint(const Checkpoint& checkpoint, Replay& replay) {
        std::vector<Sidecar> sidecars;
        const auto apply = [&](Action action) -> Result<> {
            if (const auto* const metadata = std::get_if<CheckpointMetadata>(&action);
                metadata != nullptr && metadata->version != checkpoint.version)
                return fail(ErrorCode::kCorruption, "the checkpoint of version {} says that it is of {}",
                            checkpoint.version, metadata->version);
            if (auto* const sidecar = std::get_if<Sidecar>(&action))
                sidecars.push_back(std::move(*sidecar));
            else
                replay.apply(std::move(action));
            return {};
        };
        std::vector<std::string> keys;
        for (const auto& part : checkpoint.parts) keys.push_back(part.key);
        LAGOA_TRY(read_files(keys, apply), "reading the checkpoint of version {}", checkpoint.version);
        // Parquet is whole or has no footer; lines may end early without looking damaged.
        if (keys.front().ends_with(".json") && !replay.has_protocol_and_metadata())
            return fail(ErrorCode::kCorruption, "{} has no protocol or no metaData action", keys.front());

        keys.clear();
        for (const auto& sidecar : sidecars) {
            keys.push_back(sidecar_key(table_, sidecar));
            if (!check_key(keys.back()))
                return fail(ErrorCode::kCorruption, "{} names a sidecar {}", checkpoint.parts.front().key,
                            json::dump(json::Value(sidecar.path)));
        }
        const auto apply_file = [&](Action action) -> Result<> {
            if (std::holds_alternative<AddFile>(action) || std::holds_alternative<RemoveFile>(action))
                replay.apply(std::move(action));
            return {};
        };
        LAGOA_TRY(read_files(keys, apply_file), "reading the sidecars of version {}", checkpoint.version);
        return {};
    }

    using Apply = std::function<Result<>(Action action)>;

    // The actions of checkpoint files, in their order.
    Result<> read_files(const std::vector<std::string>& keys, const Apply& apply) {
        if (keys.size() == 1) return read_file(keys.front(), apply);  // nothing to overlap: no list in between
        const auto read = [&](std::size_t i) -> Result<std::vector<Action>> {
            std::vector<Action> actions;
            LAGOA_TRY(read_file(keys[i], [&](Action action) -> Result<> {
                actions.push_back(std::move(action));
                return {};
            }));
            return actions;
        };
        const auto use = [&](std::size_t, Result<std::vector<Action>> actions) -> Result<> {
            if (!actions) return pass_on(std::move(actions).error());
            for (auto& action : *actions) LAGOA_TRY(apply(std::move(action)));
            return {};
        };
        return read_in_order<std::vector<Action>>(keys.size(), kParts, read, use);
    }

    Result<> read_file(const std::string& key, const Apply& apply) {
        if (!key.ends_with(".json")) return watch(table_.parquet->read_actions(*table_.store, key, apply));
        const std::string text = LAGOA_TRY(watch(table_.store->get(key)));
        auto actions = LAGOA_TRY(parse_commit(text, key));
        for (auto& action : actions) LAGOA_TRY(apply(std::move(action)));
        return {};
    }

    // -------------------------------------------------------------- commits

    // On top of the checkpoint `from` (version -1: none). No commit after it may be missing.
    Result<Snapshot> replay_commits(Replay replay, const Checkpoint& from) {
        const std::vector<Piece> pieces = LAGOA_TRY(pieces_after(from.version));
        const std::size_t batch = std::clamp<std::size_t>(pieces.size() / 64, 1, kMaxBatch);
        const auto read = [&](std::size_t i) -> Result<std::vector<Action>> {
            std::vector<Action> actions;
            for (std::size_t at = i * batch; at < std::min((i + 1) * batch, pieces.size()); ++at)
                LAGOA_TRY(read_piece(pieces[at], actions));
            return actions;
        };
        const auto use = [&](std::size_t, Result<std::vector<Action>> actions) -> Result<> {
            if (!actions) return pass_on(std::move(actions).error());
            for (auto& action : *actions) replay.apply(std::move(action));
            return {};
        };
        LAGOA_TRY(read_in_order<std::vector<Action>>((pieces.size() + batch - 1) / batch, kCommits, read, use));

        const std::optional<CommitInfo> info = replay.commit_info();
        Snapshot snapshot = LAGOA_TRY(std::move(replay).finish(target_));
        if (const auto commit = files_.commits.find(target_); commit != files_.commits.end()) {
            snapshot.log_file = commit->second;
            snapshot.timestamp_ms = LAGOA_TRY(commit_timestamp(table_, snapshot, commit->second, info));
        } else if (!from.parts.empty()) {
            snapshot.timestamp_ms = to_ms(from.parts.front().modified);  // the commit was cleaned up
        }
        return snapshot;
    }

    // The target's own commit is always among them, for it says when it was made.
    Result<std::vector<Piece>> pieces_after(Version from) const {
        std::vector<Piece> pieces;
        Version unlisted = 0;
        for (Version version = from + 1; version <= target_;) {
            Piece piece{.first = version, .last = version, .compaction = nullptr};
            if (const auto found = files_.compactions.find(version); found != files_.compactions.end())
                for (const Compaction& compaction : found->second)
                    if (compaction.last < target_ && compaction.last > piece.last)
                        piece = {.first = version, .last = compaction.last, .compaction = &compaction};
            if (piece.compaction == nullptr && !files_.commits.contains(version) && ++unlisted > kMaxUnlisted)
                return missing(version);
            pieces.push_back(piece);
            version = piece.last + 1;
        }
        return pieces;
    }

    Result<> read_piece(const Piece& piece, std::vector<Action>& actions) {
        if (piece.compaction == nullptr) return read_commit(piece.first, actions);
        const std::string& key = piece.compaction->object.key;
        const std::size_t before = actions.size();
        auto read = read_log_file(key, false, actions);
        if (read && actions.size() == before) read = fail(ErrorCode::kCorruption, "{} is empty", key);
        if (read || !has_substitute(read.error().code)) return read;
        log::warn("delta.compaction_skipped", {{"table", name_of(table_)}, {"error", read.error().message}});
        for (Version version = piece.first; version <= piece.last; ++version) LAGOA_TRY(read_commit(version, actions));
        return {};
    }

    Result<> read_commit(Version version, std::vector<Action>& actions) {
        const auto listed = files_.commits.find(version);
        const std::string key = listed != files_.commits.end() ? listed->second.key : commit_key(table_, version);
        auto read = read_log_file(key, version == target_, actions);
        if (read || read.error().code != ErrorCode::kNotFound) return read;
        if (listed == files_.commits.end()) return missing(version);
        vanished_ = true;
        return read;
    }

    Result<> read_log_file(const std::string& key, bool commit_info, std::vector<Action>& actions) {
        const std::string text = LAGOA_TRY(table_.store->get(key));
        auto found = LAGOA_TRY(parse_commit(text, key, commit_info));
        if (actions.empty())
            actions = std::move(found);
        else
            actions.insert(actions.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
        return {};
    }

    std::unexpected<Error> missing(Version version) const {
        return fail(ErrorCode::kCorruption, "the log has version {} but not {}", target_, version);
    }

    template <class T>
    Result<T> watch(Result<T> read) {
        if (!read && read.error().code == ErrorCode::kNotFound) vanished_ = true;
        return read;
    }

    const TableLocation& table_;
    const LogFiles& files_;
    const Version target_;
    std::atomic<bool> vanished_ = false;
};

}  // namespace

Rebuilt rebuild(const TableLocation& table, const LogFiles& files, Version target,
                std::shared_ptr<const Snapshot> base) {
    Rebuild attempt(table, files, target);
    auto snapshot = base ? attempt.run_on(std::move(base)) : attempt.run();
    return {.snapshot = std::move(snapshot), .vanished = attempt.vanished()};
}

Result<std::int64_t> commit_timestamp(const TableLocation& table, const Snapshot& snapshot, const ObjectInfo& commit,
                                      const std::optional<CommitInfo>& info) {
    if (!has_in_commit_timestamps(snapshot.protocol, snapshot.metadata)) return to_ms(commit.modified);
    std::optional<std::int64_t> time;
    if (info)
        time = in_commit_timestamp(info->fields);
    else
        time = LAGOA_TRY(read_in_commit_timestamp(table, commit.key));
    return time.value_or(to_ms(commit.modified));
}

std::int64_t to_ms(Instant instant) {
    return std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
}

std::string name_of(const TableLocation& table) {
    return table.path.empty() ? table.store->root() : table.store->root() + "/" + table.path;
}

}  // namespace lagoa::delta
