// A statement's interrupt for work that is done beside it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "duckdb.hpp"

namespace lagoa {

/// Requests a stop once the statement of `context` is interrupted. DuckDB tells nobody of an interrupt, so that this
/// asks every 20 ms.
class StopOnInterrupt {
public:
    explicit StopOnInterrupt(duckdb::ClientContext& context)
        : watch_([&context, source = source_](const std::stop_token& ends) mutable {
              std::mutex mutex;
              std::unique_lock lock(mutex);
              std::condition_variable_any ended;
              while (!ends.stop_requested()) {
                  if (context.IsInterrupted()) return static_cast<void>(source.request_stop());
                  ended.wait_for(lock, ends, std::chrono::milliseconds(20), [] { return false; });
              }
          }) {}

    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    std::jthread watch_;  // the last member: it uses the others
};

}  // namespace lagoa
