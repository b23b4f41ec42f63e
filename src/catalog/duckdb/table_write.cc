#include "catalog/duckdb/table_write.h"

#include "catalog/impl/staged_file.h"

namespace lagoa {
namespace {

delta::CommitRequest commit_request(const TableWrite& write) {
    delta::CommitRequest request{.adds = write.files,
                                 .read_set = write.replaces ? delta::ReadSet::whole_table() : delta::ReadSet::nothing(),
                                 .operation = write.operation,
                                 .operation_parameters = write.operation_parameters};
    if (write.changes_metadata) {
        request.metadata = write.metadata;
        if (!write.base || write.protocol != write.base->protocol) request.protocol = write.protocol;
    }
    if (write.replaces)
        for (const delta::AddFile& file : write.base->files)
            request.removes.push_back({.path = file.path, .deletion_vector = file.deletion_vector});
    std::int64_t bytes = 0;
    std::uint64_t rows = 0;
    for (const delta::AddFile& file : write.files) {
        bytes += file.size_bytes;
        const auto stats = json::parse(file.stats);
        rows += stats ? static_cast<std::uint64_t>(stats->int64_at("numRecords").value_or(0)) : 0;
    }
    if (!write.files.empty())
        request.operation_metrics = json::make_object(
            {{"numFiles", std::uint64_t{write.files.size()}}, {"numOutputRows", rows}, {"numOutputBytes", bytes}});
    return request;
}

}  // namespace

Result<> commit_write(LakeView& view, const TableWrite& write) {
    if (write.files.empty() && !write.changes_metadata) return {};
    const delta::TableLocation location = LAGOA_TRY(view.location(write.table));
    const delta::CommitOptions options{.clock = &view.clock(),
                                       .keep_from = [&] { return view.kept_version(write.table); }};
    const auto version = delta::commit(location, write.base, commit_request(write), options);
    if (!version) {
        if (!is_outcome_unknown(version.error().code)) discard_write(view, write);
        return pass_on(version.error(), "writing {}", write.table.text());
    }
    view.pin(write.table, *version);
    return {};
}

void discard_write(LakeView& view, const TableWrite& write) {
    if (const auto location = view.location(write.table)) remove_files(*location, write.files);
}

std::shared_ptr<const delta::Snapshot> uncommitted_snapshot(const TableWrite& write) {
    auto snapshot = write.base ? std::make_shared<delta::Snapshot>(*write.base) : std::make_shared<delta::Snapshot>();
    snapshot->metadata = write.metadata;
    snapshot->protocol = write.protocol;
    if (write.replaces) snapshot->files = {};
    snapshot->files = snapshot->files.with(write.files, {});
    return snapshot;
}

}  // namespace lagoa
