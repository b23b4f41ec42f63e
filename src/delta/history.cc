#include <ranges>

#include "delta/impl/log_files.h"
#include "delta/log_json.h"
#include "delta/snapshot.h"

namespace lagoa::delta {

Result<std::vector<HistoryEntry>> read_history(const TableLocation& table, std::size_t limit) {
    const LogFiles files = LAGOA_TRY(list_log(table), "reading the history of {}", table.path);
    if (!files.newest())
        return fail(ErrorCode::kNotFound, "reading the history of {}: there is no Delta table", table.path);
    std::vector<HistoryEntry> history;
    for (const auto& [version, object] : files.commits | std::views::reverse) {
        if (history.size() == limit) break;
        const std::string text = LAGOA_TRY(table.store->get(object.key), "reading the history of {}", table.path);
        HistoryEntry entry{
            .version = version,
            .timestamp_ms = std::chrono::floor<std::chrono::milliseconds>(object.modified).time_since_epoch().count(),
            .operation = {},
            .commit_info = {}};
        auto actions = LAGOA_TRY(parse_commit(text, object.key));
        for (auto& action : actions) {
            auto* const info = std::get_if<CommitInfo>(&action);
            if (info == nullptr) continue;
            entry.timestamp_ms = commit_time(info->fields).value_or(entry.timestamp_ms);
            const json::Value fields(info->fields);
            entry.operation = fields.string_at("operation").value_or("");
            entry.commit_info = std::move(info->fields);
        }
        history.push_back(std::move(entry));
    }
    return history;
}

}  // namespace lagoa::delta
