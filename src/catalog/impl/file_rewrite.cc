#include "catalog/impl/file_rewrite.h"

#include <utility>

#include <fmt/ranges.h>

#include "base/log.h"
#include "base/text.h"
#include "delta/stats.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

// The table as if it had these files only.
std::shared_ptr<const delta::Snapshot> with_files(const delta::Snapshot& snapshot, std::vector<delta::AddFile> files) {
    auto part = std::make_shared<delta::Snapshot>(snapshot);
    part->files = delta::FileList(std::move(files));
    return part;
}

}  // namespace

std::vector<Field> row_tracking_columns(const delta::Metadata& metadata) {
    const auto id = delta::property_of(metadata, delta::kRowIdColumnProperty);
    const auto version = delta::property_of(metadata, delta::kRowCommitVersionColumnProperty);
    if (!delta::is_enabled(metadata, delta::kRowTrackingProperty) || !id || !version) return {};
    const Type bigint{.kind = TypeKind::kInt64, .children = {}};
    return {Field{.name = *id, .type = bigint, .metadata = {}},
            Field{.name = *version, .type = bigint, .metadata = {}}};
}

FileRewrite::FileRewrite(Session& session, std::shared_ptr<const delta::Snapshot> base, std::string url,
                         delta::TableLocation location, RowMatch match)
    : session_(session),
      base_(std::move(base)),
      url_(std::move(url)),
      location_(std::move(location)),
      match_(std::move(match)) {}

Result<> FileRewrite::find_files() {
    std::vector<delta::AddFile> going;
    std::vector<delta::AddFile> rewritten;
    const HeldSnapshot table(session_, base_, url_, location_);
    const auto stream = LAGOA_TRY(session_.query(fmt::format(
        "SELECT t.file_index, count(*) FROM {} AS t {} GROUP BY t.file_index ORDER BY 1", table.sql(), match_.going)));
    while (const RowBatch* batch = LAGOA_TRY(stream->next())) {
        for (std::size_t row = 0; row < batch->rows(); ++row) {
            const auto slot = static_cast<delta::Slot>(batch->json(0, row).number()->to_int64().value_or(0));
            const auto rows = static_cast<std::uint64_t>(batch->json(1, row).number()->to_int64().value_or(0));
            const delta::AddFile& file = base_->files[slot];
            removed_.push_back(slot);
            going.push_back(file);
            rows_going_ += rows;
            if (delta::live_row_count(file) != rows) rewritten.push_back(file);
        }
    }
    const auto hold = [&](std::vector<delta::AddFile> files) {
        return std::make_unique<HeldSnapshot>(session_, with_files(*base_, std::move(files)), url_, location_);
    };
    if (!going.empty()) going_ = hold(std::move(going));
    if (!rewritten.empty()) rewritten_ = hold(std::move(rewritten));
    return {};
}

std::string FileRewrite::select_staying(const Schema& schema) const {
    std::vector<std::string> columns;
    for (const Field& field : schema.fields) {
        const std::string quoted = quote_identifier(field.name);
        const Field* const known = base_->metadata.schema.find(field.name);
        columns.push_back(
            fmt::format("CAST({} AS {}) AS {}", known ? "t." + quoted : "NULL", to_sql(field.type), quoted));
    }
    if (!row_tracking_columns(base_->metadata).empty()) columns.emplace_back("t._row_id, t._row_commit_version");
    return fmt::format("SELECT {} FROM {} AS t {}", fmt::join(columns, ", "), rewritten_->sql(), match_.staying);
}

bool FileRewrite::touches(const delta::AddFile& added) const {
    const HeldSnapshot file(session_, with_files(*base_, {added}), url_, location_);
    const auto rows = session_.rows(fmt::format("SELECT 1 AS one FROM {} AS t {} LIMIT 1", file.sql(), match_.going));
    if (rows) return !rows->empty();
    log::debug("catalog.conflict_unread", {{"file", added.path}, {"error", rows.error().message}});
    return true;
}

}  // namespace lagoa
