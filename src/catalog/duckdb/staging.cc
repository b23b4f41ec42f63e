#include "catalog/duckdb/staging.h"

#include <map>
#include <optional>
#include <utility>

#include "duckdb/function/copy_function.hpp"
#include "duckdb/main/client_context_state.hpp"
#include "duckdb/main/extension/extension_loader.hpp"
#include "duckdb/parser/statement/copy_statement.hpp"
#include "duckdb/planner/binder.hpp"
#include "duckdb/planner/operator/logical_extension_operator.hpp"

#include "base/id.h"
#include "base/text.h"
#include "catalog/duckdb/lake_sink.h"
#include "engine/duckdb/access.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr const char* kFormat = "lagoa_files";  // of COPY … TO '<token>' (FORMAT …)

// ------------------------------------------------------------------ COPY … (FORMAT lagoa_files)

struct Order {
    std::optional<StagingTarget> target;  // nullopt: places of rows are asked for
    StagedRows staged;
    std::map<delta::Slot, delta::DeletedRows> found;
};

// What one connection has been asked to stage, by token; used by its thread only.
struct Orders final : duckdb::ClientContextState {
    static constexpr const char* kKey = "lagoa_staging_orders";
    std::map<std::string, Order> by_token;
};

Order& find_order(duckdb::ClientContext& context, const std::string& token) {
    const auto orders = context.registered_state->Get<Orders>(Orders::kKey);
    if (!orders || !orders->by_token.contains(token))
        raise({ErrorCode::kUnsupported, fmt::format("COPY (FORMAT {}) is not for queries", kFormat),
               "Write INSERT INTO a table of the lake."});
    return orders->by_token.at(token);
}

class LogicalStaging final : public duckdb::LogicalExtensionOperator {
public:
    explicit LogicalStaging(std::string token) : token_(std::move(token)) {}

    duckdb::PhysicalOperator& CreatePlan(duckdb::ClientContext& context,
                                         duckdb::PhysicalPlanGenerator& planner) override {
        duckdb::PhysicalOperator& rows = planner.CreatePlan(*children[0]);
        auto accept = [token = token_](duckdb::ClientContext& client, GatheredRows gathered) {
            Order& order = find_order(client, token);
            for (AddedFile& added : gathered.added) order.staged.files.push_back(std::move(added.file));
            order.staged.rows = gathered.rows_written;
            order.staged.identity_marks = std::move(gathered.identity_marks);
            for (auto& [slot, going] : gathered.going) order.found.emplace(slot, std::move(going.deleted));
        };
        const auto& target = find_order(context, token_).target;
        return plan_lake_sink(
            context, planner, rows,
            {.target = target,
             .computed = target ? target->computed : ComputedColumns{},
             .places = target ? std::nullopt : std::optional(PlaceColumns{.file_index = 0, .file_row_number = 1}),
             .gathering = std::make_shared<Gathering>(std::move(accept))});
    }
    duckdb::vector<duckdb::ColumnBinding> GetColumnBindings() override { return {duckdb::ColumnBinding(0, 0)}; }

protected:
    void ResolveTypes() override { types = {duckdb::LogicalType::BIGINT}; }

private:
    const std::string token_;
};

duckdb::BoundStatement bind_copy(duckdb::Binder& binder, duckdb::CopyStatement& statement) {
    find_order(binder.context, statement.info->file_path);
    auto rows = binder.Bind(*statement.info->select_statement);
    duckdb::BoundStatement bound;
    bound.names = {"Count"};
    bound.types = {duckdb::LogicalType::BIGINT};
    bound.plan = duckdb::make_uniq<LogicalStaging>(statement.info->file_path);
    bound.plan->children.push_back(std::move(rows.plan));
    auto& properties = binder.GetStatementProperties();
    properties.output_type = duckdb::QueryResultOutputType::FORCE_MATERIALIZED;
    properties.return_type = duckdb::StatementReturnType::CHANGED_ROWS;
    return bound;
}

// Runs the COPY that fills `order`, also where it fails after the order was filled.
Result<> fill(Session& session, const std::string& select, Order& order) {
    const std::string token = new_uuid();
    const auto orders = context(session).registered_state->GetOrCreate<Orders>(Orders::kKey);
    orders->by_token.emplace(token, std::move(order));
    const auto done =
        session.execute(fmt::format("COPY ({}\n) TO {} (FORMAT {})", select, quote_literal(token), kFormat));
    order = std::move(orders->by_token.extract(token).mapped());
    if (!done) return pass_on(done.error());
    return {};
}

}  // namespace

Result<> register_staging(Engine& engine) {
    return guarded([&]() -> Result<> {
        duckdb::CopyFunction format(kFormat);
        format.plan = bind_copy;
        duckdb::ExtensionLoader(instance(engine), "lagoa").RegisterFunction(std::move(format));
        return {};
    });
}

Result<StagedRows> stage_rows(Session& session, const std::string& select, const StagingTarget& target) {
    Order order{.target = target, .staged = {}, .found = {}};
    const auto written = fill(session, select, order);
    if (written) return std::move(order.staged);
    remove_files(target.location, order.staged.files);  // accepted, and then the statement failed
    return pass_on(written.error());
}

Result<std::map<delta::Slot, delta::DeletedRows>> find_rows(Session& session, const std::string& select) {
    Order order{.target = {}, .staged = {}, .found = {}};
    LAGOA_TRY(fill(session, select, order));
    return std::move(order.found);
}

}  // namespace lagoa
