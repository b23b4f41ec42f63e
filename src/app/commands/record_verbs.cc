// `lagoa runs` and `lagoa quarantine`: what happened, and what was refused.
#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/noun.h"
#include "app/output.h"
#include "app/result_printer.h"
#include "ingest/quarantine.h"

namespace lagoa::app {
namespace {

std::string shown(Instant instant) {
    return format_instant(instant).substr(0, 19) + "Z";
}

std::string duration(const state::Run& run) {
    if (!run.ended) return "";
    return fmt::format("{:.1f} s", std::chrono::duration<double>(*run.ended - run.started).count());
}

json::Object to_json(const state::Run& run) {
    const auto text = [](const std::string& value) { return value.empty() ? json::Value() : json::Value(value); };
    const auto parsed = [](const std::string& value) { return json::parse(value).value_or(json::Value()); };
    return json::make_object({{"run", run.id},
                              {"pipeline", run.pipeline},
                              {"status", state::to_text(run.status)},
                              {"started", format_instant(run.started)},
                              {"ended", run.ended ? json::Value(format_instant(*run.ended)) : json::Value()},
                              {"input", parsed(run.input)},
                              {"output", parsed(run.output)},
                              {"error", text(run.error)},
                              {"cause", text(run.cause)},
                              {"failed_state", text(run.failed_state)}});
}

class RunsListVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "runs", "Runs of pipelines")->add_subcommand("ls", "List runs, newest first");
        command->add_option("-n,--limit", limit_, "Runs at most")->default_str("20")->check(CLI::Range(1, 100'000));
        command->add_option("--pipeline", pipeline_, "Only runs of this pipeline");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        state::RunStore* store = LAGOA_TRY(workspace->runs());
        const auto runs = LAGOA_TRY(store->list_runs(limit_, pipeline_));
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        for (const auto& run : runs) {
            array.push_back(to_json(run));
            rows.push_back({run.id, run.pipeline, std::string(state::to_text(run.status)), shown(run.started),
                            duration(run), run.failed_state, run.error});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"run", "pipeline", "status", "started", "took", "failed in", "error"}, rows, stdout);
        return {};
    }

private:
    std::int64_t limit_ = 20;
    std::string pipeline_;
    bool json_ = false;
};

class RunsShowVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "runs", "Runs of pipelines")->add_subcommand("show", "One run with its tables and history");
        command->add_option("RUN", run_, "Id of the run, or how it begins")->required();
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        state::RunStore* store = LAGOA_TRY(workspace->runs());
        const auto run = LAGOA_TRY(store->get_run(run_));
        const auto tables = LAGOA_TRY(store->tables_of(run.id));
        const auto events = LAGOA_TRY(store->events_of(run.id));
        if (json_)
            print(run, tables, events);
        else
            print_text(run, tables, events);
        return {};
    }

private:
    static void print(const state::Run& run, const std::vector<state::RunTable>& tables,
                      const std::vector<state::RunEvent>& events) {
        json::Object object = to_json(run);
        json::Object versions;
        for (const auto& table : tables) versions.set(table.table, table.version);
        json::Array history;
        for (const auto& event : events)
            history.push_back(json::make_object({{"id", event.id},
                                                 {"previous_id", event.previous_id},
                                                 {"time", format_instant(event.time)},
                                                 {"type", event.type},
                                                 {"state", event.state},
                                                 {"details", json::parse(event.details).value_or(json::Value())}}));
        object.set("tables", std::move(versions));
        object.set("history", std::move(history));
        print_json(json::Value(std::move(object)), stdout);
    }

    static void print_text(const state::Run& run, const std::vector<state::RunTable>& tables,
                           const std::vector<state::RunEvent>& events) {
        say(stdout, "run {} of {}: {}\nstarted {}{}\n", run.id, run.pipeline, state::to_text(run.status),
            shown(run.started), run.ended ? ", took " + duration(run) : "");
        if (!run.error.empty()) say(stdout, "failed in state {}: {}\n  {}\n", run.failed_state, run.error, run.cause);
        std::vector<std::vector<std::string>> lines;
        for (const auto& table : tables) lines.push_back({table.table, fmt::format("{}", table.version)});
        if (!lines.empty()) {
            say(stdout, "\n");
            print_table({"table written", "version"}, lines, stdout);
        }
        lines.clear();
        for (const auto& event : events) {
            const json::Value details = json::parse(event.details).value_or(json::Value());
            lines.push_back(
                {fmt::format("{}", event.id), format_instant(event.time).substr(11, 12), event.type, event.state,
                 details.string_at("error").value_or("") +
                     (details.find("cause") != nullptr ? ": " + details.string_at("cause").value_or("") : "")});
        }
        say(stdout, "\n");
        print_table({"event", "time", "type", "state", ""}, lines, stdout);
    }

    std::string run_;
    bool json_ = false;
};

class QuarantineListVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "quarantine", "Rows that broke a contract")
                      ->add_subcommand("ls", "Tables that have rows in quarantine");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto tables = LAGOA_TRY(ingest::list_quarantine(*lake, Cut{.base = Cut::Base::kHead, .pins = {}}));
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        for (const auto& table : tables) {
            json::Object rules;
            std::string list;
            for (const auto& [rule, count] : table.rules) {
                rules.set(rule, count);
                list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", rule, count);
            }
            array.push_back(json::make_object({{"table", table.table.text()},
                                               {"rows", table.rows},
                                               {"last", format_instant(table.last)},
                                               {"rules", std::move(rules)}}));
            rows.push_back({table.table.text(), fmt::format("{}", table.rows), shown(table.last), list});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"table", "rows", "last", "rules broken"}, rows, stdout);
        return {};
    }

private:
    bool json_ = false;
};

class QuarantineShowVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "quarantine", "Rows that broke a contract")
                      ->add_subcommand("show", "Rows of a table with the rules they break, newest first");
        command
            ->add_option("TABLE", table_, "e.g. stocks or silver.stocks_refined; the zone is bronze unless it is named")
            ->required();
        command->add_option("-n,--limit", limit_, "Rows at most")->default_str("20")->check(CLI::Range(1, 100'000));
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const TableName table =
            LAGOA_TRY(TableName::parse(table_.find('.') == std::string::npos ? "bronze." + table_ : table_));
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto rows = LAGOA_TRY(ingest::show_quarantine(*lake, workspace->project(), table, limit_));
        if (json_)
            print(rows);
        else
            print_text(rows);
        return {};
    }

private:
    static void print(const std::vector<ingest::QuarantinedRow>& rows) {
        json::Array array;
        for (const auto& row : rows) {
            array.push_back(json::make_object({{"id", row.id},
                                               {"source", row.source},
                                               {"sequence", row.sequence},
                                               {"run", row.run},
                                               {"quarantined_at", format_instant(row.quarantined_at)},
                                               {"rules", row.rules},
                                               {"contract_version", row.contract_version},
                                               {"object", row.object},
                                               {"pointer", row.pointer},
                                               {"record", json::parse(row.record).value_or(json::Value(row.record))}}));
        }
        print_json(json::Value(std::move(array)), stdout);
    }

    static void print_text(const std::vector<ingest::QuarantinedRow>& rows) {
        for (const auto& row : rows) {
            say(stdout, "{}  {}  run {}\n  in {} at {}\n", row.id.substr(0, 12), shown(row.quarantined_at), row.run,
                row.object, row.pointer);
            if (const auto* rules = row.rules.array())
                for (const auto& rule : *rules)
                    say(stdout, "  {} {}: {}\n", rule.string_at("rule").value_or(""),
                        rule.string_at("column").value_or(""), rule.string_at("message").value_or(""));
            say(stdout, "  {}\n\n", row.record);
        }
    }

    std::string table_;
    std::size_t limit_ = 20;
    bool json_ = false;
};

}  // namespace

void add_record_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<RunsListVerb>());
    verbs.push_back(std::make_unique<RunsShowVerb>());
    verbs.push_back(std::make_unique<QuarantineListVerb>());
    verbs.push_back(std::make_unique<QuarantineShowVerb>());
}

}  // namespace lagoa::app
