// `lagoa run`, `ingest`, `job`, `publish`: what moves data.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/output.h"
#include "app/pipeline.h"
#include "app/result_printer.h"
#include "app/sample_market.h"
#include "base/id.h"
#include "base/log.h"

namespace lagoa::app {
namespace {

Result<> flush_metrics(Workspace& workspace) {
    ops::Recorder* recorder = LAGOA_TRY(workspace.recorder());
    Lake* lake = LAGOA_TRY(workspace.lake());
    LAGOA_TRY(recorder->flush(*lake));
    return {};
}

// A verb on its own is a run of its own, whose metrics are flushed when it ends. Rows that cannot be flushed are kept
// for the next one, and change nothing of the verb's end.
template <class Body>
Result<json::Object> standalone(Workspace& workspace, Body&& body) {
    const auto scope = RunScope::head(new_time_ordered_id(workspace.clock().now()));
    auto result = std::forward<Body>(body)(*scope);
    const auto flushed = flush_metrics(workspace);
    if (!flushed) log::error("ops.not_flushed", {{"error", flushed.error().message}});
    return result;
}

void print_result(const json::Object& result, bool as_json) {
    if (as_json) return print_json(json::Value(result), stdout);
    for (const auto& [key, value] : result)
        say(stdout, "{:<18} {}\n", key, value.is_string() ? *value.string() : json::dump(value));
}

class RunVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("run", "Run a pipeline to its end");
        command->add_option("PIPELINE", pipeline_, "Name of pipelines/<name>.asl.json")->required();
        command->add_option("--input", input_, "Input of the execution, a JSON text")->default_str("{}");
        command->add_flag("--sample", sample_, "Run against the simulated market, started for the time of the run");
        command->add_flag("--json", json_, "Print the run as JSON");
    }

    Result<> run(const Invocation& given) override {
        const json::Value input = LAGOA_TRY(json::parse(input_.empty() ? "{}" : input_), "--input");
        Invocation invocation = given;
        std::unique_ptr<SampleMarket> market;
        if (sample_) {
            market = LAGOA_TRY(SampleMarket::start({.stop = given.stop}));
            invocation.environment = process_environment(market->environment());
        }
        const auto workspace = LAGOA_TRY(invocation.open());
        const auto run = LAGOA_TRY(run_pipeline(*workspace, pipeline_, input, progress()));
        const bool succeeded = run.result.status == flow::ExecutionResult::Status::kSucceeded;
        if (json_)
            print(run, succeeded);
        else if (succeeded)
            print_success(run);
        if (succeeded) return {};
        return std::unexpected(failure(run));
    }

private:
    // One line a state entered, one a task that failed, with the state that the failure belongs to; log events where
    // nobody watches.
    static EventListener progress() {
        return [watched = isatty(STDERR_FILENO) != 0,
                states = std::map<std::int64_t, std::string>()](const flow::Event& event) mutable {
            const auto before = states.find(event.previous_id);
            const std::string state = event.state.empty() && before != states.end() ? before->second : event.state;
            states[event.id] = state;
            const bool entered = event.type.ends_with("StateEntered");
            if (!entered && event.type != "TaskFailed") return;
            const std::string cause = entered ? "" : json::Value(event.details).string_at("cause").value_or("");
            if (!watched) return log::info("run.state", {{"state", state}, {"event", event.type}, {"cause", cause}});
            say(stderr, "{} {} {}{}{}\n", format_instant(event.time).substr(11, 8), entered ? "->" : "!!", state,
                cause.empty() ? "" : ": ", cause);
        };
    }

    static void print_success(const PipelineRun& run) {
        const auto& [items, rows] = run.losses;
        std::string lost;
        if (items > 0) lost += fmt::format("{} items failed", items);
        if (rows > 0) lost += fmt::format("{}{} rows in quarantine", lost.empty() ? "" : ", ", rows);
        say(stdout, "run {} of {} succeeded{}{}\n", run.run, run.pipeline, lost.empty() ? "" : "; ", lost);
        if (items > 0) say(stderr, "  Look: lagoa runs show {} --json names the items.\n", run.run);
        if (rows > 0) say(stderr, "  Look: lagoa quarantine ls, then lagoa quarantine show TABLE.\n");
    }

    static Error failure(const PipelineRun& run) {
        // The exit code follows the error that ended the run, when it is one of ours.
        ErrorCode code = ErrorCode::kDataRejected;
        for (int each = 0; each <= static_cast<int>(ErrorCode::kInternal); ++each)
            if (info(static_cast<ErrorCode>(each)).asl_error == run.result.error.error)
                code = static_cast<ErrorCode>(each);
        return {.code = code,
                .message = fmt::format("run {} of {} ended in state {}: {}: {}", run.run, run.pipeline,
                                       run.result.failed_state, run.result.error.error, run.result.error.cause),
                .hint = advice(run)};
    }

    static void print(const PipelineRun& run, bool succeeded) {
        json::Object object = json::make_object({{"run", run.run},
                                                 {"pipeline", run.pipeline},
                                                 {"succeeded", succeeded},
                                                 {"items_failed", run.losses.items_failed},
                                                 {"rows_quarantined", run.losses.rows_quarantined}});
        if (succeeded)
            object.set("output", run.result.output);
        else
            object.set("error", json::make_object({{"error", run.result.error.error},
                                                   {"cause", run.result.error.cause},
                                                   {"state", run.result.failed_state}}));
        print_json(json::Value(std::move(object)), stdout);
    }

    std::string pipeline_;
    std::string input_;
    bool sample_ = false;
    bool json_ = false;
};

class IngestVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("ingest", "Land what a source has");
        command->add_option("SOURCE", source_, "Name of sources/<name>.yaml")->required();
        command->add_flag("--json", json_, "Print the result as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        const auto result = LAGOA_TRY(standalone(*workspace, [&](RunScope& scope) {
            return ingest(*workspace, scope, source_, json::Value(json::Object{}), invocation.stop);
        }));
        print_result(result, json_);
        return {};
    }

private:
    std::string source_;
    bool json_ = false;
};

class JobVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("job", "Run a job on the newest tables");
        command->add_option("NAME", job_, "Name of jobs/<name>.sql or .yaml")->required();
        command->add_option("--param", parameters_, "A parameter of the job, NAME=VALUE; may be repeated");
        command->add_flag("--json", json_, "Print the result as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        std::map<std::string, std::string> arguments;
        for (const auto& parameter : parameters_) {
            const auto equals = parameter.find('=');
            if (equals == std::string::npos)
                return fail(ErrorCode::kInvalidArgument, "--param {} is not NAME=VALUE", parameter);
            arguments[parameter.substr(0, equals)] = parameter.substr(equals + 1);
        }
        const auto workspace = LAGOA_TRY(invocation.open());
        const auto result = LAGOA_TRY(standalone(
            *workspace, [&](RunScope& scope) { return run_job(*workspace, scope, job_, arguments, invocation.stop); }));
        print_result(result, json_);
        return {};
    }

private:
    std::string job_;
    std::vector<std::string> parameters_;
    bool json_ = false;
};

class PublishVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("publish", "Make the newest version of tables the one that readers see");
        command->add_option("TABLE", tables_, "Tables, e.g. silver.stocks_refined; none: all");
        command->add_flag("--json", json_, "Print the result as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        std::vector<TableName> tables;
        for (const auto& table : tables_) tables.push_back(LAGOA_TRY(TableName::parse(table)));
        const auto workspace = LAGOA_TRY(invocation.open());
        const auto scope = RunScope::head(new_time_ordered_id(workspace->clock().now()));
        const auto result = LAGOA_TRY(publish(*workspace, *scope, tables));
        print_result(result, json_);
        return {};
    }

private:
    std::vector<std::string> tables_;
    bool json_ = false;
};

}  // namespace

void add_work_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<RunVerb>());
    verbs.push_back(std::make_unique<IngestVerb>());
    verbs.push_back(std::make_unique<JobVerb>());
    verbs.push_back(std::make_unique<PublishVerb>());
}

}  // namespace lagoa::app
