#include "catalog/impl/feature_drop.h"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

#include <fmt/ranges.h>

#include "base/log.h"
#include "base/text.h"
#include "catalog/impl/optimize_table.h"
#include "catalog/impl/schema_plan.h"
#include "delta/clustering.h"
#include "delta/column_mapping.h"
#include "delta/column_rules.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa {
namespace {

constexpr int kMaxAttempts = 5;  // on tables that others write meanwhile
constexpr std::string_view kProtectedVersion = "delta.requireCheckpointProtectionBeforeVersion";

// The properties that turn features on, and those that go with them.
struct FeatureProperties {
    std::string_view feature;
    std::array<std::string_view, 4> properties;
};
constexpr std::array kProperties = {
    FeatureProperties{"appendOnly", {"delta.appendOnly"}},
    FeatureProperties{"changeDataFeed", {"delta.enableChangeDataFeed"}},
    FeatureProperties{"columnMapping", {"delta.columnMapping.mode", "delta.columnMapping.maxColumnId"}},
    FeatureProperties{"deletionVectors", {"delta.enableDeletionVectors"}},
    FeatureProperties{
        "inCommitTimestamp",
        {"delta.enableInCommitTimestamps", delta::kTimestampEnablementVersion, delta::kTimestampEnablementTime}},
    FeatureProperties{"inCommitTimestamp-preview", {"delta.enableInCommitTimestamps-preview"}},
    FeatureProperties{
        "rowTracking",
        {delta::kRowTrackingProperty, delta::kRowIdColumnProperty, delta::kRowCommitVersionColumnProperty}},
    FeatureProperties{"typeWidening", {"delta.enableTypeWidening"}},
    FeatureProperties{"typeWidening-preview", {"delta.enableTypeWidening"}},
    FeatureProperties{"v2Checkpoint", {"delta.checkpointPolicy"}},
};

// Whether `test` holds for a field anywhere in `fields`; its name.
std::optional<std::string> find_field(const std::vector<Field>& fields, const std::function<bool(const Field&)>& test) {
    for (const Field& field : fields) {
        if (test(field)) return field.name;
        if (const auto inner = find_field(field.type.children, test)) return inner;
    }
    return std::nullopt;
}

std::unexpected<Error> in_use(std::string_view feature, std::string_view by, std::string_view hint) {
    return fail_with_hint(ErrorCode::kInvalidArgument, std::string(hint), "{} is used by {}", feature, by);
}

// What the table's columns and rules hold of a feature that is nothing but theirs.
Result<> check_unused(const delta::Snapshot& base, const std::string& feature) {
    const std::vector<Field>& fields = base.metadata.schema.fields;
    const auto uses = [&](const std::function<bool(const Field&)>& test, std::string_view hint) -> Result<> {
        if (const auto name = find_field(fields, test)) return in_use(feature, "column " + *name, hint);
        return {};
    };
    if (feature == "checkConstraints") {
        for (const auto& [name, value] : base.metadata.configuration)
            if (name.starts_with(delta::kConstraintProperty))
                return in_use(feature, "the constraint " + name.substr(delta::kConstraintProperty.size()),
                              "ALTER TABLE … DROP CONSTRAINT");
        return {};
    }
    if (feature == "generatedColumns")
        return uses([](const Field& field) { return field.metadata.contains(delta::kGenerationExpression); },
                    "Drop the column first.");
    if (feature == "identityColumns")
        return uses([](const Field& field) { return field.metadata.contains("delta.identity.start"); },
                    "Drop the column first.");
    if (feature == "allowColumnDefaults")
        return uses([](const Field& field) { return field.metadata.contains(delta::kDefaultExpression); },
                    "ALTER TABLE … ALTER COLUMN … DROP DEFAULT");
    if (feature == "invariants")
        return uses([](const Field& field) { return !field.nullable || field.metadata.contains(delta::kInvariants); },
                    "ALTER TABLE … ALTER COLUMN … DROP NOT NULL");
    if (feature == "timestampNtz")
        return uses([](const Field& field) { return field.type.kind == TypeKind::kTimestampNtz; },
                    "Drop the column first.");
    if (feature.starts_with("variantType"))
        return uses([](const Field& field) { return field.type.kind == TypeKind::kVariant; }, "Drop the column first.");
    if (feature.starts_with("typeWidening"))
        if (const auto name =
                find_field(fields, [](const Field& field) { return field.metadata.contains("delta.typeChanges"); }))
            return fail_with_hint(ErrorCode::kUnsupported,
                                  "CREATE OR REPLACE TABLE … AS SELECT … writes the rows anew; then drop the feature.",
                                  "column {} was widened, and files may hold its older type", *name);
    if (feature == "domainMetadata")
        for (const auto& [name, domain] : base.domains)
            if (!domain.removed) return in_use(feature, "the domain " + name, "Its owner has to remove it.");
    if (feature == "checkpointProtection")
        return fail_with_hint(ErrorCode::kUnsupported,
                              "It can go when the log before the version that it protects is cleaned up.",
                              "{} guards versions that are still there", feature);
    return {};
}

// Files of a mapped table are those of an unmapped one if each column has its own name in them, and none was dropped
// whose values a new column of its name would show again.
Result<> check_unmappable(const delta::Metadata& metadata) {
    std::int64_t columns = 0;
    const auto renamed = find_field(metadata.schema.fields, [&](const Field& field) {
        if (delta::field_id(field)) ++columns;
        return delta::physical_name(field) != field.name;
    });
    const auto highest = delta::property_of(metadata, "delta.columnMapping.maxColumnId");
    if (!renamed && highest == std::to_string(columns)) return {};
    return fail_with_hint(ErrorCode::kUnsupported, "Write the rows into a new table.",
                          "columnMapping cannot go: {} its name in the files",
                          renamed ? "column " + *renamed + " has not" : "a column that was dropped has still");
}

void forget_mapping(std::vector<Field>& fields) {
    for (Field& field : fields) {
        for (const char* const member : {"id", "physicalName", "nested.ids"})
            field.metadata.erase(fmt::format("delta.columnMapping.{}", member));
        forget_mapping(field.type.children);
    }
}

// The feature as the table's protocol spells it.
Result<std::string> spelled(const delta::Snapshot& base, const std::string& feature) {
    for (const std::string& name : delta::features_of(base.protocol))
        if (to_lower(name) == to_lower(feature)) return name;
    return fail(ErrorCode::kNotFound, "the table does not have the feature {}", feature);
}

// `base` without `feature`.
Result<ChangedTable> without(const delta::Snapshot& base, const std::string& feature) {
    LAGOA_TRY(check_unused(base, feature));
    ChangedTable table{.metadata = base.metadata,
                       .dropped_features = {feature},
                       .operation = "DROP FEATURE",
                       .parameters = json::make_object({{"featureName", feature}, {"truncateHistory", false}})};
    delta::Metadata& metadata = table.metadata;
    if (feature == "columnMapping") {
        LAGOA_TRY(check_unmappable(metadata));
        forget_mapping(metadata.schema.fields);
    }
    for (const auto& [name, properties] : kProperties)
        if (name == feature)
            for (const std::string_view property : properties) metadata.configuration.erase(std::string(property));
    const std::string domain = feature == "clustering" ? std::string(delta::kClusteringDomain) : "delta.rowTracking";
    if ((feature == "clustering" || feature == "rowTracking") && base.domains.contains(domain))
        table.domains.push_back(
            {.domain = domain, .configuration = base.domains.at(domain).configuration, .removed = true});
    table.protocol = LAGOA_TRY(delta::protocol_without(base.protocol, feature));
    if (delta::binds_readers(feature)) {
        metadata.configuration["delta.feature.checkpointProtection"] = "supported";
        metadata.configuration[std::string(kProtectedVersion)] = std::to_string(base.version + 1);
    }
    return table;
}

// No deletion vector is left, and none comes.
Result<> purge_deletion_vectors(const OperationContext& context, const TableName& table) {
    auto base = LAGOA_TRY(context.writable(table));
    if (delta::is_enabled(base->metadata, "delta.enableDeletionVectors")) {
        ChangedTable off{
            .metadata = base->metadata,
            .operation = "SET TBLPROPERTIES",
            .parameters = json::make_object(
                {{"properties", json::dump(json::make_object({{"delta.enableDeletionVectors", "false"}}))}})};
        off.metadata.configuration["delta.enableDeletionVectors"] = "false";
        LAGOA_TRY(commit_change(context, table, base, std::move(off)));
    }
    LAGOA_TRY(optimize_table(context, table, {.where = {}, .purge = true}));
    base = LAGOA_TRY(context.writable(table));
    for (const delta::AddFile& file : base->files)
        if (file.deletion_vector)
            return fail(ErrorCode::kConflict, "{} has a deletion vector again: others write the table", file.path);
    return {};
}

Result<> leave_checkpoint(const OperationContext& context, const TableName& table) {
    const delta::TableLocation location = LAGOA_TRY(context.tables->locate(table));
    const auto newest = LAGOA_TRY(context.tables->newest(table));
    return delta::write_checkpoint(location, *newest, *context.tables->clock);
}

}  // namespace

Result<delta::Version> commit_change(const OperationContext& context, const TableName& table,
                                     std::shared_ptr<const delta::Snapshot> base, ChangedTable changed) {
    const delta::TableLocation location = LAGOA_TRY(context.tables->locate(table));
    delta::CommitRequest request;
    request.protocol = std::move(changed.protocol);
    if (!request.protocol) request.protocol = LAGOA_TRY(prepare_metadata(changed.metadata, base.get()));
    request.dropped_features = std::move(changed.dropped_features);
    request.metadata = std::move(changed.metadata);
    request.domains = std::move(changed.domains);
    request.read_set = delta::ReadSet::whole_table();  // a row that came meanwhile was not looked at
    request.operation = std::move(changed.operation);
    request.operation_parameters = std::move(changed.parameters);
    return delta::commit(location, std::move(base), std::move(request), context.tables->commit_options(table));
}

Result<delta::Version> drop_table_feature(const OperationContext& context, const TableName& table,
                                          const std::string& feature) {
    for (int attempt = 1;; ++attempt) {
        auto base = LAGOA_TRY(context.writable(table));
        const std::string name = LAGOA_TRY(spelled(*base, feature));
        LAGOA_TRY(check_unused(*base, name), "dropping {}", name);
        auto version = [&]() -> Result<delta::Version> {
            if (name == "deletionVectors") {
                LAGOA_TRY(purge_deletion_vectors(context, table));
                base = LAGOA_TRY(context.writable(table));
            }
            ChangedTable changed = LAGOA_TRY(without(*base, name));
            return commit_change(context, table, base, std::move(changed));
        }();
        if (!version && version.error().code == ErrorCode::kConflict && attempt < kMaxAttempts) continue;
        if (!version) return pass_on(version.error(), "dropping {}", name);
        // Without it, readers start at an older checkpoint and read on; only who lacks the feature misses it.
        if (delta::binds_readers(name))
            if (const auto made = leave_checkpoint(context, table); !made)
                log::warn("catalog.drop_feature.checkpoint_failed",
                          {{"table", table.text()}, {"feature", name}, {"error", made.error().message}});
        return version;
    }
}

}  // namespace lagoa
