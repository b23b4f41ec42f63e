#include "ops/ops_table.h"

namespace lagoa::ops {
namespace {

struct ColumnText {
    std::string_view name;
    std::string_view type;
    std::string_view comment;
};

Schema schema(std::initializer_list<ColumnText> columns) {
    Schema made;
    for (const auto& [name, type, comment] : columns) {
        Field field{.name = std::string(name), .type = parse_sql_type(type).value(), .metadata = {}};
        field.metadata.set("comment", comment);
        made.fields.push_back(std::move(field));
    }
    return made;
}

constexpr ColumnText kRun = {"run", "VARCHAR", "Id of the run; sorts by time."};
constexpr ColumnText kStarted = {"started_at", "TIMESTAMPTZ", "When it began."};
constexpr ColumnText kFinished = {"finished_at", "TIMESTAMPTZ", "When it ended."};
constexpr ColumnText kSeconds = {"seconds", "DECIMAL(18,6)", "Wall-clock seconds."};
constexpr ColumnText kSuccess = {"success", "BOOLEAN", "Whether it did all it was asked for."};
constexpr ColumnText kErrorCode = {"error_code", "VARCHAR", "Code of the error, e.g. unavailable; NULL on success."};
constexpr ColumnText kError = {"error", "VARCHAR", "What happened; NULL on success."};

}  // namespace

std::string_view name_of(OpsTable table) {
    switch (table) {
        case OpsTable::kRuns:
            return "runs";
        case OpsTable::kTasks:
            return "tasks";
        case OpsTable::kIngests:
            return "ingests";
        case OpsTable::kJobs:
            return "jobs";
    }
    return {};
}

const Schema& schema_of(OpsTable table) {
    static const Schema runs = schema({kRun,
                                       {"pipeline", "VARCHAR", "Name of the pipeline."},
                                       kStarted,
                                       kFinished,
                                       kSeconds,
                                       {"status", "VARCHAR", "SUCCEEDED, FAILED, TIMED_OUT, ABORTED or CRASHED."},
                                       kSuccess,
                                       {"failed_state", "VARCHAR", "The state whose error ended the run."},
                                       kErrorCode,
                                       kError,
                                       {"lake_version", "BIGINT", "Lake version after the run."},
                                       {"items_failed", "BIGINT", "Items of its ingestions that gave nothing usable."},
                                       {"rows_quarantined", "BIGINT", "Rows that its loads and jobs refused."}});
    static const Schema tasks = schema({kRun,
                                        {"state", "VARCHAR", "State of the pipeline."},
                                        {"resource", "VARCHAR", "What it called."},
                                        {"name", "VARCHAR", "Function or job called."},
                                        kStarted,
                                        kFinished,
                                        kSeconds,
                                        kSuccess,
                                        kErrorCode,
                                        kError});
    static const Schema ingests = schema({kRun,
                                          {"source", "VARCHAR", "Name of the source."},
                                          kStarted,
                                          kFinished,
                                          kSeconds,
                                          {"sequence", "BIGINT", "Manifest's number; 0 when nothing was new."},
                                          {"objects", "BIGINT", "Objects landed."},
                                          {"size_bytes", "BIGINT", "Bytes landed."},
                                          {"records", "BIGINT", "Records taken, where known before loading."},
                                          {"items_failed", "BIGINT", "Items that gave nothing usable."},
                                          kSuccess,
                                          kErrorCode,
                                          kError});
    static const Schema jobs = schema({kRun,
                                       {"job", "VARCHAR", "Name of the job."},
                                       {"table_name", "VARCHAR", "Table it writes."},
                                       kStarted,
                                       kFinished,
                                       kSeconds,
                                       {"rows_in", "BIGINT", "Rows or records read."},
                                       {"rows_out", "BIGINT", "Rows written."},
                                       {"rows_duplicate", "BIGINT", "Dropped: already known."},
                                       {"rows_quarantined", "BIGINT", "Rows that broke the contract."},
                                       {"size_bytes", "BIGINT", "Raw jobs: landed bytes read; others: bytes written."},
                                       {"version", "BIGINT", "Delta version of the table after the job."},
                                       kSuccess,
                                       kErrorCode,
                                       kError});
    switch (table) {
        case OpsTable::kRuns:
            return runs;
        case OpsTable::kTasks:
            return tasks;
        case OpsTable::kIngests:
            return ingests;
        case OpsTable::kJobs:
            return jobs;
    }
    return runs;
}

}  // namespace lagoa::ops
