// `lagoa sql` and `lagoa table`: looking at the lake.
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/noun.h"
#include "app/output.h"
#include "app/result_printer.h"
#include "base/id.h"
#include "base/text.h"

namespace lagoa::app {
namespace {

constexpr auto kAtHelp = "What to read: published (default), head (each table's newest) or a lake version like v12";

// `published`, `head`, `v12` or `12`.
Result<Cut> parse_cut(const std::string& text) {
    if (text == "published") return Cut{.pins = {}};
    if (text == "head") return Cut{.base = Cut::Base::kHead, .pins = {}};
    const std::string digits = text.starts_with('v') ? text.substr(1) : text;
    Cut cut{.base = Cut::Base::kVersion, .pins = {}};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), cut.lake_version);
    if (error == std::errc{} && end == digits.data() + digits.size() && !digits.empty()) return cut;
    return fail_with_hint(ErrorCode::kInvalidArgument, "Use published, head or a lake version like v12.",
                          "\"{}\" is not something to read at", text);
}

Result<std::string> read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::kNotFound, "reading {}: no such file", path);
    return std::move(text).str();
}

class SqlVerb final : public Verb {
public:
    void add(CLI::App& app) override {
        command = app.add_subcommand("sql", "Run SQL on the lake");
        command->add_option("SQL", sql_, "Statements, separated by ;");
        command->add_option("-f,--file", file_, "Read the statements from a file")->excludes("SQL");
        command->add_option("--at", at_, kAtHelp)->default_str("published");
        command->add_option("--format", format_,
                            "table, csv, json or parquet; by default what --output's name ends in, else table");
        command->add_option("-o,--output", output_, "Write the result to a file");
        command->footer("Example: lagoa sql \"select * from silver.stocks_refined limit 5\" --format csv");
    }

    Result<> run(const Invocation& invocation) override {
        if (sql_.empty() && file_.empty())
            return fail_with_hint(ErrorCode::kInvalidArgument, "lagoa sql \"select 1\"", "there is nothing to run");
        const OutputFormat format = LAGOA_TRY(output_format());
        const Cut cut = LAGOA_TRY(parse_cut(at_));
        const std::string sql = file_.empty() ? sql_ : LAGOA_TRY(read_text(file_));
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto session = LAGOA_TRY(lake->connect(cut));
        const InterruptOnStop interrupt(*session, invocation.stop);
        if (format == OutputFormat::kParquet) return write_parquet(*session, sql);
        const auto queried = session->query(sql);
        if (!queried) return std::unexpected(with_hint(queried.error()));
        const auto& rows = *queried;
        if (output_.empty()) return print_rows(*rows, format, stdout);
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(output_.c_str(), "wb"), std::fclose);
        if (file == nullptr) return fail(ErrorCode::kPermissionDenied, "writing {}: {}", output_, std::strerror(errno));
        return print_rows(*rows, format, file.get());
    }

private:
    // --format, or what the output's name says.
    Result<OutputFormat> output_format() const {
        if (!format_.empty()) return parse_output_format(format_);
        const std::string extension = std::filesystem::path(output_).extension().string();
        const auto named = parse_output_format(extension.empty() ? "" : to_lower(extension.substr(1)));
        return named.value_or(OutputFormat::kTable);
    }

    // A table that nobody has published is not there for most readers.
    Error with_hint(Error error) const {
        if (error.code == ErrorCode::kNotFound && error.hint.empty() && at_ == "published")
            error.hint = "lagoa table ls lists what is published; --at head reads what is not yet.";
        return error;
    }

    // Parquet is written by the engine, to a file; without --output it goes on to stdout.
    Result<> write_parquet(Session& session, const std::string& sql) const {
        namespace fs = std::filesystem;
        const fs::path target =
            output_.empty() ? fs::temp_directory_path() / ("lagoa-" + new_uuid() + ".parquet") : fs::path(output_);
        std::string_view select = trim(sql);
        while (select.ends_with(';')) select = trim(select.substr(0, select.size() - 1));
        const auto copied =
            session.execute(fmt::format("COPY ({}) TO {} (FORMAT parquet)", select, quote_literal(target.string())));
        if (!copied) return std::unexpected(with_hint(copied.error()));
        if (!output_.empty()) return {};
        const auto bytes = read_text(target.string());
        std::error_code ignored;  // a temporary file left behind is no failure of the query
        fs::remove(target, ignored);
        if (!bytes) return pass_on(bytes.error());
        if (std::fwrite(bytes->data(), 1, bytes->size(), stdout) != bytes->size() || std::fflush(stdout) != 0)
            return fail(ErrorCode::kUnavailable, "writing the result: {}", std::strerror(errno));
        return {};
    }

    std::string sql_;
    std::string file_;
    std::string at_ = "published";
    std::string format_;
    std::string output_;
};

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
        command = noun(app, "table", "Tables of the lake")->add_subcommand("ls", "List tables");
        command->add_option("--at", at_, kAtHelp)->default_str("published");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const Cut cut = LAGOA_TRY(parse_cut(at_));
        const auto workspace = LAGOA_TRY(invocation.open());
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
        command =
            noun(app, "table", "Tables of the lake")->add_subcommand("show", "Schema, properties and size of a table");
        command->add_option("TABLE", table_, "e.g. silver.stocks_refined")->required();
        command->add_option("--at", at_, kAtHelp)->default_str("published");
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const Cut cut = LAGOA_TRY(parse_cut(at_));
        const TableName name = LAGOA_TRY(TableName::parse(table_));
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto snapshot = LAGOA_TRY(lake->snapshot(name, cut));
        if (json_)
            print(*snapshot, workspace->project().zones.at(name.zone));
        else
            print_text(*snapshot, workspace->project().zones.at(name.zone));
        return {};
    }

private:
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
        command->add_option("-n,--limit", limit_, "Versions at most")->default_str("20")->check(CLI::Range(1, 100'000));
        command->add_flag("--json", json_, "Print as JSON");
    }

    Result<> run(const Invocation& invocation) override {
        const TableName name = LAGOA_TRY(TableName::parse(table_));
        const auto workspace = LAGOA_TRY(invocation.open());
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto location = LAGOA_TRY(lake->locate(name));
        const auto history = LAGOA_TRY(delta::read_history(location, limit_), "reading the history of {}", table_);
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
    std::string table_;
    std::size_t limit_ = 20;
    bool json_ = false;
};

}  // namespace

void add_read_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<SqlVerb>());
    verbs.push_back(std::make_unique<TableListVerb>());
    verbs.push_back(std::make_unique<TableShowVerb>());
    verbs.push_back(std::make_unique<TableHistoryVerb>());
}

}  // namespace lagoa::app
