// A project on disk: lagoa.yaml and the folders beside it (docs/reference/project.md).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/document.h"
#include "model/contract.h"

namespace lagoa {

/// Looks up an environment variable. Injected, so that tests need no process environment.
using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// Replaces `${NAME}` and `${NAME:-default}` in every string of `value`; `$${` stands for `${`.
/// kInvalidConfig names the variable that is not set. `used` collects name → value of what was read,
/// so that callers can redact secrets.
Result<json::Value> expand_environment(const json::Value& value, const Environment& environment,
                                       std::map<std::string, std::string>* used = nullptr);

/// Where the buckets of s3:// roots are, as far as lagoa.yaml says it. Credentials come from the environment only.
struct S3Settings {
    std::optional<std::string> endpoint;
    std::optional<std::string> region;
    std::optional<bool> path_style;
};

struct Project {
    std::filesystem::path root;  ///< Absolute folder of lagoa.yaml.
    std::string name;
    std::string time_zone = "America/Sao_Paulo";
    std::map<std::string, std::string>
        zones;  ///< Zone → root: absolute path or s3:// URL. Always has landing, bronze, silver, gold, quarantine, ops.
    std::string lake_root;  ///< Holds `_lagoa/log`.
    S3Settings s3;
    std::uint64_t memory_limit_bytes = std::uint64_t{2} << 30;
    unsigned threads = 2;
    unsigned retain_days = 30;                     ///< How long lake versions stay readable that nobody tagged.
    bool allow_private_addresses = false;          ///< network.allow_private_addresses
    std::map<std::string, Document> sources;       ///< By file stem; parsed by ingest.
    std::map<std::string, Document> jobs;          ///< YAML jobs by file stem (`raw`).
    std::map<std::string, std::string> sql_jobs;   ///< `.sql` jobs by file stem → text.
    std::map<std::string, std::string> pipelines;  ///< `.asl.json` by stem → text.
    std::map<TableName, Contract> contracts;

    std::filesystem::path state_directory() const { return root / ".lagoa"; }
};

/// Finds lagoa.yaml in `start` or the nearest parent. kNotFound.
Result<std::filesystem::path> find_project(const std::filesystem::path& start);

/// Reads the whole project. kInvalidConfig names file, line, field and the fix.
Result<Project> load_project(const std::filesystem::path& root, const Environment& environment);

}  // namespace lagoa
