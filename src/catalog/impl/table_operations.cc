#include "catalog/duckdb/attach.h"
#include "catalog/impl/clone_table.h"
#include "catalog/impl/convert_table.h"
#include "catalog/impl/operation_context.h"
#include "catalog/impl/optimize_table.h"
#include "catalog/impl/restore_table.h"
#include "catalog/impl/rule_change.h"
#include "catalog/impl/vacuum_table.h"
#include "delta/table_features.h"

namespace lagoa {
namespace {

class OperationsOfLake final : public TableOperations {
public:
    explicit OperationsOfLake(OperationContext context) : context_(std::move(context)) {}

    Result<OptimizeResult> optimize(const TableName& table, const OptimizeRequest& request) override {
        return LAGOA_TRY(optimize_table(context_, table, request), "optimizing {}", table.text());
    }
    Result<VacuumResult> vacuum(const TableName& table, const VacuumRequest& request) override {
        return LAGOA_TRY(vacuum_table(context_, table, request), "vacuuming {}", table.text());
    }
    Result<RestoreResult> restore(const TableName& table, const VersionChoice& to) override {
        return LAGOA_TRY(restore_table(context_, table, to), "restoring {}", table.text());
    }
    Result<ConvertResult> convert(const TableName& table, const ConvertRequest& request) override {
        return LAGOA_TRY(convert_table(context_, table, request), "converting {}", table.text());
    }
    Result<CloneResult> clone(const TableName& table, const CloneRequest& request) override {
        return LAGOA_TRY(clone_table(context_, table, request), "cloning {}", table.text());
    }
    Result<delta::Version> change_rule(const TableName& table, const RuleChange& change) override {
        return LAGOA_TRY(change_table_rule(context_, table, change), "altering {}", table.text());
    }

private:
    const OperationContext context_;
};

}  // namespace

Result<std::unique_ptr<Session>> OperationContext::connect() const {
    auto view = LAGOA_TRY(make_cut_view(tables, {.base = Cut::Base::kHead, .pins = {}}));
    auto session = LAGOA_TRY(engine.connect());
    LAGOA_TRY(attach_lake(*session, std::move(view)));
    return session;
}

Result<std::shared_ptr<const delta::Snapshot>> OperationContext::writable(const TableName& table) const {
    auto snapshot = LAGOA_TRY(tables->live(table));
    LAGOA_TRY(delta::check_writable(snapshot->protocol, snapshot->metadata));
    return snapshot;
}

std::unique_ptr<TableOperations> make_table_operations(OperationContext context) {
    return std::make_unique<OperationsOfLake>(std::move(context));
}

}  // namespace lagoa
