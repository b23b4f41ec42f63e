#include "catalog/impl/row_search.h"

#include <utility>

#include "base/log.h"
#include "catalog/duckdb/staging.h"

namespace lagoa {

RowSearch::RowSearch(Session& session, std::shared_ptr<const delta::Snapshot> base, std::string url,
                     delta::TableLocation location, std::string match)
    : session_(session),
      base_(std::move(base)),
      url_(std::move(url)),
      location_(std::move(location)),
      match_(std::move(match)) {}

Result<> RowSearch::run() {
    const HeldSnapshot table(session_, base_, url_, location_);
    found_ = LAGOA_TRY(find_rows(
        session_, fmt::format("SELECT t.file_index, t.file_row_number FROM {} AS t {}", table.sql(), match_)));
    if (found_.empty()) return {};
    std::vector<delta::AddFile> files;
    OnlyRows only;
    for (const auto& [slot, rows] : found_) {
        only.emplace(files.size(), std::make_shared<const delta::DeletedRows>(rows));
        files.push_back(base_->files[slot]);
    }
    rows_ = std::make_unique<HeldSnapshot>(session_, with_files(std::move(files)), url_, location_, std::move(only));
    return {};
}

RowChanges RowSearch::changes(bool update) const {
    RowChanges changes;
    for (const auto& [slot, rows] : found_) {
        GoingRows& going = changes.going[delta::file_key(base_->files[slot].path, {})];
        (update ? going.updated : going.deleted) = rows;
    }
    return changes;
}

bool RowSearch::touches(const delta::AddFile& added) const {
    const HeldSnapshot file(session_, with_files({added}), url_, location_);
    const auto rows = session_.rows(fmt::format("SELECT 1 AS one FROM {} AS t {} LIMIT 1", file.sql(), match_));
    if (rows) return !rows->empty();
    log::debug("catalog.conflict_unread", {{"file", added.path}, {"error", rows.error().message}});
    return true;
}

// The table as if it had these files only.
std::shared_ptr<const delta::Snapshot> RowSearch::with_files(std::vector<delta::AddFile> files) const {
    auto part = std::make_shared<delta::Snapshot>(*base_);
    part->files = delta::FileList(std::move(files));
    return part;
}

}  // namespace lagoa
