// The execution's events: numbered, chained along their strand, and told to the sink one at a time.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "flow/impl/failure.h"
#include "flow/impl/strand.h"

namespace lagoa::flow {

/// Thread-safe.
class History {
public:
    /// The limit of Step Functions, which also ends a machine that loops for ever.
    static constexpr std::int64_t kMaxEvents = 25'000;

    /// `sink` may be nullptr.
    History(HistorySink* sink, Clock& clock) : sink_(sink), clock_(clock) {}

    /// Returns when the sink has the event. After a failure of the sink nothing is recorded any more.
    Outcome<> record(Strand& strand, std::string type, std::string state, json::Object details);
    /// The event that ends the execution: not subject to kMaxEvents.
    Outcome<> record_last(Strand& strand, std::string type, json::Object details);

private:
    Outcome<> write(Strand& strand, Event event);

    HistorySink* sink_;
    Clock& clock_;
    std::mutex mutex_;
    std::int64_t count_ = 0;       // guarded by mutex_
    std::optional<Error> broken_;  // guarded by mutex_: why the sink failed
};

}  // namespace lagoa::flow
