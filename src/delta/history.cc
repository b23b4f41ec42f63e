#include <ranges>

#include "delta/impl/commit_times.h"
#include "delta/impl/read_ahead.h"
#include "delta/impl/rebuild.h"
#include "delta/log_json.h"
#include "delta/snapshot.h"

namespace lagoa::delta {
namespace {

constexpr ReadAhead kCommits{.readers = 8, .ahead = 16};

Result<HistoryEntry> read_entry(const TableLocation& table, const ObjectInfo& object, Version version,
                                const CommitTimes& times) {
    HistoryEntry entry{
        .version = version, .timestamp_ms = times.file_time(version), .operation = {}, .commit_info = {}};
    const std::string text = LAGOA_TRY(table.store->get(object.key));
    auto actions = LAGOA_TRY(parse_commit(text, object.key));
    for (auto& action : actions) {
        auto* const info = std::get_if<CommitInfo>(&action);
        if (info == nullptr) continue;
        if (times.says_its_time(version))
            entry.timestamp_ms = in_commit_timestamp(info->fields).value_or(entry.timestamp_ms);
        const json::Value* const operation = info->fields.find("operation");
        if (operation != nullptr && operation->is_string()) entry.operation = *operation->string();
        entry.commit_info = std::move(info->fields);
    }
    return entry;
}

Result<std::vector<HistoryEntry>> read_entries(const TableLocation& table, const LogFiles& files, std::size_t limit) {
    const CommitTimes times = LAGOA_TRY(CommitTimes::read(table, files));
    std::vector<std::pair<Version, const ObjectInfo*>> commits;
    for (const auto& [version, object] : files.commits | std::views::reverse)
        if (commits.size() < limit) commits.emplace_back(version, &object);

    std::vector<HistoryEntry> history;
    const auto read = [&](std::size_t i) { return read_entry(table, *commits[i].second, commits[i].first, times); };
    const auto use = [&](std::size_t, Result<HistoryEntry> entry) -> Result<> {
        if (!entry) return pass_on(std::move(entry).error());
        history.push_back(*std::move(entry));
        return {};
    };
    LAGOA_TRY(read_in_order<HistoryEntry>(commits.size(), kCommits, read, use));
    return history;
}

// What `read` makes of a listing of the log; of a second one if files of the first were cleaned up meanwhile.
template <class Read>
auto with_listing(const TableLocation& table, const Read& read) -> decltype(read(LogFiles())) {
    for (bool again = true;; again = false) {
        const LogFiles files = LAGOA_TRY(list_log(table));
        if (!files.newest()) return fail(ErrorCode::kNotFound, "there is no Delta table");
        auto result = read(files);
        if (result || result.error().code != ErrorCode::kNotFound || !again) return result;
    }
}

}  // namespace

Result<Version> version_at(const TableLocation& table, std::int64_t timestamp_ms) {
    const auto find = [&](const LogFiles& files) -> Result<Version> {
        const CommitTimes times = LAGOA_TRY(CommitTimes::read(table, files));
        return times.version_at(timestamp_ms);
    };
    return LAGOA_TRY(with_listing(table, find), "reading table {}", name_of(table));
}

Result<std::vector<HistoryEntry>> read_history(const TableLocation& table, std::size_t limit) {
    const auto read = [&](const LogFiles& files) { return read_entries(table, files, limit); };
    return LAGOA_TRY(with_listing(table, read), "reading the history of {}", name_of(table));
}

}  // namespace lagoa::delta
