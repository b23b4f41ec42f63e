#include "model/project.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "model/declared_fields.h"

namespace lagoa {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kZones = {"landing", "bronze", "silver", "gold", "quarantine", "ops"};

constexpr std::array<std::string_view, 8> kTop = {"name", "time_zone",   "lake",   "zones",
                                                  "s3",   "retain_days", "engine", "network"};
constexpr std::array<std::string_view, 3> kS3 = {"endpoint", "region", "path_style"};
constexpr std::array<std::string_view, 2> kEngine = {"memory_limit_mb", "threads"};
constexpr std::array<std::string_view, 1> kNetwork = {"allow_private_addresses"};
constexpr std::array<std::pair<std::string_view, std::span<const std::string_view>>, 5> kFields = {
    {{"", kTop}, {"/zones", kZones}, {"/s3", kS3}, {"/engine", kEngine}, {"/network", kNetwork}}};

constexpr std::uintmax_t kMaxFileBytes = std::uintmax_t{4} << 20;

Result<std::string> read_file(const fs::path& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error) return fail(ErrorCode::kInvalidConfig, "reading {}: {}", path.string(), error.message());
    if (size > kMaxFileBytes)
        return fail(ErrorCode::kInvalidConfig, "{} has {} bytes; a project file has at most {}", path.string(), size,
                    kMaxFileBytes);
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return fail(ErrorCode::kInvalidConfig, "reading {}: it cannot be read", path.string());
    return std::move(text).str();
}

// A path of lagoa.yaml, relative to the project's folder; s3:// URLs stay.
std::string resolve(const Project& project, const std::string& location) {
    if (location.starts_with("s3://")) return location;
    return (project.root / location).lexically_normal().string();
}

// `section/name` as a whole number from 1 to `most`, or `otherwise`.
Result<std::uint64_t> number_at(const Document& document, const std::string& pointer, std::uint64_t otherwise,
                                std::uint64_t most) {
    const json::Value* value = json::at_pointer(document.root(), pointer);
    if (value == nullptr) return otherwise;
    const auto number = value->number() == nullptr ? std::nullopt : value->number()->to_int64();
    if (!number || *number < 1 || static_cast<std::uint64_t>(*number) > most)
        return document.fail_at(pointer,
                                fmt::format("{} is not a whole number from 1 to {}", json::dump(*value), most));
    return static_cast<std::uint64_t>(*number);
}

Result<> read_zones(const Document& document, const json::Value& root, Project& project) {
    const std::string lake = root.string_at("lake").value_or("./lake");
    project.lake_root = resolve(project, lake);
    for (const auto zone : kZones) {
        const std::string sub =
            std::string(lake.ends_with('/') ? lake.substr(0, lake.size() - 1) : lake) + "/" + std::string(zone);
        project.zones[std::string(zone)] = resolve(project, sub);
    }
    const json::Value* zones = root.find("zones");
    if (zones == nullptr || zones->object() == nullptr) return {};
    for (const auto& [zone, location] : *zones->object()) {
        const std::string pointer = "/zones/" + zone;
        if (!is_name(zone))
            return document.fail_at(pointer, "is not a zone's name", "Use lower-case letters, digits and _.");
        if (!location.is_string()) return document.fail_at(pointer, "is not a folder or an s3:// URL");
        project.zones[zone] = resolve(project, *location.string());
    }
    return {};
}

Result<> read_s3(const Document& document, const json::Value& root, Project& project) {
    const json::Value* s3 = root.find("s3");
    if (s3 == nullptr || s3->object() == nullptr) return {};
    for (const auto& [name, value] : *s3->object()) {
        const bool is_right = name == "path_style" ? value.boolean() != nullptr : value.is_string();
        if (!is_right && !value.is_null())
            return document.fail_at("/s3/" + name, name == "path_style" ? "is not true or false" : "is not a text");
    }
    project.s3 = {.endpoint = s3->string_at("endpoint"),
                  .region = s3->string_at("region"),
                  .path_style = s3->bool_at("path_style")};
    return {};
}

Result<> read_settings(const Document& document, const Environment& environment, Project& project) {
    for (const auto& [pointer, known] : kFields) LAGOA_TRY(check_fields(document, pointer, known));
    const json::Value root = LAGOA_TRY(expand_environment(document.root(), environment), "{}", document.name());
    const auto name = root.string_at("name");
    if (!name || !is_name(*name)) return document.fail_at("/name", "is missing or not a name", "Write e.g. name: b3.");
    project.name = *name;
    project.time_zone = root.string_at("time_zone").value_or(project.time_zone);
    LAGOA_TRY(read_zones(document, root, project));
    LAGOA_TRY(read_s3(document, root, project));
    project.retain_days = static_cast<unsigned>(LAGOA_TRY(number_at(document, "/retain_days", 30, 36'500)));
    project.memory_limit_bytes = LAGOA_TRY(number_at(document, "/engine/memory_limit_mb", 2048, 1u << 20)) << 20;
    project.threads = static_cast<unsigned>(LAGOA_TRY(number_at(document, "/engine/threads", 2, 1024)));
    if (const json::Value* network = root.find("network"))
        project.allow_private_addresses = network->bool_at("allow_private_addresses").value_or(false);
    return {};
}

// Files of one folder by their stem, in name order; a missing folder is empty.
Result<std::map<std::string, fs::path>> files_of(const fs::path& folder, std::string_view suffix) {
    std::map<std::string, fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.starts_with('.') || !name.ends_with(suffix)) continue;
        const std::string stem = name.substr(0, name.size() - suffix.size());
        found.emplace(stem, entry.path());
    }
    return found;
}

Result<Document> read_document(const Project& project, const fs::path& path) {
    const std::string text = LAGOA_TRY(read_file(path));
    return Document::parse(path.lexically_relative(project.root).string(), text);
}

Result<> check_stem(const fs::path& path, const std::string& stem) {
    if (is_name(stem)) return {};
    return fail_with_hint(ErrorCode::kInvalidConfig,
                          "Rename the file: lower-case letters, digits and _, a letter first.",
                          "{}: \"{}\" is not a name", path.string(), stem);
}

Result<> check_contract_stem(const fs::path& path, const std::string& stem) {
    if (TableName::parse(stem)) return {};
    return fail_with_hint(ErrorCode::kInvalidConfig, "Name it <zone>.<table>.odcs.yaml.",
                          "{}: \"{}\" is not a table's name", path.string(), stem);
}

Result<> read_folders(Project& project) {
    for (const auto& [stem, path] : LAGOA_TRY(files_of(project.root / "sources", ".yaml"))) {
        LAGOA_TRY(check_stem(path, stem));
        project.sources.emplace(stem, LAGOA_TRY(read_document(project, path)));
    }
    for (const auto& [stem, path] : LAGOA_TRY(files_of(project.root / "jobs", ".yaml"))) {
        LAGOA_TRY(check_stem(path, stem));
        project.jobs.emplace(stem, LAGOA_TRY(read_document(project, path)));
    }
    for (const auto& [stem, path] : LAGOA_TRY(files_of(project.root / "jobs", ".sql"))) {
        LAGOA_TRY(check_stem(path, stem));
        if (project.jobs.contains(stem))
            return fail(ErrorCode::kInvalidConfig, "jobs/{}.yaml and jobs/{}.sql have one name", stem, stem);
        project.sql_jobs.emplace(stem, LAGOA_TRY(read_file(path)));
    }
    for (const auto& [stem, path] : LAGOA_TRY(files_of(project.root / "pipelines", ".asl.json"))) {
        LAGOA_TRY(check_stem(path, stem));
        project.pipelines.emplace(stem, LAGOA_TRY(read_file(path)));
    }
    for (const auto& [stem, path] : LAGOA_TRY(files_of(project.root / "contracts", ".odcs.yaml"))) {
        LAGOA_TRY(check_contract_stem(path, stem));
        const Document document = LAGOA_TRY(read_document(project, path));
        Contract contract = LAGOA_TRY(parse_contract(document));
        const TableName table = contract.table;
        if (table.text() != stem)
            return document.fail_at("/id", fmt::format("the file is {} but the contract is of {}", stem, table.text()));
        project.contracts.emplace(table, std::move(contract));
    }
    return {};
}

}  // namespace

Result<fs::path> find_project(const fs::path& start) {
    std::error_code error;
    const fs::path from = fs::absolute(start, error).lexically_normal();
    for (fs::path folder = from;; folder = folder.parent_path()) {
        if (fs::exists(folder / "lagoa.yaml", error)) return folder;
        if (folder == folder.parent_path()) break;
    }
    return fail_with_hint(ErrorCode::kNotFound, "Run `lagoa init` to make a project, or name one with --project DIR.",
                          "no lagoa.yaml in {} or above it", from.string());
}

Result<Project> load_project(const fs::path& root, const Environment& environment) {
    Project project;
    std::error_code error;
    project.root = fs::canonical(root, error);
    if (error) return fail(ErrorCode::kNotFound, "no project in {}: {}", root.string(), error.message());
    const Document settings = LAGOA_TRY(read_document(project, project.root / "lagoa.yaml"));
    LAGOA_TRY(read_settings(settings, environment, project));
    LAGOA_TRY(read_folders(project));
    return project;
}

}  // namespace lagoa
