// The lake view of a connection. Several sessions share one engine and one attached catalog `lake`; each
// connection carries its own view, so that a cut and its pins never leak into another session.
#pragma once

#include <memory>

#include "duckdb.hpp"
#include "duckdb/main/client_context_state.hpp"

#include "catalog/lake_view.h"
#include "engine/duckdb/error.h"

namespace lagoa {

struct SessionView final : duckdb::ClientContextState {
    explicit SessionView(std::shared_ptr<LakeView> of_session) : view(std::move(of_session)) {}

    static constexpr const char* kKey = "lagoa_lake_view";
    const std::shared_ptr<LakeView> view;  // shared with the Lake that made it
};

/// The view of `context`; kInvalidArgument (raised) if its connection was not attached by attach_lake.
inline std::shared_ptr<LakeView> view_of(duckdb::ClientContext& context) {
    const auto state = context.registered_state->Get<SessionView>(SessionView::kKey);
    if (!state) raise({ErrorCode::kInvalidArgument, "this connection has no view of the lake"});
    return state->view;
}

}  // namespace lagoa
