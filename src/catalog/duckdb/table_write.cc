#include "catalog/duckdb/table_write.h"

namespace lagoa {

Result<> commit_write(LakeView& view, const TableWrite& write) {
    if (write.base && write.files.empty()) return {};
    const delta::TableLocation location = LAGOA_TRY(view.location(write.table));
    delta::CommitRequest request{
        .adds = write.files, .read_set = delta::ReadSet::kNothing, .operation = write.operation};
    if (!write.base)
        request.metadata = write.metadata;
    else
        request.operation_parameters = json::make_object({{"mode", "Append"}});
    const delta::Version version =
        LAGOA_TRY(delta::commit(location, write.base, std::move(request)), "writing {}", write.table.text());
    view.pin(write.table, version);
    return {};
}

std::shared_ptr<const delta::Snapshot> uncommitted_snapshot(const TableWrite& write) {
    auto snapshot = write.base ? std::make_shared<delta::Snapshot>(*write.base) : std::make_shared<delta::Snapshot>();
    snapshot->metadata = write.metadata;
    snapshot->files.insert(snapshot->files.end(), write.files.begin(), write.files.end());
    return snapshot;
}

}  // namespace lagoa
