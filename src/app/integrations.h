// The service integrations of a pipeline, resolved by resource as AWS Step Functions names them.
#pragma once

#include "app/work.h"
#include "flow/task.h"

namespace lagoa::app {

/// Tasks of a run: `arn:aws:states:::lambda:invoke` (FunctionName ingest, load or publish, with a Payload) and
/// `arn:aws:states:::glue:startJobRun.sync` (JobName and Arguments). Results have AWS's envelopes. Each call is a row
/// of `ops.tasks`. Both references outlive the handler.
flow::TaskHandler integrations(Workspace& workspace, RunScope& scope);

}  // namespace lagoa::app
