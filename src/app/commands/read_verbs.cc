// `lagoa table`: looking at the lake.
#include <algorithm>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/cut.h"
#include "app/noun.h"
#include "app/output.h"
#include "app/result_printer.h"
#include "base/text.h"

namespace lagoa::app {
namespace {

json::Object to_json(const TableInfo& table) {
    if (table.unreadable)
        return json::make_object({{"table", table.name.text()}, {"unreadable", table.unreadable->message}});
    return json::make_object({{"table", table.name.text()},
                              {"version", table.version},
                              {"rows", table.rows ? json::Value(*table.rows) : json::Value()},
                              {"files", table.files},
                              {"size_bytes", table.size_bytes},
                              {"modified", format_instant(table.modified)}});
}

class TableListVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "table", "Tables of the lake")->add_subcommand("ls", "List tables and views");
        command->add_option("--at", at_, kAtHelp)->default_str("published");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const auto workspace = LAGOA_TRY(invocation.open());
        const Cut cut = LAGOA_TRY(resolve_cut(*workspace, at_));
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto tables = LAGOA_TRY(lake->tables(cut));
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        std::optional<Error> unreadable;  // the first one's
        for (const auto& table : tables) {
            array.push_back(to_json(table));
            if (table.unreadable) {
                if (!unreadable) unreadable = table.unreadable;
                rows.push_back({table.name.text(), "?", "?", "?", "?", "unreadable: " + table.unreadable->message});
                continue;
            }
            rows.push_back({table.name.text(), fmt::format("{}", table.version),
                            table.rows ? fmt::format("{}", *table.rows) : "?", fmt::format("{}", table.files),
                            human_bytes(table.size_bytes), format_instant(table.modified).substr(0, 19) + "Z"});
        }
        for (const auto& [name, sql] : LAGOA_TRY(lake->views(cut))) {
            array.push_back(json::make_object({{"view", name.text()}, {"sql", sql}}));
            rows.push_back({name.text(), "view", "", "", "", ""});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"table", "version", "rows", "files", "size", "modified"}, rows, stdout);
        if (unreadable) return pass_on(*std::move(unreadable));
        return {};
    }

private:
    std::string at_ = "published";
    bool json_ = false;
};

class TableShowVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = noun(app, "table", "Tables of the lake")
                      ->add_subcommand("show", "Schema, properties and size of a table, or a view's columns");
        command->add_option("TABLE", table_, "e.g. silver.stocks_refined")->required();
        command->add_option("--at", at_, kAtHelp)->default_str("published");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const TableName name = LAGOA_TRY(TableName::parse(table_));
        const auto workspace = LAGOA_TRY(invocation.open());
        const Cut cut = LAGOA_TRY(resolve_cut(*workspace, at_));
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto views = LAGOA_TRY(lake->views(cut));
        if (const auto view = views.find(name); view != views.end()) return show_view(*lake, cut, view->second);
        const auto snapshot = LAGOA_TRY(lake->snapshot(name, cut));
        if (json_)
            print(*snapshot, workspace->project().zones.at(name.zone));
        else
            print_text(*snapshot, workspace->project().zones.at(name.zone));
        return {};
    }

private:
    Result<> show_view(Lake& lake, const Cut& cut, const std::string& sql) const {
        const auto session = LAGOA_TRY(lake.connect(cut));
        const auto columns = LAGOA_TRY(session->describe("SELECT * FROM " + table_), "reading view {}", table_);
        json::Array array;
        std::vector<std::vector<std::string>> lines;
        for (const Column& column : columns) {
            array.push_back(json::make_object({{"name", column.name}, {"type", to_sql(column.type)}}));
            lines.push_back({column.name, to_sql(column.type)});
        }
        if (json_) {
            print_json(json::make_object({{"view", table_}, {"sql", sql}, {"columns", std::move(array)}}), stdout);
            return {};
        }
        say(stdout, "{}  view\n{}\n\n", table_, sql);
        print_table({"column", "type"}, lines, stdout);
        return {};
    }

    void print(const delta::Snapshot& snapshot, const std::string& zone_root) const {
        json::Array columns;
        for (const auto& field : snapshot.metadata.schema.fields) {
            json::Object column =
                json::make_object({{"name", field.name}, {"type", to_sql(field.type)}, {"nullable", field.nullable}});
            if (const json::Value* comment = field.metadata.find("comment")) column.set("description", *comment);
            columns.push_back(std::move(column));
        }
        json::Object properties;
        for (const auto& [key, value] : snapshot.metadata.configuration) properties.set(key, value);
        json::Array partitions;
        for (const auto& column : snapshot.metadata.partition_columns) partitions.push_back(column);
        const auto rows = snapshot.row_count();
        print_json(json::make_object({{"table", table_},
                                      {"location", zone_root + "/" + table_.substr(table_.find('.') + 1)},
                                      {"version", snapshot.version},
                                      {"rows", rows ? json::Value(*rows) : json::Value()},
                                      {"files", static_cast<std::uint64_t>(snapshot.files.size())},
                                      {"size_bytes", snapshot.size_bytes()},
                                      {"description", snapshot.metadata.description},
                                      {"partition_by", std::move(partitions)},
                                      {"properties", std::move(properties)},
                                      {"columns", std::move(columns)}}),
                   stdout);
    }

    void print_text(const delta::Snapshot& snapshot, const std::string& zone_root) const {
        const auto rows = snapshot.row_count();
        say(stdout, "{}  version {}, {} rows, {} files, {}\n{}/{}\n", table_, snapshot.version,
            rows ? fmt::format("{}", *rows) : "?", snapshot.files.size(), human_bytes(snapshot.size_bytes()), zone_root,
            table_.substr(table_.find('.') + 1));
        if (!snapshot.metadata.description.empty()) say(stdout, "{}\n", snapshot.metadata.description);
        for (const auto& [key, value] : snapshot.metadata.configuration) say(stdout, "{} = {}\n", key, value);
        std::vector<std::vector<std::string>> lines;
        for (const auto& field : snapshot.metadata.schema.fields) {
            const json::Value* comment = field.metadata.find("comment");
            lines.push_back({field.name, to_sql(field.type), field.nullable ? "" : "not null",
                             comment != nullptr && comment->is_string() ? *comment->string() : ""});
        }
        say(stdout, "\n");
        print_table({"column", "type", "", "description"}, lines, stdout);
    }

    std::string table_;
    std::string at_ = "published";
    bool json_ = false;
};

class TableHistoryVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command =
            noun(app, "table", "Tables of the lake")->add_subcommand("history", "Versions of a table, newest first");
        command->add_option("TABLE", table_, "e.g. silver.stocks_refined")->required();
        command->add_option("--at", at_, "Only versions up to the one that this reads; as of table show")
            ->default_str("head");
        command->add_option("-n,--limit", limit_, "Versions at most")->default_str("20")->check(CLI::Range(1, 100'000));
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const TableName name = LAGOA_TRY(TableName::parse(table_));
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto location = LAGOA_TRY(lake->locate(name));
        const auto history = LAGOA_TRY(history_of(*workspace, name, location), "reading the history of {}", table_);
        json::Array array;
        std::vector<std::vector<std::string>> rows;
        for (const auto& entry : history) {
            const Instant time{std::chrono::milliseconds(entry.timestamp_ms)};
            array.push_back(json::make_object({{"version", entry.version},
                                               {"time", format_instant(time)},
                                               {"operation", entry.operation},
                                               {"commit_info", entry.commit_info}}));
            const json::Value* metrics = entry.commit_info.find("operationMetrics");
            const json::Value* note = entry.commit_info.find("userMetadata");
            rows.push_back({fmt::format("{}", entry.version), format_instant(time).substr(0, 19) + "Z", entry.operation,
                            metrics == nullptr ? "" : metrics->string_at("numOutputRows").value_or(""),
                            note != nullptr && note->is_string() ? *note->string() : ""});
        }
        if (json_)
            print_json(json::Value(std::move(array)), stdout);
        else
            print_table({"version", "time", "operation", "rows", "note"}, rows, stdout);
        return {};
    }

private:
    Result<std::vector<delta::HistoryEntry>> history_of(Workspace& workspace, const TableName& name,
                                                        const delta::TableLocation& location) const {
        const Cut cut = LAGOA_TRY(resolve_cut(workspace, at_));
        if (cut.base == Cut::Base::kHead) return delta::read_history(location, limit_);
        Lake* lake = LAGOA_TRY(workspace.lake());
        const delta::Version last = LAGOA_TRY(lake->snapshot(name, cut))->version;
        const delta::Version newest = LAGOA_TRY(delta::newest_version(location));
        auto history = LAGOA_TRY(delta::read_history(location, limit_ + static_cast<std::size_t>(newest - last)));
        std::erase_if(history, [&](const delta::HistoryEntry& entry) { return entry.version > last; });
        return history;
    }

    std::string table_;
    std::string at_ = "head";
    std::size_t limit_ = 20;
    bool json_ = false;
};

}  // namespace

void add_read_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<TableListVerb>());
    verbs.push_back(std::make_unique<TableShowVerb>());
    verbs.push_back(std::make_unique<TableHistoryVerb>());
}

}  // namespace lagoa::app
