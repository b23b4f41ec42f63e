// Records of landed Parquet (database loads): rows of a session's result.
#pragma once

#include <memory>

#include "engine/engine.h"
#include "ingest/impl/record_plan.h"

namespace lagoa::ingest {

/// One record a row of `path` (as SQL names it), read through `session`, which the reader keeps. The record's
/// pointer is `/<row, from 0>`, its text the row as JSON.
Result<std::unique_ptr<RecordReader>> read_parquet(std::unique_ptr<Session> session, std::string_view path,
                                                   RecordPlan& plan);

}  // namespace lagoa::ingest
