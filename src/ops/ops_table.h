// The lake's own tables about its work: `ops.runs`, `ops.tasks`, `ops.ingests`, `ops.jobs`.
#pragma once

#include <array>
#include <string_view>

#include "model/schema.h"

namespace lagoa::ops {

enum class OpsTable {
    kRuns,     ///< One row a pipeline run.
    kTasks,    ///< One row a task of a run (ingest, job, publish).
    kIngests,  ///< One row an ingestion, failed ones too.
    kJobs,     ///< One row a job, failed ones too.
};

inline constexpr std::array kOpsTables = {OpsTable::kRuns, OpsTable::kTasks, OpsTable::kIngests, OpsTable::kJobs};

/// `runs`, in zone `ops`.
std::string_view name_of(OpsTable table);

/// Columns, types and what each holds (units in the comment).
const Schema& schema_of(OpsTable table);

}  // namespace lagoa::ops
