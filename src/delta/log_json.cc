#include "delta/log_json.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "delta/impl/quick_parser.h"
#include "model/schema_delta.h"

namespace lagoa::delta {
namespace {

// ------------------------------------------------------------------ members

std::unexpected<Error> lacks(std::string_view key, const json::Value& from) {
    const json::Value* const found = from.find(key);
    if (found == nullptr) return fail(ErrorCode::kCorruption, "{} is missing", key);
    return fail(ErrorCode::kCorruption, "{} is a {} of the wrong kind or range", key, found->kind());
}

Result<std::string> text_of(const json::Value& from, std::string_view key) {
    auto text = from.string_at(key);
    if (!text) return lacks(key, from);
    return *std::move(text);
}

Result<std::int64_t> integer_of(const json::Value& from, std::string_view key) {
    const auto number = from.int64_at(key);
    if (!number) return lacks(key, from);
    return *number;
}

Result<std::int32_t> small_integer_of(const json::Value& from, std::string_view key) {
    const auto number = from.int64_at(key);
    if (!number || *number < INT32_MIN || *number > INT32_MAX) return lacks(key, from);
    return static_cast<std::int32_t>(*number);
}

Result<std::vector<std::string>> texts_of(const json::Value& from, std::string_view key) {
    std::vector<std::string> out;
    const json::Value* const value = from.find(key);
    if (value == nullptr || value->is_null()) return out;
    if (!value->is_array()) return lacks(key, from);
    for (const auto& element : *value->array()) {
        if (!element.is_string()) return lacks(key, from);
        out.push_back(*element.string());
    }
    return out;
}

// A map of strings. An empty partition value stands for NULL, whatever the column's type.
Result<PartitionValues> partition_values_of(const json::Value& from) {
    PartitionValues out;
    const json::Value* const value = from.find("partitionValues");
    if (value == nullptr || value->is_null()) return out;
    if (!value->is_object()) return lacks("partitionValues", from);
    for (const auto& [name, content] : *value->object()) {
        if (content.is_null() || (content.is_string() && content.string()->empty()))
            out[name] = std::nullopt;
        else if (content.is_string())
            out[name] = *content.string();
        else
            return lacks("partitionValues", from);
    }
    return out;
}

// A map of strings without its nulls.
Result<std::map<std::string, std::string>> string_map_of(const json::Value& from, std::string_view key) {
    std::map<std::string, std::string> out;
    const json::Value* const value = from.find(key);
    if (value == nullptr || value->is_null()) return out;
    if (!value->is_object()) return lacks(key, from);
    for (const auto& [name, content] : *value->object()) {
        if (content.is_null()) continue;
        if (!content.is_string()) return lacks(key, from);
        out[name] = *content.string();
    }
    return out;
}

Result<std::optional<DeletionVector>> deletion_vector_of(const json::Value& from) {
    const json::Value* const value = from.find("deletionVector");
    if (value == nullptr || value->is_null()) return std::nullopt;
    DeletionVector vector;
    vector.storage_type = LAGOA_TRY(text_of(*value, "storageType"), "deletionVector");
    vector.path_or_inline = LAGOA_TRY(text_of(*value, "pathOrInlineDv"), "deletionVector");
    vector.size_bytes = LAGOA_TRY(small_integer_of(*value, "sizeInBytes"), "deletionVector");
    vector.cardinality = LAGOA_TRY(integer_of(*value, "cardinality"), "deletionVector");
    if (const json::Value* const offset = value->find("offset"); offset != nullptr && !offset->is_null())
        vector.offset = LAGOA_TRY(small_integer_of(*value, "offset"), "deletionVector");
    return vector;
}

// ------------------------------------------------------------------ actions

Result<Action> parse_protocol(const json::Value& value) {
    Protocol protocol;
    protocol.min_reader_version = LAGOA_TRY(small_integer_of(value, "minReaderVersion"));
    protocol.min_writer_version = LAGOA_TRY(small_integer_of(value, "minWriterVersion"));
    protocol.reader_features = LAGOA_TRY(texts_of(value, "readerFeatures"));
    protocol.writer_features = LAGOA_TRY(texts_of(value, "writerFeatures"));
    return protocol;
}

Result<Schema> parse_schema_string(std::string_view text) {
    auto value = json::parse(text);
    if (!value) return fail(ErrorCode::kCorruption, "{}", value.error().message);
    return schema_from_delta(*value);
}

Result<Action> parse_metadata(const json::Value& value) {
    Metadata metadata;
    metadata.id = LAGOA_TRY(text_of(value, "id"));
    metadata.name = value.string_at("name").value_or("");
    metadata.description = value.string_at("description").value_or("");
    const json::Value* const format = value.find("format");
    const std::string provider = format == nullptr ? "parquet" : format->string_at("provider").value_or("parquet");
    if (provider != "parquet") return fail(ErrorCode::kUnsupported, "the files are {}, not Parquet", provider);
    // Databricks' pipelines create a table without a schema and add it with a later version.
    const json::Value* const schema = value.find("schemaString");
    if (schema != nullptr && !schema->is_null()) {
        const std::string text = LAGOA_TRY(text_of(value, "schemaString"));
        metadata.schema = LAGOA_TRY(parse_schema_string(text), "schemaString");
    }
    metadata.partition_columns = LAGOA_TRY(texts_of(value, "partitionColumns"));
    metadata.configuration = LAGOA_TRY(string_map_of(value, "configuration"));
    metadata.created_ms = value.int64_at("createdTime");
    return metadata;
}

Result<Action> parse_add(const json::Value& value) {
    AddFile add;
    add.path = LAGOA_TRY(text_of(value, "path"));
    add.partition_values = LAGOA_TRY(partition_values_of(value));
    add.size_bytes = LAGOA_TRY(integer_of(value, "size"));
    add.modified_ms = value.int64_at("modificationTime").value_or(0);
    add.data_change = value.bool_at("dataChange").value_or(true);
    add.stats = value.string_at("stats").value_or("");
    // A checkpoint may carry the statistics as a struct only.
    if (const json::Value* const parsed = value.find("stats_parsed");
        add.stats.empty() && parsed != nullptr && parsed->is_object())
        add.stats = json::dump(*parsed);
    add.tags = LAGOA_TRY(string_map_of(value, "tags"));
    add.deletion_vector = LAGOA_TRY(deletion_vector_of(value));
    add.base_row_id = value.int64_at("baseRowId");
    add.default_row_commit_version = value.int64_at("defaultRowCommitVersion");
    add.clustering_provider = value.string_at("clusteringProvider").value_or("");
    return add;
}

Result<Action> parse_remove(const json::Value& value) {
    RemoveFile remove;
    remove.path = LAGOA_TRY(text_of(value, "path"));
    remove.deleted_ms = value.int64_at("deletionTimestamp");
    remove.data_change = value.bool_at("dataChange").value_or(true);
    remove.extended_file_metadata = value.bool_at("extendedFileMetadata").value_or(false);
    remove.partition_values = LAGOA_TRY(partition_values_of(value));
    remove.size_bytes = value.int64_at("size");
    remove.deletion_vector = LAGOA_TRY(deletion_vector_of(value));
    remove.base_row_id = value.int64_at("baseRowId");
    remove.default_row_commit_version = value.int64_at("defaultRowCommitVersion");
    return remove;
}

Result<Action> parse_cdc(const json::Value& value) {
    CdcFile cdc;
    cdc.path = LAGOA_TRY(text_of(value, "path"));
    cdc.partition_values = LAGOA_TRY(partition_values_of(value));
    cdc.size_bytes = LAGOA_TRY(integer_of(value, "size"));
    return cdc;
}

Result<Action> parse_txn(const json::Value& value) {
    Txn txn;
    txn.app_id = LAGOA_TRY(text_of(value, "appId"));
    txn.version = LAGOA_TRY(integer_of(value, "version"));
    txn.last_updated_ms = value.int64_at("lastUpdated");
    return txn;
}

Result<Action> parse_domain(const json::Value& value) {
    DomainMetadata domain;
    domain.domain = LAGOA_TRY(text_of(value, "domain"));
    domain.configuration = value.string_at("configuration").value_or("");
    domain.removed = value.bool_at("removed").value_or(false);
    return domain;
}

Result<Action> parse_checkpoint_metadata(const json::Value& value) {
    return CheckpointMetadata{.version = LAGOA_TRY(integer_of(value, "version"))};
}

Result<Action> parse_sidecar(const json::Value& value) {
    Sidecar sidecar;
    sidecar.path = LAGOA_TRY(text_of(value, "path"));
    sidecar.size_bytes = LAGOA_TRY(integer_of(value, "sizeInBytes"));
    sidecar.modified_ms = value.int64_at("modificationTime").value_or(0);
    return sidecar;
}

Result<Action> parse_commit_info(const json::Value& value) {
    return CommitInfo{*value.object()};
}

struct ActionParser {
    std::string_view name;
    Result<Action> (*parse)(const json::Value& value);
};

constexpr std::array kParsers = {
    ActionParser{"add", parse_add},           ActionParser{"remove", parse_remove},
    ActionParser{"protocol", parse_protocol}, ActionParser{"metaData", parse_metadata},
    ActionParser{"txn", parse_txn},           ActionParser{"domainMetadata", parse_domain},
    ActionParser{"cdc", parse_cdc},           ActionParser{"commitInfo", parse_commit_info},
    ActionParser{"sidecar", parse_sidecar},   ActionParser{"checkpointMetadata", parse_checkpoint_metadata},
};

// ------------------------------------------------------------------ printing

json::Value to_json(const PartitionValues& values) {
    json::Object out;
    for (const auto& [name, value] : values) out.set(name, value ? json::Value(*value) : json::Value());
    return out;
}

json::Value to_json(const std::map<std::string, std::string>& values) {
    json::Object out;
    for (const auto& [name, value] : values) out.set(name, value);
    return out;
}

json::Value to_json(const std::vector<std::string>& values) {
    return json::Array(values.begin(), values.end());
}

json::Value to_json(const DeletionVector& vector) {
    json::Object out =
        json::make_object({{"storageType", vector.storage_type}, {"pathOrInlineDv", vector.path_or_inline}});
    if (vector.offset) out.set("offset", *vector.offset);
    out.set("sizeInBytes", vector.size_bytes);
    out.set("cardinality", vector.cardinality);
    return out;
}

struct Printer {
    json::Object operator()(const Protocol& protocol) const {
        json::Object out = json::make_object(
            {{"minReaderVersion", protocol.min_reader_version}, {"minWriterVersion", protocol.min_writer_version}});
        // The lists must be there at these versions, even empty, and nowhere else.
        if (protocol.min_reader_version >= 3) out.set("readerFeatures", to_json(protocol.reader_features));
        if (protocol.min_writer_version >= 7) out.set("writerFeatures", to_json(protocol.writer_features));
        return json::make_object({{"protocol", std::move(out)}});
    }

    json::Object operator()(const Metadata& metadata) const {
        json::Object out = json::make_object({{"id", metadata.id}});
        if (!metadata.name.empty()) out.set("name", metadata.name);
        if (!metadata.description.empty()) out.set("description", metadata.description);
        out.set("format", json::make_object({{"provider", "parquet"}, {"options", json::Object()}}));
        out.set("schemaString", json::dump(to_delta(metadata.schema)));
        out.set("partitionColumns", to_json(metadata.partition_columns));
        out.set("configuration", to_json(metadata.configuration));
        if (metadata.created_ms) out.set("createdTime", *metadata.created_ms);
        return json::make_object({{"metaData", std::move(out)}});
    }

    json::Object operator()(const AddFile& add) const {
        json::Object out = json::make_object({{"path", add.path},
                                              {"partitionValues", to_json(add.partition_values)},
                                              {"size", add.size_bytes},
                                              {"modificationTime", add.modified_ms},
                                              {"dataChange", add.data_change}});
        if (!add.stats.empty()) out.set("stats", add.stats);
        if (!add.tags.empty()) out.set("tags", to_json(add.tags));
        if (add.deletion_vector) out.set("deletionVector", to_json(*add.deletion_vector));
        if (add.base_row_id) out.set("baseRowId", *add.base_row_id);
        if (add.default_row_commit_version) out.set("defaultRowCommitVersion", *add.default_row_commit_version);
        if (!add.clustering_provider.empty()) out.set("clusteringProvider", add.clustering_provider);
        return json::make_object({{"add", std::move(out)}});
    }

    json::Object operator()(const RemoveFile& remove) const {
        json::Object out = json::make_object({{"path", remove.path}});
        if (remove.deleted_ms) out.set("deletionTimestamp", *remove.deleted_ms);
        out.set("dataChange", remove.data_change);
        if (remove.extended_file_metadata) {
            out.set("extendedFileMetadata", true);
            out.set("partitionValues", to_json(remove.partition_values));
        }
        if (remove.size_bytes) out.set("size", *remove.size_bytes);
        if (remove.deletion_vector) out.set("deletionVector", to_json(*remove.deletion_vector));
        if (remove.base_row_id) out.set("baseRowId", *remove.base_row_id);
        if (remove.default_row_commit_version) out.set("defaultRowCommitVersion", *remove.default_row_commit_version);
        return json::make_object({{"remove", std::move(out)}});
    }

    json::Object operator()(const CdcFile& cdc) const {
        json::Object out = json::make_object({{"path", cdc.path},
                                              {"partitionValues", to_json(cdc.partition_values)},
                                              {"size", cdc.size_bytes},
                                              {"dataChange", false}});
        return json::make_object({{"cdc", std::move(out)}});
    }

    json::Object operator()(const Txn& txn) const {
        json::Object out = json::make_object({{"appId", txn.app_id}, {"version", txn.version}});
        if (txn.last_updated_ms) out.set("lastUpdated", *txn.last_updated_ms);
        return json::make_object({{"txn", std::move(out)}});
    }

    json::Object operator()(const DomainMetadata& domain) const {
        json::Object out = json::make_object(
            {{"domain", domain.domain}, {"configuration", domain.configuration}, {"removed", domain.removed}});
        return json::make_object({{"domainMetadata", std::move(out)}});
    }

    json::Object operator()(const CheckpointMetadata& metadata) const {
        return json::make_object({{"checkpointMetadata", json::make_object({{"version", metadata.version}})}});
    }

    json::Object operator()(const Sidecar& sidecar) const {
        json::Object out = json::make_object(
            {{"path", sidecar.path}, {"sizeInBytes", sidecar.size_bytes}, {"modificationTime", sidecar.modified_ms}});
        return json::make_object({{"sidecar", std::move(out)}});
    }

    json::Object operator()(const CommitInfo& info) const { return json::make_object({{"commitInfo", info.fields}}); }
};

}  // namespace

Result<std::optional<Action>> parse_action(std::string_view line) {
    const auto value = json::parse(line);
    if (!value) return fail(ErrorCode::kCorruption, "{}", value.error().message);
    if (!value->is_object()) return fail(ErrorCode::kCorruption, "an action is an object, not a {}", value->kind());
    for (const auto& [name, parse] : kParsers) {
        const json::Value* const content = value->find(name);
        if (content == nullptr || content->is_null()) continue;
        if (!content->is_object())
            return fail(ErrorCode::kCorruption, "{} is a {}, not an object", name, content->kind());
        return LAGOA_TRY(parse(*content), "{}", name);
    }
    return std::nullopt;
}

namespace {

// The objects that stand in one line, as appending to a file without a last line end leaves them: other readers take
// them for as many lines. What is no object stays whole, for its reader to say so.
std::vector<std::string_view> objects_of(std::string_view line) {
    std::vector<std::string_view> objects;
    int depth = 0;
    bool in_text = false;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (in_text && c == '\\')
            ++i;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && c == '{')
            ++depth;
        else if (!in_text && c == '}' && --depth == 0) {
            objects.push_back(trim(line.substr(begin, i + 1 - begin)));
            begin = i + 1;
        }
    }
    if (!trim(line.substr(begin)).empty()) objects.push_back(trim(line.substr(begin)));
    return objects;
}

}  // namespace

Result<std::vector<Action>> parse_commit(std::string_view text, std::string_view key, bool commit_infos) {
    std::vector<Action> actions;
    actions.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
    QuickParser quick;
    Action quick_action;
    int number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        if (line.empty()) continue;
        const auto kind = quick.parse(line, quick_action);
        if (kind == QuickParser::Kind::kAction) {
            actions.push_back(std::move(quick_action));
        } else if (kind == QuickParser::Kind::kOther || commit_infos) {
            for (const std::string_view object : objects_of(line)) {
                auto action = LAGOA_TRY(parse_action(object), "reading {}, line {}", key, number);
                if (action) actions.push_back(*std::move(action));
            }
        }
    }
    return actions;
}

std::optional<std::int64_t> in_commit_timestamp(const json::Object& commit_info) {
    const json::Value* const value = commit_info.find("inCommitTimestamp");
    return value == nullptr || !value->number() ? std::nullopt : value->number()->to_int64();
}

std::string print_action(const Action& action) {
    return json::dump(std::visit(Printer(), action));
}

}  // namespace lagoa::delta
