// `lagoa init`, `doctor`, `version`: the project itself.
#include <filesystem>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/init_project.h"
#include "app/install.h"
#include "app/integrations.h"
#include "app/output.h"
#include "app/result_printer.h"
#include "base/id.h"
#include "base/text.h"
#include "flow/state_machine.h"
#include "ingest/connector.h"
#include "jobs/sql_job.h"

namespace lagoa::app {
namespace {

class InitVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("init", "Write a small project that runs");
        command->add_option("DIR", folder_, "Where; the current folder by default")->default_str(".");
        command->add_option("--name", name_, "Name of the project; the folder's by default");
    }

    Result<> run(const Invocation&) override {
        std::error_code error;
        const auto folder = std::filesystem::absolute(folder_, error).lexically_normal();
        std::string name = name_;
        if (name.empty())
            name = replace_all(to_lower((folder.has_filename() ? folder : folder.parent_path()).filename().string()),
                               "-", "_");
        for (const auto& file : LAGOA_TRY(init_project(folder, name))) say(stdout, "{}\n", file);
        say(stderr, "Next: cd {} && lagoa run daily --sample && lagoa sql \"select * from silver.daily_return\"\n",
            folder_);
        return {};
    }

private:
    std::string folder_ = ".";
    std::string name_;
};

class VersionVerb final : public Verb {
public:
    void add(CLI::App& app) override { command = app.add_subcommand("version", "Print the version"); }
    Result<> run(const Invocation&) override {
        say(stdout, "lagoa {}\n", kVersion);
        return {};
    }
};

// One thing that doctor looks at.
struct Finding {
    std::string what;
    std::string detail;
    std::optional<Error> error;
    bool warning = false;  // worth a look; nothing is broken

    std::string_view verdict() const { return error ? "FAILED" : warning ? "warning" : "ok"; }
};

class DoctorVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("doctor", "Check project files, folders, extensions and settings");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        look("project " + workspace->project().name, workspace->project().root.string(), Result<>{});
        look_at_files(*workspace);
        look_at_machine(*workspace);
        print();
        const auto bad =
            std::ranges::find_if(findings_, [](const Finding& finding) { return finding.error.has_value(); });
        if (bad == findings_.end()) return {};
        return std::unexpected(Error{.code = bad->error->code,
                                     .message = fmt::format("{}: {}", bad->what, bad->error->message),
                                     .hint = bad->error->hint});
    }

private:
    template <class T>
    void look(std::string what, std::string detail, const Result<T>& result) {
        findings_.push_back(
            {std::move(what), std::move(detail), result ? std::nullopt : std::optional(result.error()), false});
    }

    static Result<> check_source(const std::string& name, const Document& document) {
        const auto source = LAGOA_TRY(ingest::parse_source(name, document));
        const auto* connector = ingest::find_connector(source.kind);
        if (connector == nullptr)
            return document.fail_at("/kind", fmt::format("{} is not a kind of source", source.kind));
        return connector->check(source);
    }

    void look_at_files(Workspace& workspace) {
        const Project& project = workspace.project();
        for (const auto& [name, document] : project.sources)
            look("source " + name, document.name(), check_source(name, document));
        for (const auto& [name, text] : project.sql_jobs)
            look("job " + name, "jobs/" + name + ".sql", jobs::parse_sql_job(name, text));
        for (const auto& [name, document] : project.jobs) look("job " + name, document.name(), check_raw_job(document));
        for (const auto& [name, text] : project.pipelines) {
            const std::string file = "pipelines/" + name + ".asl.json";
            look("pipeline " + name, file, check_pipeline(project, file, text));
        }
        look("contracts", fmt::format("{} of them", project.contracts.size()), Result<>{});
        for (const auto& [name, document] : project.sources) {
            const auto expanded = expand_environment(document.root(), workspace.environment());
            const std::string empty = expanded ? empty_setting(document, *expanded) : "";
            look("environment of " + name, empty.empty() ? "every variable is set or has a default" : empty, expanded);
            findings_.back().warning = !empty.empty();
        }
    }

    static Result<> check_pipeline(const Project& project, const std::string& file, const std::string& text) {
        const Document document = LAGOA_TRY(Document::parse(file, text));
        const auto machine = LAGOA_TRY(flow::StateMachine::parse(document));
        for (const auto& task : machine.tasks()) LAGOA_TRY(check_task(project, document, task));
        return {};
    }

    // A place or secret that is empty once its variables are filled in: fine to parse, hardly ever meant.
    static std::string empty_setting(const Document& document, const json::Value& expanded) {
        const json::Value* access = expanded.find("auth");
        for (const auto& [pointer, value] :
             {std::pair{"/dsn", expanded.string_at("dsn")},
              {"/directory", expanded.string_at("directory")},
              {"/auth/bearer", access == nullptr ? std::nullopt : access->string_at("bearer")}}) {
            if (!value || !value->empty()) continue;
            const std::string written = document.at(pointer) == nullptr ? "" : *document.at(pointer)->string();
            const auto open = written.find("${");
            const std::string variable =
                open == std::string::npos ? "" : written.substr(open + 2, written.find_first_of(":}", open) - open - 2);
            return fmt::format("{}:{}: {} is empty{}", document.name(), document.line_of(pointer), pointer,
                               variable.empty() ? "" : ": " + variable + " is not set");
        }
        return {};
    }

    void look_at_machine(Workspace& workspace) {
        for (const auto& [name, root] : workspace.project().zones)
            look("zone " + name, root, can_write(workspace, name));
        look("state", (workspace.project().state_directory() / "state.db").string(), workspace.database());
        const auto engine = workspace.engine();
        look("engine",
             fmt::format("{} threads, {}", workspace.project().threads,
                         human_bytes(workspace.project().memory_limit_bytes)),
             engine);
        if (engine)
            look("extension postgres_scanner", extension_directory().string(),
                 (*engine)->load_extension("postgres_scanner"));
    }

    static Result<> can_write(Workspace& workspace, const std::string& zone) {
        const auto store = LAGOA_TRY(workspace.zone(zone));
        const std::string key = "_lagoa/doctor-" + new_uuid();
        LAGOA_TRY(store->put_if_absent(key, "ok"));  // as a commit does it: on S3 the server has to know the condition
        return store->remove(key);
    }

    void print() const {
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        for (const auto& finding : findings_) {
            const std::string detail = finding.error ? finding.error->message : finding.detail;
            array.push_back(json::make_object(
                {{"check", finding.what}, {"ok", !finding.error}, {"verdict", finding.verdict()}, {"detail", detail}}));
            rows.push_back({std::string(finding.verdict()), finding.what, detail});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"", "check", "detail"}, rows, stdout);
    }

    bool json_ = false;
    std::vector<Finding> findings_;
};

}  // namespace

void add_project_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<InitVerb>());
    verbs.push_back(std::make_unique<DoctorVerb>());
    verbs.push_back(std::make_unique<VersionVerb>());
}

}  // namespace lagoa::app
