#include "catalog/duckdb/table_descriptions.h"

#include <algorithm>

#include "catalog/duckdb/statement_call.h"
#include "delta/clustering.h"
#include "delta/snapshot.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

constexpr std::int64_t kMicrosInMilli = 1'000;
constexpr std::int64_t kAllVersions = 1'000'000'000;

Value instant(std::int64_t millis) {
    return Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(millis * kMicrosInMilli));
}

std::string as_text(const json::Value& value) {
    return value.is_string() ? *value.string() : json::dump(value);
}

Value text_at(const json::Object& object, std::string_view key) {
    const json::Value* value = object.find(key);
    return value == nullptr || value->is_null() ? Value(LogicalType::VARCHAR) : Value(as_text(*value));
}

Value integer_at(const json::Object& object, std::string_view key) {
    const auto number = json::Value(object).int64_at(key);
    return number ? Value::BIGINT(*number) : Value(LogicalType::BIGINT);
}

Value flag_at(const json::Object& object, std::string_view key) {
    const auto flag = json::Value(object).bool_at(key);
    return flag ? Value::BOOLEAN(*flag) : Value(LogicalType::BOOLEAN);
}

LogicalType text_map() {
    return LogicalType::MAP(LogicalType::VARCHAR, LogicalType::VARCHAR);
}

Value map_of(const std::map<std::string, std::string>& entries) {
    duckdb::vector<Value> keys, values;
    for (const auto& [key, value] : entries) {
        keys.emplace_back(key);
        values.emplace_back(value);
    }
    return Value::MAP(LogicalType::VARCHAR, LogicalType::VARCHAR, std::move(keys), std::move(values));
}

Value map_at(const json::Object& object, std::string_view key) {
    const json::Value* found = object.find(key);
    if (found == nullptr || !found->is_object()) return Value(text_map());
    std::map<std::string, std::string> entries;
    for (const auto& [name, value] : *found->object()) entries[name] = as_text(value);
    return map_of(entries);
}

Value list_of(const std::vector<std::string>& texts) {
    duckdb::vector<Value> values(texts.begin(), texts.end());
    return Value::LIST(LogicalType::VARCHAR, std::move(values));
}

// A struct of texts that a commit may have: `job`, `notebook`.
LogicalType text_struct(const std::vector<const char*>& members) {
    duckdb::child_list_t<LogicalType> children;
    for (const char* member : members) children.emplace_back(member, LogicalType::VARCHAR);
    return LogicalType::STRUCT(std::move(children));
}

Value struct_at(const json::Object& object, std::string_view key, const std::vector<const char*>& members) {
    const json::Value* found = object.find(key);
    if (found == nullptr || !found->is_object()) return Value(text_struct(members));
    duckdb::child_list_t<Value> children;
    for (const char* member : members) children.emplace_back(member, text_at(*found->object(), member));
    return Value::STRUCT(std::move(children));
}

const std::vector<const char*> kJob = {"jobId", "jobName", "jobRunId", "runId", "jobOwnerId", "triggerType"};
const std::vector<const char*> kNotebook = {"notebookId"};

SqlRows history(const StatementCall& call) {
    const auto limit = call.integer("versions").value_or(kAllVersions);
    if (limit < 0) raise({ErrorCode::kInvalidArgument, "DESCRIBE HISTORY … LIMIT: not a number of versions"});
    unwrap(call.view().newest(call.table()));  // there is a table, and it was not dropped
    const auto location = unwrap(call.view().location(call.table()));
    SqlRows rows;
    for (const auto& entry : unwrap(delta::read_history(location, static_cast<std::size_t>(limit)))) {
        const json::Object& info = entry.commit_info;
        rows.push_back({Value::BIGINT(entry.version), instant(entry.timestamp_ms), text_at(info, "userId"),
                        text_at(info, "userName"), Value(entry.operation), map_at(info, "operationParameters"),
                        struct_at(info, "job", kJob), struct_at(info, "notebook", kNotebook),
                        text_at(info, "clusterId"), integer_at(info, "readVersion"), text_at(info, "isolationLevel"),
                        flag_at(info, "isBlindAppend"), map_at(info, "operationMetrics"), text_at(info, "userMetadata"),
                        text_at(info, "engineInfo")});
    }
    return rows;
}

std::vector<std::string> clustered_by(const delta::Snapshot& table) {
    std::vector<std::string> columns;
    for (const delta::NamePath& path : unwrap(delta::clustering_columns(table)))
        columns.push_back(delta::to_text(path));
    return columns;
}

std::vector<std::string> features_of(const delta::Protocol& protocol) {
    std::vector<std::string> features = protocol.reader_features;
    features.insert(features.end(), protocol.writer_features.begin(), protocol.writer_features.end());
    std::ranges::sort(features);
    const auto repeated = std::ranges::unique(features);
    features.erase(repeated.begin(), repeated.end());
    return features;
}

SqlRows detail(const StatementCall& call) {
    const TableName name = call.table();
    const auto table = unwrap(call.view().snapshot(name));
    const delta::Metadata& metadata = table->metadata;
    const auto location = unwrap(call.view().location(name));
    const Value created = metadata.created_ms ? instant(*metadata.created_ms) : Value(LogicalType::TIMESTAMP_TZ);
    return {{Value("delta"), Value(metadata.id), Value(name.text()),
             metadata.description.empty() ? Value(LogicalType::VARCHAR) : Value(metadata.description),
             Value(fmt::format("lagoa://{}/{}", name.zone, location.path)), created, instant(table->timestamp_ms),
             list_of(metadata.partition_columns), list_of(clustered_by(*table)),
             Value::BIGINT(static_cast<std::int64_t>(table->files.size())),
             Value::BIGINT(static_cast<std::int64_t>(table->size_bytes())), map_of(metadata.configuration),
             Value::INTEGER(table->protocol.min_reader_version), Value::INTEGER(table->protocol.min_writer_version),
             list_of(features_of(table->protocol))}};
}

SqlRows properties(const StatementCall& call) {
    const auto table = unwrap(call.view().snapshot(call.table()));
    std::map<std::string, std::string> all = table->metadata.configuration;
    all["delta.minReaderVersion"] = std::to_string(table->protocol.min_reader_version);
    all["delta.minWriterVersion"] = std::to_string(table->protocol.min_writer_version);
    for (const std::string& feature : features_of(table->protocol)) all["delta.feature." + feature] = "supported";
    const auto key = call.text("key");
    SqlRows rows;
    for (const auto& [name, value] : all)
        if (!key || *key == name) rows.push_back({Value(name), Value(value)});
    return rows;
}

}  // namespace

void register_table_descriptions(duckdb::DatabaseInstance& instance) {
    const LogicalType text = LogicalType::VARCHAR;
    const LogicalType texts = LogicalType::LIST(text);
    register_row_function(instance, {.name = "lagoa_history",
                                     .columns = {{"version", LogicalType::BIGINT},
                                                 {"timestamp", LogicalType::TIMESTAMP_TZ},
                                                 {"userId", text},
                                                 {"userName", text},
                                                 {"operation", text},
                                                 {"operationParameters", text_map()},
                                                 {"job", text_struct(kJob)},
                                                 {"notebook", text_struct(kNotebook)},
                                                 {"clusterId", text},
                                                 {"readVersion", LogicalType::BIGINT},
                                                 {"isolationLevel", text},
                                                 {"isBlindAppend", LogicalType::BOOLEAN},
                                                 {"operationMetrics", text_map()},
                                                 {"userMetadata", text},
                                                 {"engineInfo", text}},
                                     .parameters = {{"versions", LogicalType::BIGINT}},
                                     .run = history});
    register_row_function(instance, {.name = "lagoa_detail",
                                     .columns = {{"format", text},
                                                 {"id", text},
                                                 {"name", text},
                                                 {"description", text},
                                                 {"location", text},
                                                 {"createdAt", LogicalType::TIMESTAMP_TZ},
                                                 {"lastModified", LogicalType::TIMESTAMP_TZ},
                                                 {"partitionColumns", texts},
                                                 {"clusteringColumns", texts},
                                                 {"numFiles", LogicalType::BIGINT},
                                                 {"sizeInBytes", LogicalType::BIGINT},
                                                 {"properties", text_map()},
                                                 {"minReaderVersion", LogicalType::INTEGER},
                                                 {"minWriterVersion", LogicalType::INTEGER},
                                                 {"tableFeatures", texts}},
                                     .parameters = {},
                                     .run = detail});
    register_row_function(instance, {.name = "lagoa_properties",
                                     .columns = {{"key", text}, {"value", text}},
                                     .parameters = {{"key", text}},
                                     .run = properties});
}

}  // namespace lagoa
