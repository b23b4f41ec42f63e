#include "delta/impl/write_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "delta/clustering.h"
#include "delta/column_mapping.h"
#include "delta/stats.h"
#include "delta/table_features.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

constexpr std::string_view kSystemDomains = "delta.";
// Operations and modes that rewrite files of which they keep rows: what they add is not what changed.
constexpr std::array<std::string_view, 3> kRowOperations = {"merge", "update", "delete"};

std::string file_key_of(const auto& file) {
    return file_key(file.path, file.deletion_vector);
}

bool drops(const CommitRequest& request, std::string_view feature) {
    return std::ranges::find(request.dropped_features, feature) != request.dropped_features.end();
}

bool rewrites_rows(const CommitRequest& request) {
    const json::Value* const mode = request.operation_parameters.find("mode");
    const auto is_one = [](std::string_view name) {
        return std::ranges::find(kRowOperations, to_lower(name)) != kRowOperations.end();
    };
    return is_one(request.operation) || (mode != nullptr && mode->is_string() && is_one(*mode->string()));
}

Result<> check_partition_columns(const Metadata& metadata) {
    std::set<std::string> names;
    for (const auto& column : metadata.partition_columns) {
        const Field* const field = metadata.schema.find(column);
        if (field == nullptr)
            return fail(ErrorCode::kInvalidArgument, "partition column {} is not in the schema", column);
        if (!field->type.children.empty() || field->type.kind == TypeKind::kVariant)
            return fail(ErrorCode::kInvalidArgument, "partition column {} is a {}, which is no single value", column,
                        to_sql(field->type));
        if (!names.insert(to_lower(column)).second)
            return fail(ErrorCode::kInvalidArgument, "partition column {} is there twice", column);
    }
    return {};
}

Result<> check_mapping_change(const Metadata& from, const Metadata& to, const CommitRequest& request) {
    if (drops(request, "columnMapping")) return {};
    const ColumnMapping before = LAGOA_TRY(column_mapping_of(from));
    const ColumnMapping after = LAGOA_TRY(column_mapping_of(to));
    if (before == after || (before == ColumnMapping::kNone && after == ColumnMapping::kName)) return {};
    return fail_with_hint(ErrorCode::kInvalidArgument, "Write the rows into a new table.",
                          "delta.columnMapping.mode cannot change so: the table's files are named otherwise");
}

bool has_physical_column(const std::vector<Field>& fields, std::span<const std::string> path) {
    if (path.empty()) return true;
    return std::ranges::any_of(fields, [&](const Field& field) {
        return to_lower(physical_name(field)) == to_lower(path.front()) &&
               has_physical_column(field.type.children, path.subspan(1));
    });
}

bool replaces_all(const Snapshot& base, const CommitRequest& request) {
    return request.removes.size() == base.files.size();  // each is a live file, none is there twice: check_files
}

Result<> check_add(const AddFile& add, const std::set<std::string>& columns, bool may_have_vector) {
    if (add.path.empty() || add.size_bytes < 0)
        return fail(ErrorCode::kInvalidArgument, "an added file has no path or size");
    std::set<std::string> names;
    for (const auto& [name, value] : add.partition_values) names.insert(name);
    if (names != columns)
        return fail(ErrorCode::kInvalidArgument, "{} has other partition columns than its table", add.path);
    if (!add.deletion_vector) return {};
    if (!may_have_vector)
        return fail_with_hint(ErrorCode::kInvalidArgument, "Set the property delta.enableDeletionVectors to true.",
                              "{} has a deletion vector, but the table lacks the feature deletionVectors", add.path);
    const auto stats = LAGOA_TRY(FileStats::parse(add.stats), "{}", add.path);
    if (!stats.row_count())
        return fail(ErrorCode::kInvalidArgument, "{} has a deletion vector, but its statistics lack numRecords",
                    add.path);
    return {};
}

Result<> check_removes(const Metadata& metadata, const Snapshot* base, const CommitRequest& request) {
    if (is_enabled(metadata, "delta.appendOnly") && std::ranges::any_of(request.removes, &RemoveFile::data_change))
        return fail(ErrorCode::kInvalidArgument, "the table is append-only (property delta.appendOnly)");
    std::set<std::string> removed;
    for (const auto& remove : request.removes) {
        std::string key = file_key_of(remove);
        if (base == nullptr || !base->files.find(key))
            return fail(ErrorCode::kInvalidArgument, "{} is removed but is not a live file", remove.path);
        if (!removed.insert(std::move(key)).second)
            return fail(ErrorCode::kInvalidArgument, "{} is removed twice", remove.path);
    }
    return {};
}

// Without change files, a version's feed is made of its added and removed files, and of the rows by which a deletion
// vector grew. That is right when whole files come and go, and wrong when rows were copied from one to another.
Result<> check_change_files(const Metadata& metadata, const CommitRequest& request) {
    if (!is_enabled(metadata, "delta.enableChangeDataFeed")) {
        if (request.cdc.empty()) return {};
        return fail(ErrorCode::kInvalidArgument, "there are change files, but the table has no change feed");
    }
    if (!request.cdc.empty() || !rewrites_rows(request)) return {};
    std::set<std::string> removed;
    for (const auto& remove : request.removes)
        if (remove.data_change) removed.insert(file_key(remove.path, std::nullopt));
    const bool copies = !removed.empty() && std::ranges::any_of(request.adds, [&](const AddFile& add) {
        return add.data_change && !removed.contains(file_key(add.path, std::nullopt));
    });
    if (!copies) return {};
    return fail_with_hint(ErrorCode::kUnsupported, "Set the property delta.enableChangeDataFeed to false.",
                          "a {} without change files in a table that needs changeDataFeed", request.operation);
}

Result<> check_domains(const Protocol& protocol, const CommitRequest& request) {
    std::set<std::string> names;
    for (const auto& domain : request.domains) {
        const bool is_own = domain.domain == kClusteringDomain || (domain.removed && drops(request, "rowTracking"));
        if (domain.domain.starts_with(kSystemDomains) && !is_own)
            return fail(ErrorCode::kInvalidArgument, "domain {} is not the writer's to set", domain.domain);
        if (!has_feature(protocol, "domainMetadata"))
            return fail_with_hint(ErrorCode::kInvalidArgument,
                                  "Set the property delta.feature.domainMetadata to supported.",
                                  "domain {}: the table lacks the feature domainMetadata", domain.domain);
        if (!names.insert(domain.domain).second)
            return fail(ErrorCode::kInvalidArgument, "domain {} is there twice", domain.domain);
    }
    return {};
}

}  // namespace

Result<> check_metadata(const Metadata& metadata, const Snapshot* base, const CommitRequest& request) {
    LAGOA_TRY(check_partition_columns(metadata));
    if (base == nullptr) return {};
    LAGOA_TRY(check_mapping_change(base->metadata, metadata, request));
    if (!replaces_all(*base, request) &&
        physical_partition_columns(base->metadata) != physical_partition_columns(metadata))
        return fail_with_hint(ErrorCode::kInvalidArgument, "Replace all rows at once, or make a new table.",
                              "the partition columns cannot change while files of the old ones stay");
    const bool clusters_anew =
        std::ranges::find(request.domains, kClusteringDomain, &DomainMetadata::domain) != request.domains.end();
    if (clusters_anew) return {};
    for (const auto& column : physical_clustering_columns(*base))
        if (!has_physical_column(metadata.schema.fields, column))
            return fail(ErrorCode::kInvalidArgument, "column {} cannot go: the table is clustered by it",
                        column.back());
    return {};
}

Result<> check_protocol(const Protocol& protocol, const Snapshot* base, const CommitRequest& request) {
    if (base == nullptr) return {};
    for (const auto& feature : features_of(base->protocol))
        if (!has_feature(protocol, feature) && !drops(request, feature))
            return fail_with_hint(ErrorCode::kUnsupported, "Drop the feature: ALTER TABLE … DROP FEATURE.",
                                  "the table's protocol would lose {}", feature);
    return {};
}

Result<> check_files(const Protocol& protocol, const Metadata& metadata, const Snapshot* base,
                     const CommitRequest& request) {
    const auto physical = physical_partition_columns(metadata);
    const std::set<std::string> columns(physical.begin(), physical.end());
    const bool may_have_vector = has_feature(protocol, "deletionVectors");
    std::set<std::string> added;
    for (const auto& add : request.adds) {
        LAGOA_TRY(check_add(add, columns, may_have_vector));
        if (!added.insert(file_key_of(add)).second)
            return fail(ErrorCode::kInvalidArgument, "{} is added twice", add.path);
    }
    LAGOA_TRY(check_removes(metadata, base, request));
    LAGOA_TRY(check_change_files(metadata, request));
    return check_domains(protocol, request);
}

void complete_removes(const Snapshot& base, std::vector<RemoveFile>& removes) {
    for (auto& remove : removes) {
        const AddFile& file = base.files[*base.files.find(file_key_of(remove))];
        remove.extended_file_metadata = true;
        remove.partition_values = file.partition_values;
        remove.size_bytes = file.size_bytes;
        remove.base_row_id = file.base_row_id;
        remove.default_row_commit_version = file.default_row_commit_version;
    }
}

}  // namespace lagoa::delta
