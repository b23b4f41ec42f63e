// The lake view of a connection. Several sessions share one engine and one attached catalog `lake`; each
// connection carries its own view, so that a cut and its pins never leak into another session.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "duckdb.hpp"
#include "duckdb/main/client_context_state.hpp"

#include "catalog/lake_view.h"
#include "catalog/table_operations.h"
#include "engine/duckdb/error.h"

namespace lagoa {

struct SessionView final : duckdb::ClientContextState {
    explicit SessionView(std::shared_ptr<LakeView> of_session, TableOperations* of_lake = nullptr)
        : view(std::move(of_session)), operations(of_lake) {}

    // DuckDB keeps only the text of what a transaction manager answers to COMMIT; told of the roll-back first, we
    // raise the Error with its code instead.
    void TransactionRollback(duckdb::MetaTransaction&, duckdb::ClientContext&,
                             duckdb::optional_ptr<duckdb::ErrorData>) override {
        if (const auto failed = std::exchange(failed_commit, std::nullopt)) raise(*failed);
    }

    // A statement that changes a table and was bound to another version than it builds on is bound again, once: who
    // finds it so sets `rebind` and raises.
    bool CanRequestRebind() override { return true; }
    duckdb::RebindQueryInfo OnPlanningError(duckdb::ClientContext&, duckdb::SQLStatement&,
                                            duckdb::ErrorData&) override {
        return std::exchange(rebind, false) ? duckdb::RebindQueryInfo::ATTEMPT_TO_REBIND
                                            : duckdb::RebindQueryInfo::DO_NOT_REBIND;
    }

    static constexpr const char* kKey = "lagoa_lake_view";
    const std::shared_ptr<LakeView> view;  // shared with the Lake that made it
    TableOperations* const operations;     // the lake's, which outlives its sessions; nullptr: there are none here
    std::optional<Error> failed_commit;    // of the transaction being ended; by the connection's thread
    bool rebind = false;                   // the statement being planned; by the connection's thread
};

/// The state of `context`; kInvalidArgument (raised) if its connection was not attached by attach_lake.
inline duckdb::shared_ptr<SessionView> session_view(duckdb::ClientContext& context) {
    auto state = context.registered_state->Get<SessionView>(SessionView::kKey);
    if (!state) raise({ErrorCode::kInvalidArgument, "this connection has no view of the lake"});
    return state;
}

}  // namespace lagoa
