#include "flow/impl/history.h"

namespace lagoa::flow {

Outcome<> History::record(Strand& strand, std::string type, std::string state, json::Object details) {
    const std::lock_guard lock(mutex_);
    if (count_ >= kMaxEvents - 1)
        return fail_evaluation(kRuntimeError, "The execution reached the maximum number of history events ({}).",
                               kMaxEvents);
    return write(strand, {.type = std::move(type), .state = std::move(state), .details = std::move(details)});
}

Outcome<> History::record_last(Strand& strand, std::string type, json::Object details) {
    const std::lock_guard lock(mutex_);
    return write(strand, {.type = std::move(type), .state = {}, .details = std::move(details)});
}

// Under mutex_, so that the sink sees ids in order.
Outcome<> History::write(Strand& strand, Event event) {
    if (!broken_) {
        event.id = ++count_;
        event.previous_id = strand.last_event;
        event.time = clock_.now();
        strand.last_event = event.id;
        if (sink_ == nullptr) return {};
        auto recorded = sink_->record(event);
        if (recorded) return {};
        broken_ = std::move(recorded).error();
    }
    return pass_on(Failure{.kind = Failure::Kind::kHistory, .history_error = *broken_});
}

}  // namespace lagoa::flow
