#include "delta/vacuum.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "codec/json.h"
#include "delta/column_mapping.h"
#include "delta/data_path.h"
#include "delta/deletion_vector.h"
#include "delta/impl/log_files.h"
#include "delta/log_json.h"

namespace lagoa::delta {
namespace {

constexpr std::size_t kRequestsAtOnce = 8;  // to a store that may be far away
constexpr std::string_view kInfoName = "_last_vacuum_info";
constexpr std::string_view kInfoVersion = "latestCommitVersionOutsideOfRetentionWindow";

std::int64_t to_ms(Instant time) {
    return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

std::string prefix_of(const TableLocation& table) {
    return table.path.empty() ? std::string() : table.path + "/";
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// Calls `work(i)` for each i below `count`, several at a time and in no order.
template <class Work>
void for_each_at_once(std::size_t count, const Work& work) {
    std::atomic<std::size_t> next = 0;
    const auto run = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::jthread> workers;
    for (std::size_t i = 1; i < std::min(kRequestsAtOnce, count); ++i) workers.emplace_back(run);
    run();
}

// The file of a vector that lies in the table's folder; empty for others.
Result<std::string> vector_in_table(const TableLocation& table, const std::optional<DeletionVector>& vector) {
    if (!vector || vector->storage_type == "i") return std::string();
    std::string path = LAGOA_TRY(deletion_vector_path(*vector));
    if (vector->storage_type == "p") return path_in_table(table, path).value_or("");
    return path;
}

// Files that some version needs.
class NeededFiles {
public:
    explicit NeededFiles(const TableLocation& table) : table_(table) {}

    Result<> add(const std::string& log_path, const std::optional<DeletionVector>& vector) {
        add_path(log_path);
        if (!vector || vector->storage_type == "i") return {};
        if (vector->storage_type == "p") {
            add_path(vector->path_or_inline);
            return {};
        }
        paths_.insert(LAGOA_TRY(deletion_vector_path(*vector)));
        return {};
    }

    Result<> add_files(const Snapshot& snapshot) {
        for (const AddFile& file : snapshot.files) LAGOA_TRY(add(file.path, file.deletion_vector));
        return {};
    }

    bool contains(const std::string& path) const {
        return paths_.contains(path) || foreign_names_.contains(std::string(name_of(path)));
    }

private:
    void add_path(const std::string& log_path) {
        if (auto path = path_in_table(table_, log_path)) {
            if (*path != log_path && !is_absolute(log_path)) paths_.insert(log_path);  // writers that do not %-encode
            paths_.insert(*std::move(path));
            return;
        }
        // It may be this very folder under another address (a link, a mount): its name is enough to spare it.
        foreign_names_.emplace(name_of(decode_path(log_path)));
    }

    const TableLocation& table_;
    std::unordered_set<std::string> paths_;
    std::unordered_set<std::string> foreign_names_;
};

// Of files and folders that are not the table's data: those whose names begin with `_` or `.`, as Spark has it. A
// partition column may be named so.
class HiddenNames {
public:
    explicit HiddenNames(const Metadata& metadata) {
        for (const std::string& column : metadata.partition_columns) partition_folders_.push_back(column + "=");
        for (const std::string& column : physical_partition_columns(metadata))
            partition_folders_.push_back(column + "=");
    }

    bool hides(std::string_view path) const {
        const auto names = split(path, '/');
        return std::ranges::any_of(names, [this](std::string_view name) { return is_hidden(name); });
    }

private:
    bool is_hidden(std::string_view name) const {
        if (!name.starts_with('_') && !name.starts_with('.')) return false;
        if (name.starts_with("_change_data") || name.starts_with("_delta_index")) return false;
        return std::ranges::none_of(partition_folders_,
                                    [name](const std::string& folder) { return name.starts_with(folder); });
    }

    std::vector<std::string> partition_folders_;
};

class Planner {
public:
    Planner(const TableLocation& table, std::shared_ptr<const Snapshot> newest, const VacuumScope& scope)
        : table_(table), newest_(std::move(newest)), scope_(scope), live_(table), needed_(table) {}

    Result<VacuumPlan> run() {
        LAGOA_TRY(find_cutoff_version());
        LAGOA_TRY(live_.add_files(*newest_));
        LAGOA_TRY(find_needed_files());
        if (scope_.lite)
            LAGOA_TRY(read_log());
        else
            LAGOA_TRY(list_folder());
        std::ranges::sort(plan_.files, {}, &VacuumFile::path);
        return std::move(plan_);
    }

private:
    // The last version that is outside of the retention.
    Result<> find_cutoff_version() {
        const auto found = version_at(table_, scope_.cutoff_ms);
        if (found) cutoff_version_ = *found;
        if (!found && found.error().code != ErrorCode::kNotFound) return pass_on(found.error());
        return {};
    }

    Result<> find_needed_files() {
        for (const RemoveFile& removed : newest_->tombstones)
            if (removed.deleted_ms.value_or(0) >= scope_.cutoff_ms)
                LAGOA_TRY(needed_.add(removed.path, removed.deletion_vector));
        std::set<Version> keep = scope_.keep;
        if (scope_.keep_since_cutoff) {
            const Version oldest = LAGOA_TRY(list_log(table_)).oldest().value_or(newest_->version);
            for (Version v = std::max(oldest, cutoff_version_.value_or(oldest)); v < newest_->version; ++v)
                keep.insert(v);
        }
        std::shared_ptr<const Snapshot> known;
        for (const Version version : keep) {
            if (version >= newest_->version) continue;  // the newest is live, and later ones are not made yet
            auto read = known ? refresh(table_, known, version) : read_snapshot(table_, version);
            if (!read && read.error().code == ErrorCode::kNotFound) {
                log::warn("delta.vacuum_version_gone", {{"table", table_.path}, {"version", version}});
                continue;
            }
            known = LAGOA_TRY(std::move(read), "reading version {}, which must stay readable", version);
            LAGOA_TRY(needed_.add_files(*known));
            if (!first_kept_) first_kept_ = version;
        }
        return {};
    }

    bool is_needed(const std::string& path) const { return live_.contains(path) || needed_.contains(path); }

    Result<> list_folder() {
        const HiddenNames hidden(newest_->metadata);
        const std::string prefix = prefix_of(table_);
        std::set<std::string> folders;
        for (const ObjectInfo& object : LAGOA_TRY(table_.store->list(prefix), "listing {}", table_address(table_))) {
            std::string path = object.key.substr(prefix.size());
            if (hidden.hides(path)) continue;
            for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
                folders.insert(path.substr(0, slash));
            if (to_ms(object.modified) >= scope_.cutoff_ms || is_needed(path)) continue;
            plan_.files.push_back({std::move(path), object.size_bytes});
        }
        plan_.folders = folders.size() + 1;
        // What a kept version needs was removed after it: later vacuums look at those commits again.
        if (cutoff_version_) plan_.done_until = std::min(*cutoff_version_, first_kept_.value_or(*cutoff_version_));
        return {};
    }

    // The candidates of a lite vacuum: what the commits between the last vacuum and the cutoff removed.
    Result<> read_log() {
        if (!cutoff_version_) return {};  // every version is within the retention
        const std::optional<Version> last = LAGOA_TRY(read_info());
        const Version first = last ? *last + 1 : 0;
        if (first > *cutoff_version_) return {};
        const LogFiles log = LAGOA_TRY(list_log(table_));
        if (log.commits.empty() || log.commits.begin()->first > first)
            return fail_with_hint(ErrorCode::kInvalidArgument, "Vacuum in full once: VACUUM … FULL.",
                                  "the log begins at version {}, and what was removed from version {} on was never "
                                  "vacuumed",
                                  log.commits.empty() ? newest_->version : log.commits.begin()->first, first);
        std::set<std::string> found;
        std::optional<Version> withheld;  // the first commit that removed what is kept yet
        for (Version version = first; version <= *cutoff_version_; ++version)
            if (!LAGOA_TRY(read_commit(version, found)) && !withheld) withheld = version;
        LAGOA_TRY(take_those_there({found.begin(), found.end()}));
        plan_.done_until = withheld ? *withheld - 1 : *cutoff_version_;
        return {};
    }

    // Adds what `version` removed to `found`; false if some of it must stay for now.
    Result<bool> read_commit(Version version, std::set<std::string>& found) const {
        const std::string key = commit_key(table_, version);
        const std::string text = LAGOA_TRY(table_.store->get(key));
        bool all = true;
        const auto consider = [&](std::string path) {
            if (path.empty() || live_.contains(path)) return;  // removed again, it will be named again
            if (needed_.contains(path))
                all = false;
            else
                found.insert(std::move(path));
        };
        for (const Action& action : LAGOA_TRY(parse_commit(text, key, false))) {
            if (const auto* const removed = std::get_if<RemoveFile>(&action)) {
                consider(path_in_table(table_, removed->path).value_or(""));
                consider(LAGOA_TRY(vector_in_table(table_, removed->deletion_vector)));
            } else if (const auto* const change = std::get_if<CdcFile>(&action)) {
                consider(path_in_table(table_, change->path).value_or(""));
            }
        }
        return all;
    }

    // Those of `paths` that an earlier vacuum has not removed, with their sizes.
    Result<> take_those_there(const std::vector<std::string>& paths) {
        std::mutex mutex;
        std::optional<Error> failed;
        for_each_at_once(paths.size(), [&](std::size_t i) {
            const auto there = table_.store->head(prefix_of(table_) + paths[i]);
            const std::lock_guard lock(mutex);
            if (there)
                plan_.files.push_back({paths[i], there->size_bytes});
            else if (there.error().code != ErrorCode::kNotFound)
                failed = there.error();
        });
        if (failed) return pass_on(*std::move(failed), "looking for files that are removed");
        return {};
    }

    // The version that the last vacuum had done; nullopt if there was none. Its file is only a note: one that cannot be
    // read costs time.
    Result<std::optional<Version>> read_info() const {
        const auto text = table_.store->get(log_key(table_, kInfoName));
        if (!text && text.error().code != ErrorCode::kNotFound) return pass_on(text.error());
        if (!text) return std::optional<Version>();
        const auto info = json::parse(*text);
        return info ? info->int64_at(kInfoVersion) : std::nullopt;
    }

    const TableLocation& table_;
    const std::shared_ptr<const Snapshot> newest_;
    const VacuumScope& scope_;
    NeededFiles live_;    // of the newest version
    NeededFiles needed_;  // of others
    std::optional<Version> cutoff_version_;
    std::optional<Version> first_kept_;
    VacuumPlan plan_;
};

}  // namespace

std::uint64_t VacuumPlan::size_bytes() const {
    std::uint64_t sum = 0;
    for (const VacuumFile& file : files) sum += file.size_bytes;
    return sum;
}

Result<VacuumPlan> plan_vacuum(const TableLocation& table, std::shared_ptr<const Snapshot> newest,
                               const VacuumScope& scope) {
    return Planner(table, std::move(newest), scope).run();
}

void spare_live_files(VacuumPlan& plan, const TableLocation& table, const Snapshot& newest) {
    NeededFiles live(table);
    if (!live.add_files(newest)) {  // a vector that cannot be understood: what it points to is not known
        plan.files.clear();
        plan.done_until.reset();
        return;
    }
    std::erase_if(plan.files, [&](const VacuumFile& file) { return live.contains(file.path); });
}

VacuumOutcome remove_files(const TableLocation& table, const VacuumPlan& plan) {
    VacuumOutcome outcome;
    const std::string prefix = prefix_of(table);
    std::mutex mutex;
    for_each_at_once(plan.files.size(), [&](std::size_t i) {
        const auto removed = table.store->remove(prefix + plan.files[i].path);
        const std::lock_guard lock(mutex);
        if (removed)
            ++outcome.files_removed;
        else
            outcome.errors.push_back(removed.error());
    });
    // Empty folders cost a listing and nothing else: one that stays goes with the next vacuum.
    if (const auto swept = table.store->remove_empty_folders(prefix); !swept)
        log::debug("delta.vacuum_folders_left", {{"table", table.path}, {"error", swept.error().message}});
    return outcome;
}

Result<> note_vacuum(const TableLocation& table, Version done_until) {
    return table.store->put(log_key(table, kInfoName),
                            json::dump(json::make_object({{std::string(kInfoVersion), done_until}})));
}

}  // namespace lagoa::delta
