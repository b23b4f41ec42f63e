// `lagoa sql`: SQL on the lake.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <CLI/CLI.hpp>

#include "app/commands/verbs.h"
#include "app/cut.h"
#include "app/output.h"
#include "app/output_file.h"
#include "app/result_printer.h"
#include "base/id.h"
#include "base/text.h"
#include "engine/statement.h"

namespace lagoa::app {
namespace {

namespace fs = std::filesystem;

Result<std::string> read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::kNotFound, "reading {}: no such file", path);
    return std::move(text).str();
}

// A file of the engine's, gone at the end.
struct ScratchFile {
    fs::path path = fs::temp_directory_path() / ("lagoa-" + new_uuid());
    ScratchFile() = default;
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;
    ~ScratchFile() {
        std::error_code ignored;  // one left behind is no failure of the query
        fs::remove(path, ignored);
    }
};

Result<> send(const fs::path& from, std::FILE* out) {
    std::ifstream in(from, std::ios::binary);
    std::string bytes(std::size_t{1} << 20, '\0');
    while (in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) || in.gcount() > 0)
        if (!write_text(out, std::string_view(bytes.data(), static_cast<std::size_t>(in.gcount())))) break;
    if (std::fflush(out) == 0 && std::ferror(out) == 0) return {};
    if (errno == EPIPE) return {};  // nobody reads any more
    return fail(ErrorCode::kUnavailable, "writing the result: {}", std::strerror(errno));
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
        command->add_option("-o,--output", output_, "Write the result to a file, whole or not at all");
        command->footer("Example: lagoa sql \"select * from silver.stocks_refined limit 5\" --format csv");
    }

    Result<> run(const Invocation& invocation) override {
        if (sql_.empty() && file_.empty())
            return fail_with_hint(ErrorCode::kInvalidArgument, "lagoa sql \"select 1\"", "there is nothing to run");
        const OutputFormat format = LAGOA_TRY(output_format());
        const std::string sql = file_.empty() ? sql_ : LAGOA_TRY(read_text(file_));
        const auto workspace = LAGOA_TRY(invocation.open());
        const Cut cut = LAGOA_TRY(resolve_cut(*workspace, at_));
        Lake* lake = LAGOA_TRY(workspace->lake());
        const auto session = LAGOA_TRY(lake->connect(cut));
        const InterruptOnStop interrupt(*session, invocation.stop);
        std::optional<OutputFile> file;
        if (!output_.empty()) file = LAGOA_TRY(OutputFile::create(output_));
        LAGOA_TRY(format == OutputFormat::kParquet ? write_parquet(*session, sql, file)
                                                   : write_rows(*session, sql, format, file ? file->stream() : stdout));
        if (file) LAGOA_TRY(file->keep());
        return {};
    }

private:
    // --format, or what the output's name says.
    Result<OutputFormat> output_format() const {
        if (!format_.empty()) return parse_output_format(format_);
        const std::string extension = fs::path(output_).extension().string();
        const auto named = parse_output_format(extension.empty() ? "" : to_lower(extension.substr(1)));
        return named.value_or(OutputFormat::kTable);
    }

    // A table that nobody has published is not there for most readers.
    std::unexpected<Error> with_hint(Error error) const {
        if (error.code == ErrorCode::kNotFound && error.hint.empty() && at_ == "published")
            error.hint = "lagoa table ls lists what is published; --at head reads what is not yet.";
        return std::unexpected(std::move(error));
    }

    Result<> write_rows(Session& session, const std::string& sql, OutputFormat format, std::FILE* out) const {
        const auto rows = session.query(sql);
        if (!rows) return with_hint(rows.error());
        return print_rows(**rows, format, out);
    }

    // Parquet is written by the engine, to a file of which it can seek.
    Result<> write_parquet(Session& session, const std::string& sql, const std::optional<OutputFile>& file) const {
        auto statements = LAGOA_TRY(split_statements(session, sql));
        if (statements.empty() || !statements.back().is_select)
            return fail_with_hint(ErrorCode::kInvalidArgument, "End with a SELECT, or use another format.",
                                  "--format parquet: the last statement returns no rows");
        const std::string select = std::move(statements.back().text);
        statements.pop_back();
        for (const Statement& statement : statements)
            if (const auto done = session.execute(statement.text); !done) return with_hint(done.error());
        const ScratchFile scratch;
        const bool in_place = file && !file->is_direct();
        const fs::path& target = in_place ? file->path() : scratch.path;
        // A comment may end the statement: the parenthesis is on a line of its own.
        const auto copied = session.execute(fmt::format("COPY (\n{}\n) TO {} (FORMAT parquet, USE_TMP_FILE false)",
                                                        select, quote_literal(target.string())));
        if (!copied) return with_hint(copied.error());
        return in_place ? Result<>() : send(scratch.path, file ? file->stream() : stdout);
    }

    std::string sql_;
    std::string file_;
    std::string at_ = "published";
    std::string format_;
    std::string output_;
};

}  // namespace

void add_sql_verbs(std::vector<std::unique_ptr<Verb>>& verbs) {
    verbs.push_back(std::make_unique<SqlVerb>());
}

}  // namespace lagoa::app
