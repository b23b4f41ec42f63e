#include "app/pipeline.h"

#include <array>

#include "app/integrations.h"
#include "base/id.h"
#include "base/log.h"
#include "base/text.h"

namespace lagoa::app {
namespace {

using flow::ExecutionResult;

struct StatusRow {
    ExecutionResult::Status status;
    state::RunStatus stored;
    std::string_view shown;
};
constexpr std::array kStatuses = {
    StatusRow{ExecutionResult::Status::kSucceeded, state::RunStatus::kSucceeded, "SUCCEEDED"},
    StatusRow{ExecutionResult::Status::kFailed, state::RunStatus::kFailed, "FAILED"},
    StatusRow{ExecutionResult::Status::kTimedOut, state::RunStatus::kTimedOut, "TIMED_OUT"},
    StatusRow{ExecutionResult::Status::kAborted, state::RunStatus::kAborted, "ABORTED"},
};

const StatusRow& row_of(ExecutionResult::Status status) {
    return kStatuses[static_cast<std::size_t>(status)];
}

// History into the state database, then to whoever watches.
class StoredHistory final : public flow::HistorySink {
public:
    StoredHistory(state::RunStore& runs, std::string run, const EventListener& listener)
        : runs_(runs), run_(std::move(run)), listener_(listener) {}

    Result<> record(const flow::Event& event) override {
        LAGOA_TRY(runs_.record_event(run_, {.id = event.id,
                                            .previous_id = event.previous_id,
                                            .time = event.time,
                                            .type = event.type,
                                            .state = event.state,
                                            .details = json::dump(json::Value(event.details))}));
        if (listener_) listener_(event);
        return {};
    }

private:
    state::RunStore& runs_;
    std::string run_;
    const EventListener& listener_;
};

// The metric's row of a run; it has the shape of work measured by ops::Measured, with ASL's own names for errors.
json::Object runs_row(const PipelineRun& run, Instant started, Instant now) {
    const bool succeeded = run.result.status == ExecutionResult::Status::kSucceeded;
    const auto micros = (now - started).count();
    json::Object row =
        json::make_object({{"run", run.run},
                           {"pipeline", run.pipeline},
                           {"started_at", format_instant(started)},
                           {"finished_at", format_instant(now)},
                           {"seconds", json::Number{fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000)}},
                           {"status", row_of(run.result.status).shown},
                           {"success", succeeded},
                           {"items_failed", run.losses.items_failed},
                           {"rows_quarantined", run.losses.rows_quarantined}});
    if (!succeeded) {
        row.set("failed_state", run.result.failed_state);
        row.set("error_code", run.result.error.error);
        row.set("error", run.result.error.cause);
    }
    return row;
}

// What is told of a run beside its end: the tables it wrote and its metrics.
Result<> keep_records(Workspace& workspace, const PipelineRun& run, Instant started, const RunScope& scope) {
    state::RunStore* runs = LAGOA_TRY(workspace.runs());
    for (const auto& [table, version] : scope.written()) LAGOA_TRY(runs->record_table(run.run, table.text(), version));
    Lake* lake = LAGOA_TRY(workspace.lake());
    json::Object row = runs_row(run, started, workspace.clock().now());
    if (const auto latest = lake->log().latest()) row.set("lake_version", latest->version);
    ops::Recorder* recorder = LAGOA_TRY(workspace.recorder());
    LAGOA_TRY(recorder->record(ops::OpsTable::kRuns, row));
    LAGOA_TRY(recorder->flush(*lake), "writing the metrics of run {}", run.run);
    return {};
}

// The run's end first: it is the outcome, and what fails after it is logged.
Result<> finish(Workspace& workspace, const PipelineRun& run, Instant started, const RunScope& scope) {
    const bool succeeded = run.result.status == ExecutionResult::Status::kSucceeded;
    state::RunStore* runs = LAGOA_TRY(workspace.runs());
    const auto ended = runs->end_run(run.run, {.status = row_of(run.result.status).stored,
                                               .output = succeeded ? json::dump(run.result.output) : "",
                                               .error = run.result.error.error,
                                               .cause = run.result.error.cause,
                                               .failed_state = run.result.failed_state});
    const auto kept = keep_records(workspace, run, started, scope);
    if (!kept) log::error("run.records_lost", {{"run", run.run}, {"error", kept.error().message}});
    if (ended) return {};
    if (succeeded) return pass_on(ended.error(), "keeping the end of run {}", run.run);
    log::error("run.end_lost", {{"run", run.run}, {"error", ended.error().message}});  // the run's own error is told
    return {};
}

// Rows of runs whose processes died before they could write them.
void record_crashed(Workspace& workspace, const std::vector<state::Run>& crashed) {
    for (const auto& run : crashed) {
        const json::Object row = json::make_object({{"run", run.id},
                                                    {"pipeline", run.pipeline},
                                                    {"started_at", format_instant(run.started)},
                                                    {"status", "CRASHED"},
                                                    {"success", false},
                                                    {"error_code", "crashed"},
                                                    {"error", fmt::format("process {} is gone", run.pid)}});
        const auto recorder = workspace.recorder();
        const auto kept = recorder ? (*recorder)->record(ops::OpsTable::kRuns, row) : pass_on(recorder.error());
        if (!kept) log::error("ops.lost", {{"run", run.id}, {"error", kept.error().message}});
    }
}

}  // namespace

Result<PipelineRun> run_pipeline(Workspace& workspace, const std::string& name, const json::Value& input,
                                 const EventListener& listener) {
    const auto text = workspace.project().pipelines.find(name);
    if (text == workspace.project().pipelines.end())
        return fail_with_hint(ErrorCode::kNotFound, "Look into the folder pipelines/.", "there is no pipeline {}",
                              name);
    const auto document = LAGOA_TRY(Document::parse("pipelines/" + name + ".asl.json", text->second));
    const auto machine = LAGOA_TRY(flow::StateMachine::parse(document));

    state::Database* database = LAGOA_TRY(workspace.database());
    const auto lease = LAGOA_TRY(state::Lease::take(*database, "pipeline " + name, "lagoa run " + name));
    state::RunStore* runs = LAGOA_TRY(workspace.runs());
    const Instant started = workspace.clock().now();
    PipelineRun run{.run = new_time_ordered_id(started), .pipeline = name, .result = {}, .losses = {}};
    const auto scope = LAGOA_TRY(RunScope::pinned(workspace, run.run));
    record_crashed(workspace, LAGOA_TRY(runs->start_run(run.run, name, json::dump(input))));
    log::info("run.start", {{"run", run.run}, {"pipeline", name}});

    StoredHistory history(*runs, run.run, listener);
    auto result = flow::execute(machine, input,
                                {.run = run.run,
                                 .machine = name,
                                 .task = integrations(workspace, *scope),
                                 .history = &history,
                                 .clock = &workspace.clock(),
                                 .jitter_seed = static_cast<std::uint64_t>(started.time_since_epoch().count()),
                                 .stop = workspace.stop()});
    if (result) {
        run.result = std::move(*result);
    } else {  // history could not be kept: say so as the run's end, if that can still be written
        run.result.error = {.error = std::string(info(result.error().code).asl_error), .cause = result.error().message};
    }
    run.losses = scope->losses();
    LAGOA_TRY(finish(workspace, run, started, *scope));
    log::info("run.end", {{"run", run.run}, {"pipeline", name}, {"status", row_of(run.result.status).shown}});
    return run;
}

std::string advice(const PipelineRun& run) {
    const std::string& error = run.result.error.error;
    const std::string look = fmt::format("lagoa runs show {}", run.run.substr(0, 13));
    if (error == "Lagoa.Unavailable" || error == "States.Timeout" || error == "Lagoa.Conflict" ||
        error == "Lagoa.ResourceExhausted")
        return fmt::format(
            "Run it again when the cause is gone: lagoa run {} (what is done is not done twice); {} has the history.",
            run.pipeline, look);
    if (error == "States.Permissions")
        return fmt::format("Set the token or grant that the cause names, then run it again; {} has the history.", look);
    if (error == "Lagoa.DataRejected")
        return fmt::format("Look at the rows: lagoa quarantine ls; {} has the history.", look);
    return fmt::format("{} has the history.", look);
}

}  // namespace lagoa::app
