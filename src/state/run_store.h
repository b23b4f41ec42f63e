// Runs, their history, the tables they wrote, and the rows of `ops` tables on their way to Delta.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "state/database.h"

namespace lagoa::state {

enum class RunStatus { kRunning, kSucceeded, kFailed, kTimedOut, kAborted, kCrashed };

/// `running`, `succeeded`, `failed`, `timed_out`, `aborted`, `crashed`: as stored and as shown.
std::string_view to_text(RunStatus status);

struct Run {
    std::string id;
    std::string pipeline;
    RunStatus status = RunStatus::kRunning;
    Instant started;
    std::optional<Instant> ended;  ///< Unknown for a run that crashed.
    std::string input;             ///< JSON text.
    std::string output;            ///< JSON text; empty unless succeeded.
    std::string error;
    std::string cause;
    std::string failed_state;
    std::int64_t pid = 0;
};

/// How a run ended.
struct RunEnd {
    RunStatus status = RunStatus::kFailed;
    std::string output = {};
    std::string error = {};
    std::string cause = {};
    std::string failed_state = {};
};

struct RunEvent {
    std::int64_t id = 0;  ///< From 1, in order within the run.
    std::int64_t previous_id = 0;
    Instant time;
    std::string type;
    std::string state;
    std::string details;  ///< JSON text.
};

/// A table that a run wrote and the Delta version it left.
struct RunTable {
    std::string table;
    std::int64_t version = 0;
};

struct PendingRow {
    std::int64_t id = 0;
    std::string table;
    std::string row_json;
};

/// Thread-safe, as Database is. Every change is durable on return.
class RunStore {
public:
    /// Both outlive the store.
    RunStore(Database& database, Clock& clock) : database_(database), clock_(clock) {}

    /// Also marks as crashed every run whose process is gone, and returns these. kAlreadyExists: the id was used.
    Result<std::vector<Run>> start_run(const std::string& id, const std::string& pipeline, const std::string& input);
    /// kNotFound: no such run. kConflict: it has ended already.
    Result<> end_run(const std::string& id, const RunEnd& end);

    /// `id` may be a unique prefix. A run that is `running` while its process is gone is given as crashed.
    /// kNotFound; kInvalidArgument: several runs begin so.
    Result<Run> get_run(std::string_view id);
    /// The newest first; of one pipeline, or of all when it is empty.
    Result<std::vector<Run>> list_runs(std::int64_t limit, std::string_view pipeline = {});

    Result<> record_event(const std::string& run, const RunEvent& event);
    Result<std::vector<RunEvent>> events_of(const std::string& run);

    /// A later version of the same table replaces an earlier one.
    Result<> record_table(const std::string& run, const std::string& table, std::int64_t version);
    Result<std::vector<RunTable>> tables_of(const std::string& run);

    /// The UUID of this state file. A row's id is unique within its file only.
    Result<std::string> database_id();
    Result<> add_pending(const std::string& table, const std::string& row_json);
    /// The oldest rows first. They stay until remove_pending: a crash in between gives them again.
    Result<std::vector<PendingRow>> take_pending(std::int64_t limit);
    Result<> remove_pending(std::span<const std::int64_t> ids);

private:
    Database& database_;
    Clock& clock_;
};

}  // namespace lagoa::state
