// A statement's work in a second session: what a commit has to query while the session of its statement is busy.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "duckdb.hpp"

#include "engine/engine.h"

namespace lagoa {

/// Interrupts its session once the statement of `context` is interrupted. DuckDB tells nobody of an interrupt, so that
/// this asks every 20 ms.
class SideSession {
public:
    SideSession(duckdb::ClientContext& context, std::unique_ptr<Session> session)
        : session_(std::move(session)), watch_([&context, this](std::stop_token stop) { watch(context, stop); }) {}

    Session& operator*() { return *session_; }

private:
    void watch(duckdb::ClientContext& context, std::stop_token stop) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any stopped;
        while (!stop.stop_requested()) {
            if (context.IsInterrupted()) return session_->interrupt();
            stopped.wait_for(lock, stop, std::chrono::milliseconds(20), [] { return false; });
        }
    }

    const std::unique_ptr<Session> session_;
    std::jthread watch_;  // the last member: ends before the session
};

}  // namespace lagoa
