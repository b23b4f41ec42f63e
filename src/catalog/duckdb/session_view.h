// The lake view of a connection. Several sessions share one engine and one attached catalog `lake`; each
// connection carries its own view, so that a cut and its pins never leak into another session.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "duckdb.hpp"
#include "duckdb/main/client_context_state.hpp"

#include "catalog/lake_view.h"
#include "engine/duckdb/error.h"

namespace lagoa {

struct SessionView final : duckdb::ClientContextState {
    explicit SessionView(std::shared_ptr<LakeView> of_session) : view(std::move(of_session)) {}

    // DuckDB keeps only the text of what a transaction manager answers to COMMIT; told of the roll-back first, we
    // raise the Error with its code instead.
    void TransactionRollback(duckdb::MetaTransaction&, duckdb::ClientContext&,
                             duckdb::optional_ptr<duckdb::ErrorData>) override {
        if (const auto failed = std::exchange(failed_commit, std::nullopt)) raise(*failed);
    }

    static constexpr const char* kKey = "lagoa_lake_view";
    const std::shared_ptr<LakeView> view;  // shared with the Lake that made it
    std::optional<Error> failed_commit;    // of the transaction being ended; by the connection's thread
};

/// The state of `context`; kInvalidArgument (raised) if its connection was not attached by attach_lake.
inline duckdb::shared_ptr<SessionView> session_view(duckdb::ClientContext& context) {
    auto state = context.registered_state->Get<SessionView>(SessionView::kKey);
    if (!state) raise({ErrorCode::kInvalidArgument, "this connection has no view of the lake"});
    return state;
}

}  // namespace lagoa
