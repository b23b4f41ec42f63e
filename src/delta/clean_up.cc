// Removes what of a log nobody can need any more.
//
// A checkpoint stands for all that was before it: with the checkpoint of version 40, versions from 40 on are read
// without any file of versions below. So everything older than one checkpoint goes, and that is the newest one not
// above any version that is still to be read. Files go oldest first: a clean-up that dies leaves a table that reads as
// before.
#include <algorithm>
#include <ranges>
#include <set>

#include "base/log.h"
#include "base/text.h"
#include "delta/commit.h"
#include "delta/impl/log_files.h"
#include "delta/impl/rebuild.h"
#include "delta/log_json.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

class CleanUp {
public:
    CleanUp(const TableLocation& table, const Snapshot& newest, Version keep_from, Instant now)
        : table_(table), newest_(newest), keep_from_(std::min(keep_from, newest.version)), now_(now) {}

    Result<std::size_t> run() {
        const auto& properties = newest_.metadata;
        if (to_lower(property_of(properties, "delta.enableExpiredLogCleanup").value_or("true")) == "false") return 0;
        const auto retention = log_retention(properties);
        if (!retention) return 0;
        // Cut to the day, so that a log is cleaned up once a day and not with every checkpoint.
        cutoff_ = std::chrono::floor<std::chrono::days>(now_ - *retention);

        const LogFiles files = LAGOA_TRY(list_log(table_));
        const auto first_kept = first_version_kept(files);
        if (!first_kept || *first_kept < protected_before()) return 0;
        std::size_t removed = LAGOA_TRY(remove_before(*first_kept));
        if (removed_checkpoint_) removed += LAGOA_TRY(remove_unreferenced_sidecars(files, *first_kept));
        log::info("delta.log_cleaned_up", {{"table", table_.path}, {"kept_from", *first_kept}, {"removed", removed}});
        return removed;
    }

private:
    // The version of the checkpoint before which everything can go; nullopt if nothing can.
    std::optional<Version> first_version_kept(const LogFiles& files) const {
        Version needed = keep_from_;
        for (const auto& [version, commit] : files.commits) {
            if (commit.modified <= cutoff_) continue;
            needed = std::min(needed, version);
            break;
        }
        const Version oldest = std::min(files.commits.empty() ? needed : files.commits.begin()->first,
                                        files.checkpoints.empty() ? needed : files.checkpoints.front().version);
        for (const auto& checkpoint : files.checkpoints | std::views::reverse) {
            if (checkpoint.version > needed) continue;
            if (checkpoint.version <= oldest) return std::nullopt;  // nothing lies before it
            // A damaged checkpoint costs time as long as the log before it stands. Then it would cost the table.
            LogFiles alone;
            alone.checkpoints.push_back(checkpoint);
            const auto read = rebuild(table_, alone, checkpoint.version);
            if (read.snapshot) return checkpoint.version;
            log::warn(
                "delta.checkpoint_unreadable",
                {{"table", table_.path}, {"version", checkpoint.version}, {"error", read.snapshot.error().message}});
        }
        return std::nullopt;
    }

    // Of a table that dropped a feature: who does not know it must not come upon the versions that had it, so all of
    // them go together or none does.
    Version protected_before() const {
        if (!has_feature(newest_.protocol, "checkpointProtection")) return 0;
        const auto text = property_of(newest_.metadata, "delta.requireCheckpointProtectionBeforeVersion");
        return text ? json::Number{*text}.to_int64().value_or(INT64_MAX) : 0;
    }

    // Commits, checkpoints of every kind, compactions and checksums: all begin with their (first) version.
    Result<std::size_t> remove_before(Version version) {
        const std::string folder = log_key(table_, "");
        const std::string end = fmt::format("{}{:020}", folder, version);
        const auto objects = LAGOA_TRY(table_.store->list(folder));
        std::size_t removed = 0;
        for (const auto& object : objects) {
            if (object.key >= end) break;
            const std::string_view name = std::string_view(object.key).substr(folder.size());
            constexpr std::size_t kDigits = 20;
            const bool is_of_version =
                name.size() > kDigits && name[kDigits] == '.' && !name.contains('/') &&
                std::ranges::all_of(name.substr(0, kDigits), [](char c) { return c >= '0' && c <= '9'; });
            if (!is_of_version) continue;
            LAGOA_TRY(table_.store->remove(object.key), "removing {}", object.key);
            removed_checkpoint_ = removed_checkpoint_ || name.substr(kDigits).starts_with(".checkpoint.");
            ++removed;
        }
        return removed;
    }

    // A sidecar that no checkpoint names may be of one that is being written: it has to be old, too.
    Result<std::size_t> remove_unreferenced_sidecars(const LogFiles& files, Version first_kept) const {
        const auto sidecars = LAGOA_TRY(table_.store->list(log_key(table_, "_sidecars/")));
        if (sidecars.empty()) return 0;
        std::set<std::string> referenced;
        for (const auto& checkpoint : files.checkpoints)
            if (checkpoint.version >= first_kept) LAGOA_TRY(collect_sidecars(checkpoint, referenced));
        std::size_t removed = 0;
        for (const auto& sidecar : sidecars) {
            if (sidecar.modified >= cutoff_ || referenced.contains(sidecar.key)) continue;
            LAGOA_TRY(table_.store->remove(sidecar.key), "removing {}", sidecar.key);
            ++removed;
        }
        return removed;
    }

    Result<> collect_sidecars(const Checkpoint& checkpoint, std::set<std::string>& keys) const {
        const auto collect = [&](Action action) -> Result<> {
            if (const auto* const sidecar = std::get_if<Sidecar>(&action)) keys.insert(sidecar_key(table_, *sidecar));
            return {};
        };
        for (const auto& part : checkpoint.parts) {
            if (!part.key.ends_with(".json")) {
                LAGOA_TRY(table_.parquet->read_actions(*table_.store, part.key, collect), "reading {}", part.key);
                continue;
            }
            const std::string text = LAGOA_TRY(table_.store->get(part.key));
            auto actions = LAGOA_TRY(parse_commit(text, part.key));
            for (auto& action : actions) LAGOA_TRY(collect(std::move(action)));
        }
        return {};
    }

    const TableLocation& table_;
    const Snapshot& newest_;
    const Version keep_from_;
    const Instant now_;
    Instant cutoff_;
    bool removed_checkpoint_ = false;
};

}  // namespace

Result<std::size_t> clean_up_log(const TableLocation& table, const Snapshot& newest, Version keep_from,
                                 const Clock& clock) {
    return LAGOA_TRY(CleanUp(table, newest, keep_from, clock.now()).run(), "cleaning up the log of {}", table.path);
}

}  // namespace lagoa::delta
