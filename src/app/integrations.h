// The service integrations of a pipeline, resolved by resource as AWS Step Functions names them.
#pragma once

#include "app/work.h"
#include "codec/document.h"
#include "flow/state_machine.h"
#include "flow/task.h"

namespace lagoa::app {

/// Tasks of a run: `arn:aws:states:::lambda:invoke` (FunctionName ingest, load or publish, with a Payload) and
/// `arn:aws:states:::glue:startJobRun.sync` (JobName and Arguments). Results have AWS's envelopes. Each call is a row
/// of `ops.tasks`. Both references outlive the handler.
flow::TaskHandler integrations(Workspace& workspace, RunScope& scope);

/// Whether the function, job or source that `task` of `pipeline` names by a constant exists. kInvalidConfig.
Result<> check_task(const Project& project, const Document& pipeline, const flow::TaskUse& task);

}  // namespace lagoa::app
