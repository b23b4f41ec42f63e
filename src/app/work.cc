#include "app/work.h"

#include <algorithm>

#include "base/log.h"
#include "ingest/landing.h"
#include "ingest/loader.h"
#include "jobs/run.h"

namespace lagoa::app {
namespace {

// Runs `body`, whose object is added to the metric's row, and keeps the row whatever the end.
template <class Body>
Result<json::Object> measured(Workspace& workspace, ops::OpsTable table, json::Object row, Body&& body) {
    ops::Recorder* recorder = LAGOA_TRY(workspace.recorder());
    ops::Measured measure(*recorder, workspace.clock(), table, std::move(row));
    auto result = std::forward<Body>(body)(measure);
    measure.finish(result ? nullptr : &result.error());
    return result;
}

Result<json::Object> load(Workspace& workspace, RunScope& scope, const TableName& table, std::stop_token stop,
                          ops::Measured& measure) {
    state::Database* database = LAGOA_TRY(workspace.database());
    const auto lease = LAGOA_TRY(state::Lease::take(*database, "table " + table.text(), "loading " + table.text()));
    const auto landing = LAGOA_TRY(workspace.zone("landing"));
    const ingest::LoadContext context{.project = &workspace.project(),
                                      .lake = LAGOA_TRY(workspace.lake()),
                                      .landing = landing.get(),
                                      .clock = &workspace.clock(),
                                      .stop = stop,
                                      .run = scope.run()};
    const auto loaded = LAGOA_TRY(ingest::load_table(context, table));
    scope.wrote(table, loaded.version);
    scope.lost({.rows_quarantined = loaded.rows_quarantined});
    if (loaded.quarantine_version) scope.wrote({"quarantine", table.table}, *loaded.quarantine_version);
    json::Object result = json::make_object({{"table", table.text()},
                                             {"version", loaded.version},
                                             {"committed", loaded.committed},
                                             {"manifests", loaded.manifests},
                                             {"rows_in", loaded.rows_in},
                                             {"rows_out", loaded.rows_out},
                                             {"rows_duplicate", loaded.rows_duplicate},
                                             {"rows_quarantined", loaded.rows_quarantined},
                                             {"rows_skipped", loaded.rows_skipped},
                                             {"size_bytes", loaded.size_bytes}});
    for (const auto* column : {"version", "rows_in", "rows_out", "rows_duplicate", "rows_quarantined", "size_bytes"})
        measure.set(column, *result.find(column));
    return result;
}

Result<json::Object> run_sql(Workspace& workspace, RunScope& scope, const jobs::SqlJob& job, std::stop_token stop,
                             ops::Measured& measure) {
    state::Database* database = LAGOA_TRY(workspace.database());
    const auto lease = LAGOA_TRY(state::Lease::take(*database, "table " + job.target.text(), "job " + job.name));
    const jobs::JobContext context{.project = &workspace.project(),
                                   .lake = LAGOA_TRY(workspace.lake()),
                                   .cut = scope.cut(),
                                   .clock = &workspace.clock(),
                                   .stop = stop,
                                   .run = scope.run()};
    const auto done = LAGOA_TRY(jobs::run_sql_job(context, job));
    scope.wrote(job.target, done.version);
    scope.lost({.rows_quarantined = done.rows_quarantined});
    if (done.quarantine_version) scope.wrote({"quarantine", job.target.table}, *done.quarantine_version);
    json::Object result = json::make_object({{"table", job.target.text()},
                                             {"version", done.version},
                                             {"committed", done.committed},
                                             {"rows_in", done.rows_in},
                                             {"rows_out", done.rows_out},
                                             {"rows_quarantined", done.rows_quarantined},
                                             {"size_bytes", done.size_bytes}});
    for (const auto* column : {"version", "rows_in", "rows_out", "rows_quarantined", "size_bytes"})
        measure.set(column, *result.find(column));
    return result;
}

// The bronze table that a run of the raw job loads: `stocks` or `bronze.stocks`.
Result<TableName> raw_table(const std::string& job, const std::map<std::string, std::string>& arguments) {
    for (const auto& [name, value] : arguments)
        if (name != "table") return fail(ErrorCode::kInvalidArgument, "there is no parameter {}; there is table", name);
    const auto found = arguments.find("table");
    if (found == arguments.end())
        return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("lagoa job {} --param table=stocks", job),
                              "the parameter table is missing");
    return TableName::parse(found->second.find('.') == std::string::npos ? "bronze." + found->second : found->second);
}

std::string names(const Project& project) {
    std::string list;
    for (const auto& [name, document] : project.jobs) list += (list.empty() ? "" : ", ") + name;
    for (const auto& [name, text] : project.sql_jobs) list += (list.empty() ? "" : ", ") + name;
    return list;
}

}  // namespace

Result<std::unique_ptr<RunScope>> RunScope::pinned(Workspace& workspace, std::string run) {
    Lake* lake = LAGOA_TRY(workspace.lake());
    LakeVersion base = LAGOA_TRY(lake->log().latest());
    Cut cut{.base = Cut::Base::kVersion, .lake_version = base.version, .pins = {}};
    return std::unique_ptr<RunScope>(new RunScope(std::move(run), std::move(cut), std::move(base)));
}

std::unique_ptr<RunScope> RunScope::head(std::string run) {
    return std::unique_ptr<RunScope>(new RunScope(std::move(run), Cut{.base = Cut::Base::kHead, .pins = {}}, {}));
}

Cut RunScope::cut() const {
    const std::lock_guard lock(mutex_);
    return cut_;
}

void RunScope::wrote(const TableName& table, delta::Version version) {
    if (version < 0) return;
    const std::lock_guard lock(mutex_);
    cut_.pins[table] = version;
}

std::map<TableName, delta::Version> RunScope::written() const {
    const std::lock_guard lock(mutex_);
    return cut_.pins;
}

void RunScope::lost(const Losses& losses) {
    const std::lock_guard lock(mutex_);
    losses_.items_failed += losses.items_failed;
    losses_.rows_quarantined += losses.rows_quarantined;
}

Losses RunScope::losses() const {
    const std::lock_guard lock(mutex_);
    return losses_;
}

Result<json::Object> ingest(Workspace& workspace, RunScope& scope, const std::string& source,
                            const json::Value& parameters, std::stop_token stop) {
    json::Object row = json::make_object({{"run", scope.run()}, {"source", source}});
    return measured(
        workspace, ops::OpsTable::kIngests, std::move(row), [&](ops::Measured& measure) -> Result<json::Object> {
            const auto document = workspace.project().sources.find(source);
            if (document == workspace.project().sources.end())
                return fail_with_hint(ErrorCode::kNotFound, "Look into the folder sources/.", "there is no source {}",
                                      source);
            const auto parsed = LAGOA_TRY(ingest::parse_source(source, document->second));
            state::Database* database = LAGOA_TRY(workspace.database());
            const auto lease = LAGOA_TRY(state::Lease::take(*database, "source " + source, "ingesting " + source));
            const auto landing = LAGOA_TRY(workspace.zone("landing"));
            Engine* engine = LAGOA_TRY(workspace.engine());
            const ingest::FetchContext context{.project = &workspace.project(),
                                               .source = &parsed,
                                               .environment = workspace.environment(),
                                               .http = &workspace.http(),
                                               .engine = engine,
                                               .clock = &workspace.clock(),
                                               .stop = stop,
                                               .run = scope.run(),
                                               .parameters = parameters,
                                               .cursor = {}};
            const auto done = LAGOA_TRY(ingest::ingest_source(context, *landing));
            scope.lost({.items_failed = done.failures.size()});
            json::Array failures;
            for (const auto& failure : done.failures)
                failures.push_back(json::make_object({{"stream", failure.stream},
                                                      {"item", failure.item},
                                                      {"code", failure.code},
                                                      {"message", failure.message}}));
            json::Object result = json::make_object({{"source", source},
                                                     {"run", scope.run()},
                                                     {"sequence", done.sequence},
                                                     {"objects", done.objects},
                                                     {"size_bytes", done.size_bytes},
                                                     {"records", done.records},
                                                     {"failures", std::move(failures)}});
            for (const auto* column : {"sequence", "objects", "size_bytes", "records"})
                measure.set(column, *result.find(column));
            measure.set("items_failed", static_cast<std::uint64_t>(done.failures.size()));
            return result;
        });
}

Result<json::Object> run_job(Workspace& workspace, RunScope& scope, const std::string& job,
                             const std::map<std::string, std::string>& arguments, std::stop_token stop) {
    json::Object row = json::make_object({{"run", scope.run()}, {"job", job}});
    auto result =
        measured(workspace, ops::OpsTable::kJobs, std::move(row), [&](ops::Measured& measure) -> Result<json::Object> {
            const Project& project = workspace.project();
            if (const auto sql = project.sql_jobs.find(job); sql != project.sql_jobs.end()) {
                const auto parsed = LAGOA_TRY(jobs::parse_sql_job(job, sql->second));
                measure.set("table_name", parsed.target.text());
                if (!arguments.empty())
                    return fail(ErrorCode::kInvalidArgument, "there is no parameter {}; a SQL job has none",
                                arguments.begin()->first);
                return run_sql(workspace, scope, parsed, stop, measure);
            }
            const auto document = project.jobs.find(job);
            if (document == project.jobs.end())
                return fail_with_hint(ErrorCode::kNotFound, fmt::format("Use one of {}.", names(project)),
                                      "there is no job {}", job);
            LAGOA_TRY(check_raw_job(document->second));
            const TableName table = LAGOA_TRY(raw_table(job, arguments));
            measure.set("table_name", table.text());
            return load(workspace, scope, table, stop, measure);
        });
    if (!result) return pass_on(std::move(result).error(), "job {}", job);
    json::Object named = json::make_object({{"job", job}});
    for (const auto& [key, value] : *result) named.set(key, value);
    return named;
}

Result<> check_raw_job(const Document& job) {
    if (job.root().string_at("kind") == "raw") return {};
    return job.fail_at("/kind", "is not a kind of job", "Write kind: raw, or a .sql file.");
}

Result<json::Object> publish(Workspace& workspace, RunScope& scope, const std::vector<TableName>& tables) {
    Lake* lake = LAGOA_TRY(workspace.lake());
    std::map<TableName, delta::Version> versions = scope.written();
    LakeVersion base = scope.base();
    if (scope.cut().base == Cut::Base::kHead) {
        base = LAGOA_TRY(lake->log().latest());
        for (const auto& table : LAGOA_TRY(lake->tables(Cut{.base = Cut::Base::kHead, .pins = {}}))) {
            if (table.name.zone == "ops") continue;
            if (!table.unreadable)
                versions[table.name] = table.version;
            else if (std::ranges::find(tables, table.name) != tables.end())
                return pass_on(*table.unreadable);
        }
    }
    std::map<TableName, PublishedTable> wanted;
    for (const auto& [table, version] : versions) {
        if (!tables.empty() && std::ranges::find(tables, table) == tables.end()) continue;
        wanted[table] = {.location = table.zone + "/" + table.table, .version = version};
    }
    for (const auto& table : tables)
        if (!wanted.contains(table))
            return fail_with_hint(ErrorCode::kNotFound, "lagoa table ls --at head", "there is no table {} to publish",
                                  table.text());
    if (wanted.empty()) return fail_with_hint(ErrorCode::kNotFound, "Run a job first.", "there is nothing to publish");
    const LakeVersion published =
        LAGOA_TRY(lake->log().publish({.tables = wanted}, base, scope.run()), "publishing {} tables", wanted.size());
    json::Object list;
    for (const auto& [table, entry] : wanted) list.set(table.text(), published.tables.at(table).version);
    log::info("lake.publish", {{"lake_version", published.version}, {"tables", wanted.size()}});
    return json::make_object({{"lake_version", published.version}, {"tables", std::move(list)}});
}

}  // namespace lagoa::app
