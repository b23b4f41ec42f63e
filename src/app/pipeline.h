// `lagoa run PIPELINE`: one execution of a state machine over the workspace's work.
#pragma once

#include <functional>
#include <string>

#include "app/work.h"
#include "flow/state_machine.h"

namespace lagoa::app {

struct PipelineRun {
    std::string run;
    std::string pipeline;
    flow::ExecutionResult result;
    Losses losses;
};

/// Called for every event, after it is durable: progress on a terminal.
using EventListener = std::function<void(const flow::Event&)>;

/// Runs `pipelines/<name>.asl.json` to its end. Run and history are kept in the state database, metrics in `ops.*`.
/// kConflict: the same pipeline is running. A run that failed is no Error: look at its result.
Result<PipelineRun> run_pipeline(Workspace& workspace, const std::string& name, const json::Value& input,
                                 const EventListener& listener);

/// What to type next after a run failed with `error`.
std::string advice(const PipelineRun& run);

}  // namespace lagoa::app
