#include "jobs/sql_job.h"

#include <array>

#include "base/text.h"
#include "codec/document.h"
#include "model/declared_fields.h"

namespace lagoa::jobs {
namespace {

constexpr std::string_view kOpen = "/* lagoa";
constexpr std::array<std::string_view, 5> kFields = {"target", "mode", "key", "partition_by", "description"};

struct ModeName {
    std::string_view name;
    WriteMode mode;
};
constexpr std::array kModes = {ModeName{"append", WriteMode::kAppend}, ModeName{"overwrite", WriteMode::kOverwrite},
                               ModeName{"merge", WriteMode::kMerge}};

Result<std::vector<std::string>> names_at(const Document& document, const std::string& field) {
    std::vector<std::string> names;
    const json::Value* value = document.root().find(field);
    if (value == nullptr) return names;
    if (!value->is_array())
        return document.fail_at("/" + field, "is not a list", fmt::format("Write {}: [symbol, trade_date].", field));
    for (const auto& item : *value->array()) {
        if (!item.is_string()) return document.fail_at("/" + field, "holds something that is not a column's name");
        names.push_back(*item.string());
    }
    return names;
}

Result<WriteMode> mode_of(const Document& document) {
    const json::Value* value = document.root().find("mode");
    if (value == nullptr) return WriteMode::kOverwrite;
    for (const auto& [name, mode] : kModes)
        if (value->string() != nullptr && *value->string() == name) return mode;
    return document.fail_at("/mode", fmt::format("{} is not a mode", json::dump(*value)),
                            "Use append, overwrite or merge.");
}

Result<> read_header(const Document& document, SqlJob& job) {
    if (!document.root().is_object()) return document.fail_at("", "the header is not a mapping");
    LAGOA_TRY(check_fields(document, "", kFields));
    const auto target = document.root().string_at("target");
    if (!target) return document.fail_at("/target", "is missing", "Write target: silver.<table>.");
    const auto table = TableName::parse(*target);
    if (!table) return document.fail_at("/target", table.error().message, table.error().hint);
    job.target = *table;
    job.mode = LAGOA_TRY(mode_of(document));
    job.key = LAGOA_TRY(names_at(document, "key"));
    job.partition_by = LAGOA_TRY(names_at(document, "partition_by"));
    job.description = document.root().string_at("description").value_or("");
    if (job.mode == WriteMode::kMerge && job.key.empty())
        return document.fail_at("/mode", "merge needs to know which rows are the same", "Add key: [column, …].");
    return {};
}

}  // namespace

Result<SqlJob> parse_sql_job(const std::string& name, const std::string& text) {
    const std::string file = "jobs/" + name + ".sql";
    const auto close = text.find("*/");
    if (!text.starts_with(kOpen) || close == std::string::npos)
        return fail_with_hint(ErrorCode::kInvalidConfig,
                              "Start the file with /* lagoa, then target: <zone>.<table>, then */.",
                              "{}:1: the job has no header", file);
    // The opening line becomes an empty one, so that the header's line numbers are the file's.
    const auto first_line = text.find('\n');
    const std::string header = first_line < close ? text.substr(first_line, close - first_line)
                                                  : text.substr(kOpen.size(), close - kOpen.size());
    const Document document = LAGOA_TRY(Document::parse(file, header));
    SqlJob job{
        .name = name, .target = {}, .key = {}, .partition_by = {}, .description = {}, .select = {}, .text = text};
    LAGOA_TRY(read_header(document, job));
    std::string_view select = trim(std::string_view(text).substr(close + 2));
    while (select.ends_with(';')) select = trim(select.substr(0, select.size() - 1));
    if (select.empty()) return fail(ErrorCode::kInvalidConfig, "{}: there is no SELECT after the header", file);
    job.select = select;
    return job;
}

}  // namespace lagoa::jobs
