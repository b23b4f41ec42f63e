#include "state/run_store.h"

#include <array>

#include "base/log.h"
#include "state/impl/process.h"

namespace lagoa::state {
namespace {

constexpr std::array<std::string_view, 6> kStatusTexts = {"running",   "succeeded", "failed",
                                                          "timed_out", "aborted",   "crashed"};

constexpr std::string_view kSelectRun =
    "SELECT id, pipeline, status, started, ended, input, output, error, cause, failed_state, pid, pid_started FROM "
    "runs ";

Result<RunStatus> parse_status(std::string_view text) {
    for (std::size_t i = 0; i < kStatusTexts.size(); ++i)
        if (kStatusTexts[i] == text) return static_cast<RunStatus>(i);
    return fail(ErrorCode::kCorruption, "the state file has a run of status {}", text);
}

Result<Run> to_run(const Row& row) {
    Run run;
    run.id = as_text(row[0]);
    run.pipeline = as_text(row[1]);
    run.status = LAGOA_TRY(parse_status(as_text(row[2])));
    run.started = LAGOA_TRY(parse_instant(as_text(row[3])), "reading run {}", run.id);
    if (const std::string ended = as_text(row[4]); !ended.empty())
        run.ended = LAGOA_TRY(parse_instant(ended), "reading run {}", run.id);
    run.input = as_text(row[5]);
    run.output = as_text(row[6]);
    run.error = as_text(row[7]);
    run.cause = as_text(row[8]);
    run.failed_state = as_text(row[9]);
    run.pid = as_int(row[10]);
    if (run.status == RunStatus::kRunning && !is_alive({run.pid, as_text(row[11])})) run.status = RunStatus::kCrashed;
    return run;
}

Result<std::vector<Run>> to_runs(const std::vector<Row>& rows) {
    std::vector<Run> runs;
    for (const Row& row : rows) runs.push_back(LAGOA_TRY(to_run(row)));
    return runs;
}

Result<std::vector<Run>> mark_crashed(Database& database) {
    static const std::string sql = std::string(kSelectRun) + "WHERE status = 'running' ORDER BY id";
    const auto rows = LAGOA_TRY(database.query(sql));
    std::vector<Run> crashed;
    for (Run& run : LAGOA_TRY(to_runs(rows))) {
        if (run.status != RunStatus::kCrashed) continue;
        const std::array<Cell, 1> id = {run.id};
        LAGOA_TRY(database.execute("UPDATE runs SET status = 'crashed' WHERE id = ?", id));
        log::warn("state.run_crashed", {{"run", run.id}, {"dead_pid", run.pid}});
        crashed.push_back(std::move(run));
    }
    return crashed;
}

}  // namespace

std::string_view to_text(RunStatus status) {
    return kStatusTexts[static_cast<std::size_t>(status)];
}

Result<std::vector<Run>> RunStore::start_run(const std::string& id, const std::string& pipeline,
                                             const std::string& input) {
    std::vector<Run> crashed;
    const auto started = database_.transaction([&](Database& inside) -> Result<> {
        crashed = LAGOA_TRY(mark_crashed(inside));
        const Process self = this_process();
        const std::array<Cell, 6> row = {id, pipeline, format_instant(clock_.now()), input, self.pid, self.started};
        LAGOA_TRY(inside.execute("INSERT INTO runs (id, pipeline, status, started, input, pid, pid_started) "
                                 "VALUES (?, ?, 'running', ?, ?, ?, ?)",
                                 row),
                  "starting run {} of {}", id, pipeline);
        return {};
    });
    if (!started) return pass_on(started.error());
    return crashed;
}

Result<> RunStore::end_run(const std::string& id, const RunEnd& end) {
    return database_.transaction([&](Database& inside) -> Result<> {
        const std::array<Cell, 7> row = {std::string(to_text(end.status)),
                                         format_instant(clock_.now()),
                                         end.output,
                                         end.error,
                                         end.cause,
                                         end.failed_state,
                                         id};
        const auto changed = LAGOA_TRY(
            inside.execute("UPDATE runs SET status = ?, ended = ?, output = ?, error = ?, cause = ?, failed_state = ? "
                           "WHERE id = ? AND status = 'running'",
                           row),
            "ending run {}", id);
        if (changed == 1) return {};
        const std::array<Cell, 1> key = {id};
        const auto found = LAGOA_TRY(inside.query("SELECT status FROM runs WHERE id = ?", key));
        if (found.empty()) return fail(ErrorCode::kNotFound, "no run {}", id);
        return fail(ErrorCode::kConflict, "run {} has ended already: {}", id, as_text(found[0][0]));
    });
}

Result<Run> RunStore::get_run(std::string_view id) {
    static const std::string sql = std::string(kSelectRun) + "WHERE id >= ? AND id < ? ORDER BY id LIMIT 2";
    // Ids compare by bytes; no UTF-8 text that begins with `id` sorts after `id` and the last code point.
    const std::array<Cell, 2> range = {std::string(id), std::string(id) + "\xf4\x8f\xbf\xbf"};
    const auto rows = LAGOA_TRY(database_.query(sql, range));
    if (rows.empty() || id.empty())
        return fail_with_hint(ErrorCode::kNotFound, "`lagoa runs ls` for the runs there are", "no run {}", id);
    if (rows.size() > 1 && as_text(rows[0][0]) != id)
        return fail_with_hint(ErrorCode::kInvalidArgument, "give more of its id", "several runs begin with {}", id);
    return to_run(rows[0]);
}

Result<std::vector<Run>> RunStore::list_runs(std::int64_t limit, std::string_view pipeline) {
    static const std::string all = std::string(kSelectRun) + "ORDER BY started DESC, id DESC LIMIT ?";
    static const std::string of_one =
        std::string(kSelectRun) + "WHERE pipeline = ? ORDER BY started DESC, id DESC LIMIT ?";
    if (pipeline.empty()) {
        const std::array<Cell, 1> bound = {limit};
        const auto rows = LAGOA_TRY(database_.query(all, bound));
        return to_runs(rows);
    }
    const std::array<Cell, 2> bound = {std::string(pipeline), limit};
    const auto rows = LAGOA_TRY(database_.query(of_one, bound));
    return to_runs(rows);
}

Result<> RunStore::record_event(const std::string& run, const RunEvent& event) {
    const std::array<Cell, 7> row = {run,        event.id,    event.previous_id, format_instant(event.time),
                                     event.type, event.state, event.details};
    LAGOA_TRY(database_.execute("INSERT INTO run_events VALUES (?, ?, ?, ?, ?, ?, ?)", row),
              "recording event {} of run {}", event.id, run);
    return {};
}

Result<std::vector<RunEvent>> RunStore::events_of(const std::string& run) {
    const std::array<Cell, 1> key = {run};
    const auto rows = LAGOA_TRY(database_.query(
        "SELECT id, previous_id, time, type, state, details FROM run_events WHERE run = ? ORDER BY id", key));
    std::vector<RunEvent> events;
    for (const Row& row : rows) {
        const Instant time = LAGOA_TRY(parse_instant(as_text(row[2])), "reading the events of run {}", run);
        events.push_back({as_int(row[0]), as_int(row[1]), time, as_text(row[3]), as_text(row[4]), as_text(row[5])});
    }
    return events;
}

Result<> RunStore::record_table(const std::string& run, const std::string& table, std::int64_t version) {
    const std::array<Cell, 3> row = {run, table, version};
    LAGOA_TRY(database_.execute("INSERT OR REPLACE INTO run_tables VALUES (?, ?, ?)", row),
              "recording that run {} wrote {}", run, table);
    return {};
}

Result<std::vector<RunTable>> RunStore::tables_of(const std::string& run) {
    const std::array<Cell, 1> key = {run};
    const auto rows =
        LAGOA_TRY(database_.query("SELECT table_name, version FROM run_tables WHERE run = ? ORDER BY table_name", key));
    std::vector<RunTable> tables;
    for (const Row& row : rows) tables.push_back({as_text(row[0]), as_int(row[1])});
    return tables;
}

Result<std::string> RunStore::database_id() {
    const auto rows = LAGOA_TRY(database_.query("SELECT id FROM identity"));
    if (rows.size() != 1) return fail(ErrorCode::kCorruption, "the state file has {} identities, not one", rows.size());
    return as_text(rows[0][0]);
}

Result<> RunStore::add_pending(const std::string& table, const std::string& row_json) {
    const std::array<Cell, 2> row = {table, row_json};
    LAGOA_TRY(database_.execute("INSERT INTO pending_rows (table_name, row_json) VALUES (?, ?)", row),
              "keeping a row for {}", table);
    return {};
}

Result<std::vector<PendingRow>> RunStore::take_pending(std::int64_t limit) {
    const std::array<Cell, 1> bound = {limit};
    const auto rows =
        LAGOA_TRY(database_.query("SELECT id, table_name, row_json FROM pending_rows ORDER BY id LIMIT ?", bound));
    std::vector<PendingRow> pending;
    for (const Row& row : rows) pending.push_back({as_int(row[0]), as_text(row[1]), as_text(row[2])});
    return pending;
}

Result<> RunStore::remove_pending(std::span<const std::int64_t> ids) {
    return database_.transaction([&](Database& inside) -> Result<> {
        for (const std::int64_t id : ids) {
            const std::array<Cell, 1> key = {id};
            LAGOA_TRY(inside.execute("DELETE FROM pending_rows WHERE id = ?", key));
        }
        return {};
    });
}

}  // namespace lagoa::state
