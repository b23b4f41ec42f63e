#include "catalog/impl/restore_table.h"

#include "delta/restore.h"

namespace lagoa {
namespace {

Result<delta::Version> version_of(const delta::TableLocation& location, const VersionChoice& to) {
    if (to.version.has_value() == to.time.has_value())
        return fail(ErrorCode::kInvalidArgument, "a version is restored by its number or by a time");
    if (to.version && *to.version < 0) return fail(ErrorCode::kInvalidArgument, "there is no version {}", *to.version);
    if (to.version) return *to.version;
    return delta::version_at(location,
                             std::chrono::floor<std::chrono::milliseconds>(*to.time).time_since_epoch().count());
}

}  // namespace

Result<RestoreResult> restore_table(const OperationContext& context, const TableName& table, const VersionChoice& to) {
    const delta::TableLocation location = LAGOA_TRY(context.tables->locate(table));
    const auto newest = LAGOA_TRY(context.writable(table));
    RestoreResult result{.version = std::nullopt, .restored = LAGOA_TRY(version_of(location, to))};
    if (result.restored == newest->version) return result;

    const auto old = LAGOA_TRY(context.tables->snapshots.read(location, result.restored));
    delta::RestorePlan plan = LAGOA_TRY(delta::plan_restore(*newest, *old));
    if (!plan.is_needed) return result;
    LAGOA_TRY(delta::check_files_there(location, plan.request.adds), "version {}", result.restored);
    plan.request.operation_parameters =
        json::make_object({{"version", to.version ? json::Value(*to.version) : json::Value()},
                           {"timestamp", to.time ? json::Value(format_instant(*to.time)) : json::Value()}});
    result.version =
        LAGOA_TRY(delta::commit(location, newest, std::move(plan.request), context.tables->commit_options(table)));
    result.files_restored = plan.files_restored;
    result.files_removed = plan.files_removed;
    result.bytes_restored = plan.bytes_restored;
    result.bytes_removed = plan.bytes_removed;
    return result;
}

}  // namespace lagoa
