#include "delta/clustering.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/ranges.h>

#include "base/text.h"
#include "delta/column_mapping.h"

namespace lagoa::delta {
namespace {

constexpr const char* kCubeIdTag = "ZCUBE_ID";
constexpr const char* kCubeColumnsTag = "ZCUBE_ZORDER_BY";
constexpr const char* kCubeCurveTag = "ZCUBE_ZORDER_CURVE";

// Spark's defaults.
constexpr std::int64_t kSmallCubeBytes = std::int64_t{100} << 30;
constexpr std::int64_t kCubeBytes = std::int64_t{150} << 30;

enum class Names { kLogical, kPhysical };

// The fields that `path` leads through; empty if it leads nowhere.
std::vector<const Field*> find_fields(const Schema& schema, const NamePath& path, Names names) {
    std::vector<const Field*> found;
    const std::vector<Field>* level = &schema.fields;
    for (const std::string& name : path) {
        if (level == nullptr) return {};
        const auto field = std::ranges::find_if(*level, [&](const Field& candidate) {
            return to_lower(names == Names::kLogical ? candidate.name : physical_name(candidate)) == to_lower(name);
        });
        if (field == level->end()) return {};
        found.push_back(&*field);
        level = field->type.kind == TypeKind::kStruct ? &field->type.children : nullptr;
    }
    return found;
}

std::string columns_text(const std::vector<NamePath>& columns) {
    json::Array names;
    for (const NamePath& column : columns) names.emplace_back(to_text(column));
    return json::dump(std::move(names));
}

// Empty: of no ZCube.
std::string cube_of(const AddFile& file) {
    const auto tag = file.tags.find(kCubeIdTag);
    return tag == file.tags.end() ? "" : tag->second;
}

bool is_clustered_otherwise(const AddFile& file, const std::string& columns) {
    if (!file.clustering_provider.empty() && file.clustering_provider != kClusteringProvider) return true;
    const auto tag = file.tags.find(kCubeColumnsTag);
    if (cube_of(file).empty() || tag == file.tags.end()) return false;
    const auto theirs = json::parse(tag->second);
    return !theirs || *theirs != json::parse(columns).value();
}

}  // namespace

std::vector<NamePath> physical_clustering_columns(const Snapshot& snapshot) {
    std::vector<NamePath> columns;
    const auto domain = snapshot.domains.find(std::string(kClusteringDomain));
    if (domain == snapshot.domains.end() || domain->second.removed) return columns;
    const auto value = json::parse(domain->second.configuration);
    const json::Value* const listed = value ? value->find("clusteringColumns") : nullptr;
    if (listed == nullptr || !listed->is_array()) return columns;
    for (const json::Value& column : *listed->array()) {
        NamePath path;
        if (column.is_string()) path.push_back(*column.string());
        if (column.is_array())
            for (const json::Value& name : *column.array())
                if (name.is_string()) path.push_back(*name.string());
        columns.push_back(std::move(path));
    }
    return columns;
}

Result<std::vector<NamePath>> clustering_columns(const Snapshot& snapshot) {
    std::vector<NamePath> columns;
    for (const NamePath& path : physical_clustering_columns(snapshot)) {
        const auto fields = find_fields(snapshot.metadata.schema, path, Names::kPhysical);
        if (fields.empty())
            return fail(ErrorCode::kCorruption, "the table is clustered by {}, which is no column of it",
                        to_text(path));
        NamePath& column = columns.emplace_back();
        for (const Field* field : fields) column.push_back(field->name);
    }
    return columns;
}

Result<DomainMetadata> clustering_domain(const Metadata& metadata, const std::vector<NamePath>& columns) {
    json::Array paths;
    std::vector<std::string> seen;
    for (const NamePath& column : columns) {
        const auto fields = find_fields(metadata.schema, column, Names::kLogical);
        if (fields.empty())
            return fail(ErrorCode::kInvalidArgument, "there is no column {} to cluster by", to_text(column));
        json::Array path;
        for (const Field* field : fields) path.emplace_back(physical_name(*field));
        if (std::ranges::find(seen, json::dump(path)) != seen.end())
            return fail(ErrorCode::kInvalidArgument, "the table is to be clustered by {} twice", to_text(column));
        if (std::ranges::find(metadata.partition_columns, fields.front()->name) != metadata.partition_columns.end())
            return fail(ErrorCode::kInvalidArgument, "{} is a partition column: its rows are together already",
                        to_text(column));
        seen.push_back(json::dump(path));
        paths.emplace_back(std::move(path));
    }
    json::Object configuration;
    configuration.set("clusteringColumns", std::move(paths));
    configuration.set("domainName", kClusteringDomain);
    return DomainMetadata{std::string(kClusteringDomain), json::dump(std::move(configuration)), false};
}

const Field* find_field(const Schema& schema, const NamePath& path) {
    const auto fields = find_fields(schema, path, Names::kLogical);
    return fields.empty() ? nullptr : fields.back();
}

std::string to_text(const NamePath& path) {
    std::vector<std::string> names;
    for (const std::string& name : path) {
        const bool plain = name.find_first_of(".`") == std::string::npos;
        names.push_back(plain ? name : "`" + replace_all(name, "`", "``") + "`");
    }
    return fmt::format("{}", fmt::join(names, "."));
}

void mark_clustered(AddFile& file, std::string_view id, const std::vector<NamePath>& columns) {
    file.clustering_provider = kClusteringProvider;
    file.tags[kCubeIdTag] = id;
    file.tags[kCubeColumnsTag] = columns_text(columns);
    file.tags[kCubeCurveTag] = "hilbert";
}

std::vector<FileRefs> clustering_bins(FileRefs files, const std::vector<NamePath>& columns, bool full) {
    const std::string by = columns_text(columns);
    const auto cube_of = [](const AddFile* file) { return lagoa::delta::cube_of(*file); };
    const auto others =
        std::ranges::stable_partition(files, [&](const AddFile* file) { return !is_clustered_otherwise(*file, by); });
    const FileRefs clustered_otherwise(others.begin(), others.end());
    files.erase(others.begin(), others.end());

    std::map<std::string, std::int64_t> cube_bytes;
    for (const AddFile* file : files) cube_bytes[cube_of(file)] += file->size_bytes;
    std::erase_if(cube_bytes, [](const auto& cube) { return !cube.first.empty() && cube.second >= kSmallCubeBytes; });
    std::erase_if(files, [&](const AddFile* file) { return !cube_bytes.contains(cube_of(file)); });
    if (full && !clustered_otherwise.empty()) {
        files.insert(files.end(), clustered_otherwise.begin(), clustered_otherwise.end());
    } else if (cube_bytes.size() == 1 && !cube_bytes.contains("")) {
        return {};  // one ZCube alone is as it should be
    }

    std::ranges::stable_sort(files, {}, cube_of);
    std::vector<FileRefs> bins;
    std::int64_t bytes = 0;
    for (const AddFile* file : files) {
        if (bins.empty() || bytes + file->size_bytes > kCubeBytes) {
            bins.emplace_back();
            bytes = 0;
        }
        bytes += file->size_bytes;
        bins.back().push_back(file);
    }
    return bins;
}

}  // namespace lagoa::delta
