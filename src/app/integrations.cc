#include "app/integrations.h"

#include "base/id.h"

namespace lagoa::app {
namespace {

constexpr std::string_view kInvoke = "arn:aws:states:::lambda:invoke";
constexpr std::string_view kStartJobRun = "arn:aws:states:::glue:startJobRun.sync";

Result<std::string> text_at(const json::Value& value, std::string_view field, std::string_view where) {
    auto text = value.string_at(field);
    if (!text) return fail(ErrorCode::kInvalidArgument, "{}: {} is missing or no text", where, field);
    return *std::move(text);
}

// `ingest`, also out of a function's ARN (`…:function:ingest`, with or without a version after it).
std::string function_name(const std::string& name) {
    const auto at = name.find(":function:");
    if (at == std::string::npos) return name;
    const std::string rest = name.substr(at + 10);
    return rest.substr(0, rest.find(':'));
}

Result<json::Object> call_function(Workspace& workspace, RunScope& scope, const std::string& name,
                                   const json::Value& payload, std::stop_token stop) {
    if (name == "ingest") {
        const std::string source = LAGOA_TRY(text_at(payload, "source", "function ingest: Payload"));
        return ingest(workspace, scope, source, payload, stop);
    }
    if (name == "load") {
        const std::string table = LAGOA_TRY(text_at(payload, "table", "function load: Payload"));
        return run_job(workspace, scope, "raw", {{"table", table}}, stop);
    }
    if (name == "publish") {
        std::vector<TableName> tables;
        if (const json::Value* list = payload.find("tables"); list != nullptr && list->array() != nullptr)
            for (const auto& table : *list->array())
                tables.push_back(LAGOA_TRY(TableName::parse(table.string() == nullptr ? "" : *table.string())));
        return publish(workspace, scope, tables);
    }
    return fail_with_hint(ErrorCode::kNotFound, "Use ingest, load or publish.", "there is no function {}", name);
}

Result<json::Value> invoke(Workspace& workspace, RunScope& scope, const flow::TaskCall& call) {
    const std::string name = function_name(LAGOA_TRY(text_at(call.input, "FunctionName", call.state)));
    const json::Value* payload = call.input.find("Payload");
    json::Object answer = LAGOA_TRY(
        call_function(workspace, scope, name, payload == nullptr ? json::Value(json::Object{}) : *payload, call.stop));
    return json::Value(
        json::make_object({{"ExecutedVersion", "$LATEST"}, {"Payload", std::move(answer)}, {"StatusCode", 200}}));
}

Result<json::Value> start_job_run(Workspace& workspace, RunScope& scope, const flow::TaskCall& call) {
    const std::string job = LAGOA_TRY(text_at(call.input, "JobName", call.state));
    std::map<std::string, std::string> arguments;
    const json::Value* given = call.input.find("Arguments");
    if (given != nullptr && given->object() != nullptr) {
        for (const auto& [name, value] : *given->object())
            arguments[name.starts_with("--") ? name.substr(2) : name] =
                value.is_string() ? *value.string() : json::dump(value);
    }
    const auto milliseconds = [&] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(workspace.clock().now().time_since_epoch())
            .count();
    };
    const std::int64_t started = milliseconds();
    json::Object result = LAGOA_TRY(run_job(workspace, scope, job, arguments, call.stop));
    const std::int64_t completed = milliseconds();
    // The fields that Glue answers with; `Result` is ours, which Glue's jobs cannot return.
    json::Object envelope = json::make_object({{"AllocatedCapacity", 0},
                                               {"Attempt", 0},
                                               {"CompletedOn", completed},
                                               {"ExecutionTime", (completed - started) / 1000},
                                               {"Id", "jr_" + new_uuid()},
                                               {"JobName", job},
                                               {"JobRunState", "SUCCEEDED"},
                                               {"StartedOn", started},
                                               {"Result", std::move(result)}});
    if (given != nullptr) envelope.set("Arguments", *given);
    return json::Value(std::move(envelope));
}

bool has_job(const Project& project, const std::string& job) {
    return project.sql_jobs.contains(job) || project.jobs.contains(job);
}

std::string called(const flow::TaskCall& call) {
    return call.input.string_at("FunctionName").value_or(call.input.string_at("JobName").value_or(""));
}

}  // namespace

flow::TaskHandler integrations(Workspace& workspace, RunScope& scope) {
    return [&workspace, &scope](const flow::TaskCall& call) -> std::expected<json::Value, flow::TaskError> {
        const auto run = [&]() -> Result<json::Value> {
            ops::Recorder* recorder = LAGOA_TRY(workspace.recorder());
            ops::Measured measure(*recorder, workspace.clock(), ops::OpsTable::kTasks,
                                  json::make_object({{"run", scope.run()},
                                                     {"state", call.state},
                                                     {"resource", call.resource},
                                                     {"name", called(call)}}));
            Result<json::Value> result =
                call.resource == kInvoke ? invoke(workspace, scope, call)
                : call.resource == kStartJobRun
                    ? start_job_run(workspace, scope, call)
                    : fail(ErrorCode::kUnsupported, "there is no integration {}", call.resource);
            measure.finish(result ? nullptr : &result.error());
            return result;
        };
        auto result = run();
        if (result) return std::move(*result);
        std::string cause = result.error().message;
        if (!result.error().hint.empty()) cause += " Try: " + result.error().hint;
        return std::unexpected(
            flow::TaskError{.error = std::string(info(result.error().code).asl_error), .cause = std::move(cause)});
    };
}

Result<> check_task(const Project& project, const Document& pipeline, const flow::TaskUse& task) {
    if (task.resource == kStartJobRun) {
        const auto job = task.parameters.string_at("JobName");
        if (!job || has_job(project, *job)) return {};
        return pipeline.fail_at(task.pointer + "/Parameters/JobName", fmt::format("there is no job {}", *job),
                                "Look into the folder jobs/.");
    }
    const auto given = task.parameters.string_at("FunctionName");
    if (task.resource != kInvoke || !given) return {};
    const std::string name = function_name(*given);
    if (name != "ingest" && name != "load" && name != "publish")
        return pipeline.fail_at(task.pointer + "/Parameters/FunctionName", fmt::format("there is no function {}", name),
                                "Use ingest, load or publish.");
    const json::Value* payload = task.parameters.find("Payload");
    const auto source = payload == nullptr ? std::nullopt : payload->string_at("source");
    if (name != "ingest" || !source || project.sources.contains(*source)) return {};
    return pipeline.fail_at(task.pointer + "/Parameters/Payload/source", fmt::format("there is no source {}", *source),
                            "Look into the folder sources/.");
}

}  // namespace lagoa::app
