#include "catalog/duckdb/table_write.h"

#include "catalog/duckdb/side_session.h"
#include "catalog/impl/staged_file.h"

namespace lagoa {
namespace {

std::vector<delta::AddFile> files_of(const RowChanges& rows) {
    std::vector<delta::AddFile> files;
    for (const AddedFile& added : rows.added) files.push_back(added.file);
    return files;
}

// The base that rows go out of: without a file where the write creates or replaces the table.
std::shared_ptr<const delta::Snapshot> row_base(const TableWrite& write) {
    if (write.base && !write.replaces && !write.changes_metadata) return write.base;
    auto base = write.base ? std::make_shared<delta::Snapshot>(*write.base) : std::make_shared<delta::Snapshot>();
    base->metadata = write.metadata;
    base->protocol = write.protocol;
    if (write.replaces) base->files = {};
    return base;
}

Result<SettledRows> settle(duckdb::ClientContext& context, LakeView& view, const TableWrite& write,
                           const delta::TableLocation& location) {
    SideSession session(context, LAGOA_TRY(view.side_session()));
    const SettleTarget target{.location = location,
                              .url = fmt::format("lagoa://{}/{}", write.table.zone, location.path),
                              .base = row_base(write),
                              .metadata = write.metadata,
                              .protocol = write.protocol};
    return settle_rows(*session, target, write.rows);
}

delta::CommitRequest commit_request(const TableWrite& write, SettledRows settled) {
    delta::CommitRequest request{.adds = std::move(settled.adds),
                                 .removes = std::move(settled.removes),
                                 .cdc = std::move(settled.cdc),
                                 .domains = write.domains,
                                 .rules_enforced = true,  // by the sink that wrote the rows (row_rules.h)
                                 .read_set = write.replaces ? delta::ReadSet::whole_table() : write.read_set,
                                 .operation = write.operation,
                                 .operation_parameters = write.operation_parameters};
    if (write.changes_metadata) {
        request.metadata = write.metadata;
        if (!write.base || write.protocol != write.base->protocol) request.protocol = write.protocol;
    }
    if (write.replaces)
        for (const delta::AddFile& file : write.base->files) request.removes.push_back(remove_of(file));
    if (!write.rows.empty())
        request.operation_metrics = row_metrics(write.operation, settled.counts, write.source_rows);
    return request;
}

}  // namespace

Result<> commit_write(duckdb::ClientContext& context, LakeView& view, const TableWrite& write) {
    if (write.rows.empty() && !write.changes_metadata) return {};
    const delta::TableLocation location = LAGOA_TRY(view.location(write.table));
    Result<SettledRows> settled =
        write.rows.going.empty() ? settle_added(write.rows.added) : settle(context, view, write, location);
    if (!settled) {
        discard_write(view, write);
        return pass_on(settled.error(), "writing {}", write.table.text());
    }
    const auto unused = settled->unused;
    const auto written = settled->written;
    const delta::CommitOptions options{.clock = &view.clock(),
                                       .keep_from = [&] { return view.kept_version(write.table); }};
    const auto version = delta::commit(location, write.base, commit_request(write, *std::move(settled)), options);
    if (!version) {
        if (!is_outcome_unknown(version.error().code)) {
            remove_paths(location, written);
            discard_write(view, write);
        }
        return pass_on(version.error(), "writing {}", write.table.text());
    }
    remove_files(location, unused);
    view.pin(write.table, *version);
    return {};
}

void discard_write(LakeView& view, const TableWrite& write) {
    if (const auto location = view.location(write.table)) remove_files(*location, files_of(write.rows));
}

Result<std::shared_ptr<const delta::Snapshot>> uncommitted_snapshot(LakeView& view, const TableWrite& write) {
    const delta::TableLocation location = LAGOA_TRY(view.location(write.table));
    return with_changes(location, *row_base(write), write.rows);
}
}  // namespace lagoa
