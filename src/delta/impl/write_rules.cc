#include "delta/impl/write_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "delta/impl/table_properties.h"

namespace lagoa::delta {
namespace {

struct FeatureSwitch {
    std::string_view property;
    std::string_view feature;
};

// Properties that turn a feature on when they are `true`.
constexpr std::array kSwitches = {
    FeatureSwitch{"delta.enableChangeDataFeed", "changeDataFeed"},
    FeatureSwitch{"delta.enableDeletionVectors", "deletionVectors"},
    FeatureSwitch{"delta.enableInCommitTimestamps", "inCommitTimestamp"},
    FeatureSwitch{"delta.enableRowTracking", "rowTracking"},
    FeatureSwitch{"delta.enableTypeWidening", "typeWidening"},
    FeatureSwitch{"delta.enableIcebergCompatV1", "icebergCompatV1"},
    FeatureSwitch{"delta.enableIcebergCompatV2", "icebergCompatV2"},
};

// Column metadata that binds every writer.
constexpr std::array kColumnRules = {
    FeatureSwitch{"delta.invariants", "invariants of a column"},
    FeatureSwitch{"delta.generationExpression", "generatedColumns"},
    FeatureSwitch{"delta.identity.start", "identityColumns"},
};

std::unexpected<Error> refuse(std::string_view feature, std::string_view because) {
    return fail_with_hint(ErrorCode::kUnsupported, "Write with an engine that has the feature, or leave it out.",
                          "{} asks for {}: this version cannot write such a table", because, feature);
}

Result<> check_columns(const std::vector<Field>& fields, bool has_timestamp_ntz) {
    for (const auto& field : fields) {
        for (const auto& [key, feature] : kColumnRules)
            if (field.metadata.contains(key)) return refuse(feature, fmt::format("column {}", field.name));
        if (field.type.kind == TypeKind::kVariant) return refuse("variantType", fmt::format("column {}", field.name));
        if (field.type.kind == TypeKind::kTimestampNtz && !has_timestamp_ntz)
            return fail_with_hint(ErrorCode::kUnsupported, "Use TIMESTAMP WITH TIME ZONE, or make a new table.",
                                  "column {} is a TIMESTAMP without zone, but the table lacks the feature timestampNtz",
                                  field.name);
        LAGOA_TRY(check_columns(field.type.children, has_timestamp_ntz));
    }
    return {};
}

bool holds_timestamp_ntz(const std::vector<Field>& fields) {
    return std::ranges::any_of(fields, [](const Field& field) {
        return field.type.kind == TypeKind::kTimestampNtz || holds_timestamp_ntz(field.type.children);
    });
}

std::string property(const Metadata& metadata, const std::string& name) {
    const auto at = metadata.configuration.find(name);
    return at == metadata.configuration.end() ? std::string() : to_lower(at->second);
}

}  // namespace

Protocol protocol_for(const Schema& schema) {
    if (!holds_timestamp_ntz(schema.fields)) return {};
    return {.min_reader_version = 3,
            .min_writer_version = 7,
            .reader_features = {"timestampNtz"},
            .writer_features = {"appendOnly", "invariants", "timestampNtz"}};
}

Result<> check_table(const Protocol& protocol, const Metadata& metadata) {
    LAGOA_TRY(check_writable(protocol));
    for (const auto& [name, feature] : kSwitches)
        if (is_enabled(metadata, name)) return refuse(feature, fmt::format("property {}", name));
    for (const auto& [name, value] : metadata.configuration)
        if (name.starts_with("delta.constraints.")) return refuse("checkConstraints", fmt::format("property {}", name));
    if (const auto mode = property(metadata, "delta.columnMapping.mode"); !mode.empty() && mode != "none")
        return refuse("columnMapping", "property delta.columnMapping.mode");
    if (property(metadata, "delta.checkpointPolicy") == "v2")
        return refuse("v2Checkpoint", "property delta.checkpointPolicy");

    const auto& features = protocol.writer_features;
    LAGOA_TRY(check_columns(metadata.schema.fields, std::ranges::find(features, "timestampNtz") != features.end()));
    for (const auto& column : metadata.partition_columns)
        if (metadata.schema.find(column) == nullptr)
            return fail(ErrorCode::kInvalidArgument, "partition column {} is not in the schema", column);
    return {};
}

Result<> check_files(const Metadata& metadata, const Snapshot* base, const CommitRequest& request) {
    const std::set<std::string> columns(metadata.partition_columns.begin(), metadata.partition_columns.end());
    std::set<std::string> added;
    for (const auto& add : request.adds) {
        if (add.path.empty() || add.size_bytes < 0)
            return fail(ErrorCode::kInvalidArgument, "an added file has no path or size");
        if (!added.insert(file_key(add.path, add.deletion_vector)).second)
            return fail(ErrorCode::kInvalidArgument, "{} is added twice", add.path);
        std::set<std::string> names;
        for (const auto& [name, value] : add.partition_values) names.insert(name);
        if (names != columns)
            return fail(ErrorCode::kInvalidArgument, "{} has other partition columns than its table", add.path);
    }
    if (request.removes.empty()) return {};

    if (is_enabled(metadata, "delta.appendOnly") && std::ranges::any_of(request.removes, &RemoveFile::data_change))
        return fail(ErrorCode::kInvalidArgument, "the table is append-only (property delta.appendOnly)");
    std::set<std::string> live;
    if (base != nullptr)
        for (const auto& file : base->files) live.insert(file_key(file.path, file.deletion_vector));
    for (const auto& remove : request.removes)
        if (live.erase(file_key(remove.path, remove.deletion_vector)) == 0)
            return fail(ErrorCode::kInvalidArgument, "{} is removed but is not a live file", remove.path);
    return {};
}

}  // namespace lagoa::delta
