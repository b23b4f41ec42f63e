#include "catalog/duckdb/table_write.h"

#include "base/log.h"

namespace lagoa {

Result<> commit_write(LakeView& view, const TableWrite& write) {
    if (write.base && write.files.empty()) return {};
    const delta::TableLocation location = LAGOA_TRY(view.location(write.table));
    delta::CommitRequest request{
        .adds = write.files, .read_set = delta::ReadSet::nothing(), .operation = write.operation};
    if (!write.base)
        request.metadata = write.metadata;
    else
        request.operation_parameters = json::make_object({{"mode", "Append"}});
    const auto version = delta::commit(location, write.base, std::move(request), {.clock = &view.clock()});
    if (!version) {
        if (!is_outcome_unknown(version.error().code)) discard_write(view, write);
        return pass_on(version.error(), "writing {}", write.table.text());
    }
    view.pin(write.table, *version);
    return {};
}

void discard_write(LakeView& view, const TableWrite& write) {
    const auto location = view.location(write.table);
    if (!location) return;
    for (const delta::AddFile& file : write.files) {
        const auto removed = location->store->remove(location->path + "/" + delta::decode_path(file.path));
        if (!removed)
            log::warn("catalog.orphan_left",
                      {{"table", write.table.text()}, {"file", file.path}, {"error", removed.error().message}});
    }
}

std::shared_ptr<const delta::Snapshot> uncommitted_snapshot(const TableWrite& write) {
    auto snapshot = write.base ? std::make_shared<delta::Snapshot>(*write.base) : std::make_shared<delta::Snapshot>();
    snapshot->metadata = write.metadata;
    snapshot->files = snapshot->files.with(write.files, {});
    return snapshot;
}

}  // namespace lagoa
