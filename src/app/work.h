// The pieces of work that verbs and pipelines share: ingest a source, run a job, publish. Each is measured into
// `ops.*`, whatever its end.
#pragma once

#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "app/workspace.h"

namespace lagoa::app {

/// What a run could not take over, though it succeeded.
struct Losses {
    std::uint64_t items_failed = 0;      ///< Of ingestions.
    std::uint64_t rows_quarantined = 0;  ///< Of loads and jobs.
};

/// What one run reads and has written: the cut it was pinned to at its start plus its own tables.
/// Thread-safe.
class RunScope {
public:
    /// A pipeline run: the published lake version of now.
    static Result<std::unique_ptr<RunScope>> pinned(Workspace& workspace, std::string run);
    /// A verb on its own: each table's newest version.
    static std::unique_ptr<RunScope> head(std::string run);

    const std::string& run() const { return run_; }
    Cut cut() const;
    const LakeVersion& base() const { return base_; }
    /// Remembers that the run left `table` at `version`.
    void wrote(const TableName& table, delta::Version version);
    std::map<TableName, delta::Version> written() const;
    void lost(const Losses& losses);
    Losses losses() const;

private:
    RunScope(std::string run, Cut cut, LakeVersion base)
        : run_(std::move(run)), base_(std::move(base)), cut_(std::move(cut)) {}

    std::string run_;
    LakeVersion base_;
    mutable std::mutex mutex_;
    Cut cut_;        // guarded by mutex_
    Losses losses_;  // guarded by mutex_
};

/// Lands what `source` has. `parameters` is the task's payload. Returns what happened as JSON:
/// source, run, sequence, objects, size_bytes, records, failures.
Result<json::Object> ingest(Workspace& workspace, RunScope& scope, const std::string& source,
                            const json::Value& parameters, std::stop_token stop);

/// Runs `jobs/<name>`; `arguments` are the job's parameters without dashes. Returns job, table, version, committed,
/// rows_in, rows_out, rows_duplicate, rows_quarantined, size_bytes.
Result<json::Object> run_job(Workspace& workspace, RunScope& scope, const std::string& job,
                             const std::map<std::string, std::string>& arguments, std::stop_token stop);

/// kInvalidConfig unless `job`, a `jobs/<name>.yaml`, is of a kind there is.
Result<> check_raw_job(const Document& job);

/// Publishes the tables that `scope` wrote, or (a verb on its own) the newest of `tables`, all if empty.
/// Returns lake_version and tables.
Result<json::Object> publish(Workspace& workspace, RunScope& scope, const std::vector<TableName>& tables);

}  // namespace lagoa::app
