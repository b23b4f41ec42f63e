// A statement's work in a second session: what a commit has to query while the session of its statement is busy.
#pragma once

#include <memory>
#include <utility>

#include "duckdb.hpp"

#include "catalog/duckdb/stop_on_interrupt.h"
#include "engine/engine.h"

namespace lagoa {

/// Interrupts its session once the statement of `context` is interrupted.
class SideSession {
public:
    SideSession(duckdb::ClientContext& context, std::unique_ptr<Session> session)
        : session_(std::move(session)), stop_(context), interrupt_(*session_, stop_.token()) {}

    Session& operator*() { return *session_; }

private:
    const std::unique_ptr<Session> session_;
    const StopOnInterrupt stop_;
    const InterruptOnStop interrupt_;  // the last member: ends before the session
};

}  // namespace lagoa
