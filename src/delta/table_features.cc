#include "delta/table_features.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include <fmt/ranges.h>

#include "base/text.h"
#include "delta/column_rules.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

struct Feature {
    std::string_view name;
    int reader = 0;  // the least version of a reader that has to know it; 0: it binds writers only
    int writer = 7;
    bool is_written = true;                      // every part of it that a writer must honour is honoured
    std::array<std::string_view, 2> needs = {};  // other features, without which this one may not be
    std::string_view stable_name = {};           // of a preview: the name under which it became part of the protocol
};

// Versions below 7 stand for every feature up to them; the others are there by name only.
constexpr std::array kFeatures = {
    Feature{.name = "appendOnly", .writer = 2},
    Feature{.name = "invariants", .writer = 2},
    Feature{.name = "checkConstraints", .writer = 3},
    Feature{.name = "changeDataFeed", .writer = 4},
    Feature{.name = "generatedColumns", .writer = 4},
    Feature{.name = "columnMapping", .reader = 2, .writer = 5},
    Feature{.name = "identityColumns", .writer = 6},
    Feature{.name = "allowColumnDefaults"},
    Feature{.name = "checkpointProtection"},
    Feature{.name = "clustering", .needs = {"domainMetadata"}},
    Feature{.name = "deletionVectors", .reader = 3},
    Feature{.name = "domainMetadata"},
    Feature{.name = "icebergCompatV1", .is_written = false, .needs = {"columnMapping"}},
    Feature{.name = "icebergCompatV2", .is_written = false, .needs = {"columnMapping"}},
    Feature{.name = "icebergCompatV3", .is_written = false, .needs = {"columnMapping", "rowTracking"}},
    Feature{.name = "inCommitTimestamp"},
    Feature{.name = "inCommitTimestamp-preview", .stable_name = "inCommitTimestamp"},
    Feature{.name = "rowTracking", .needs = {"domainMetadata"}},
    Feature{.name = "timestampNtz", .reader = 3},
    Feature{.name = "typeWidening", .reader = 3},
    Feature{.name = "typeWidening-preview", .reader = 3, .stable_name = "typeWidening"},
    Feature{.name = "v2Checkpoint", .reader = 3},
    Feature{.name = "vacuumProtocolCheck", .reader = 3},
    Feature{.name = "variantType", .reader = 3},
    Feature{.name = "variantType-preview", .reader = 3, .stable_name = "variantType"},
};

constexpr std::string_view kFeatureProperty = "delta.feature.";
constexpr int kReaderOfFeatures = 3;
constexpr int kWriterOfFeatures = 7;

struct Need {
    std::string_view cause;
    std::string_view feature;
};

// Properties that turn a feature on when they are `true`.
constexpr std::array kSwitches = {
    Need{"delta.appendOnly", "appendOnly"},
    Need{"delta.enableChangeDataFeed", "changeDataFeed"},
    Need{"delta.enableDeletionVectors", "deletionVectors"},
    Need{"delta.enableInCommitTimestamps", "inCommitTimestamp"},
    Need{"delta.enableRowTracking", "rowTracking"},
    Need{"delta.enableTypeWidening", "typeWidening"},
    Need{"delta.enableIcebergCompatV1", "icebergCompatV1"},
    Need{"delta.enableIcebergCompatV2", "icebergCompatV2"},
    Need{"delta.enableIcebergCompatV3", "icebergCompatV3"},
};

// Members of a column's metadata that bind who writes rows, by how they begin.
constexpr std::array kColumnRules = {
    Need{kInvariants, "invariants"},
    Need{kGenerationExpression, "generatedColumns"},
    Need{kIdentityPrefix, "identityColumns"},
    Need{kDefaultExpression, "allowColumnDefaults"},
};

const Feature* find_feature(std::string_view name) {
    const auto* const at = std::ranges::find_if(
        kFeatures, [&](const Feature& feature) { return to_lower(feature.name) == to_lower(name); });
    return at == kFeatures.end() ? nullptr : at;
}

std::unexpected<Error> refuse(std::string_view doing, const std::vector<std::string>& features) {
    return fail_with_hint(ErrorCode::kUnsupported, "Use an engine that has the feature, or leave it out of the table.",
                          "{} a table that needs {}: this version does not write it", doing, fmt::join(features, ", "));
}

// Calls `visit` for every field, nested ones too.
template <class Visit>
void each_field(const std::vector<Field>& fields, const Visit& visit) {
    for (const Field& field : fields) {
        visit(field);
        each_field(field.type.children, visit);
    }
}

bool has_rule(const Field& field, std::string_view begin) {
    return std::ranges::any_of(field.metadata, [&](const auto& member) { return member.first.starts_with(begin); });
}

std::set<std::string> legacy_features(int reader, int writer) {
    std::set<std::string> names;
    for (const Feature& feature : kFeatures)
        if (feature.writer <= writer && feature.writer < kWriterOfFeatures && feature.reader <= reader)
            names.emplace(feature.name);
    return names;
}

// What a table's metadata asks of its protocol.
struct Needs {
    std::set<std::string> features;
    int reader = 0;
    int writer = 0;
};

Result<int> version_property(std::string_view name, std::string_view text, int newest) {
    int version = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
    if (error != std::errc{} || end != text.data() + text.size() || version < 1)
        return fail(ErrorCode::kInvalidArgument, "property {} is {}; it is a number from 1 to {}", name,
                    quote_json(text), newest);
    if (version > newest)
        return fail(ErrorCode::kUnsupported, "property {} is {}: this version knows them up to {}", name, version,
                    newest);
    return version;
}

// Takes the properties that speak of the protocol out of the metadata.
Result<> take_protocol_properties(Metadata& metadata, Needs& needs) {
    for (auto at = metadata.configuration.begin(); at != metadata.configuration.end();) {
        const auto& [name, value] = *at;
        if (name == "delta.minReaderVersion") {
            needs.reader = LAGOA_TRY(version_property(name, value, kReaderOfFeatures));
        } else if (name == "delta.minWriterVersion") {
            needs.writer = LAGOA_TRY(version_property(name, value, kWriterOfFeatures));
        } else if (name.starts_with(kFeatureProperty)) {
            const std::string wanted = name.substr(kFeatureProperty.size());
            if (const std::string word = to_lower(value); word != "supported" && word != "enabled")
                return fail(ErrorCode::kInvalidArgument, "property {} is {}; it can only be supported", name,
                            quote_json(value));
            const Feature* const feature = find_feature(wanted);
            if (feature == nullptr) return refuse("making", {wanted});
            needs.features.emplace(feature->name);
        } else {
            ++at;
            continue;
        }
        at = metadata.configuration.erase(at);
    }
    return {};
}

void add_features_in_use(const Metadata& metadata, Needs& needs) {
    for (const auto& [property, feature] : kSwitches)
        if (is_enabled(metadata, property)) needs.features.emplace(feature);
    for (const auto& [name, value] : metadata.configuration) {
        if (name.starts_with(kConstraintProperty)) needs.features.emplace("checkConstraints");
        if (name == "delta.columnMapping.mode" && to_lower(value) != "none") needs.features.emplace("columnMapping");
        if (name == "delta.checkpointPolicy" && to_lower(value) == "v2") needs.features.emplace("v2Checkpoint");
    }
    each_field(metadata.schema.fields, [&](const Field& field) {
        for (const auto& [begin, feature] : kColumnRules)
            if (has_rule(field, begin)) needs.features.emplace(feature);
        if (field.type.kind == TypeKind::kTimestampNtz) needs.features.emplace("timestampNtz");
        if (field.type.kind == TypeKind::kVariant) needs.features.emplace("variantType");
    });
}

// With what they need themselves; a preview that the table has serves for what became of it.
void complete(std::set<std::string>& features, const std::set<std::string>& standing) {
    for (const Feature& feature : kFeatures)
        if (!feature.stable_name.empty() && standing.contains(std::string(feature.name)))
            features.erase(std::string(feature.stable_name));
    std::set<std::string> more;
    for (std::size_t before = 0; before != features.size();) {
        before = features.size();
        for (const std::string& name : features)
            if (const Feature* const feature = find_feature(name))
                for (const std::string_view needed : feature->needs)
                    if (!needed.empty()) more.emplace(needed);
        features.merge(more);
    }
}

// The least protocol that has `features`, reader and writer versions no less than given. Versions below 7 stand only
// for whole sets of features: they serve when the set is exactly theirs.
Protocol least_protocol(const std::set<std::string>& features, int reader, int writer,
                        const std::vector<std::string>& reader_features) {
    Protocol protocol;
    protocol.min_reader_version = reader;
    protocol.min_writer_version = writer;
    for (const std::string& name : features) {
        const Feature* const feature = find_feature(name);
        protocol.min_reader_version = std::max(protocol.min_reader_version, feature == nullptr ? 0 : feature->reader);
        protocol.min_writer_version =
            std::max(protocol.min_writer_version, feature == nullptr ? kWriterOfFeatures : feature->writer);
    }
    if (protocol.min_writer_version < kWriterOfFeatures && protocol.min_reader_version < kReaderOfFeatures &&
        legacy_features(protocol.min_reader_version, protocol.min_writer_version) == features)
        return protocol;
    protocol.min_writer_version = kWriterOfFeatures;
    protocol.writer_features.assign(features.begin(), features.end());
    if (protocol.min_reader_version < kReaderOfFeatures) return protocol;
    std::set<std::string> binding(reader_features.begin(), reader_features.end());
    for (const std::string& name : features)
        if (const Feature* const feature = find_feature(name); feature != nullptr && feature->reader > 0)
            binding.insert(name);
    protocol.reader_features.assign(binding.begin(), binding.end());
    return protocol;
}

}  // namespace

std::vector<std::string> features_of(const Protocol& protocol) {
    std::set<std::string> names;
    if (protocol.min_writer_version < kWriterOfFeatures)
        names = legacy_features(protocol.min_reader_version, protocol.min_writer_version);
    else
        names.insert(protocol.writer_features.begin(), protocol.writer_features.end());
    if (protocol.min_reader_version >= kReaderOfFeatures)
        names.insert(protocol.reader_features.begin(), protocol.reader_features.end());
    return {names.begin(), names.end()};
}

bool has_feature(const Protocol& protocol, std::string_view feature) {
    const auto features = features_of(protocol);
    return std::ranges::find(features, feature) != features.end();
}

Result<Protocol> protocol_for(Metadata& metadata, const Protocol* current) {
    Needs needs;
    LAGOA_TRY(take_protocol_properties(metadata, needs));
    add_features_in_use(metadata, needs);

    const Protocol start = current == nullptr ? Protocol() : *current;
    const auto standing_list = features_of(start);
    std::set<std::string> features(standing_list.begin(), standing_list.end());
    complete(needs.features, features);
    std::vector<std::string> unwritten;
    for (const std::string& name : needs.features)
        if (!find_feature(name)->is_written) unwritten.push_back(name);
    if (!unwritten.empty()) return refuse("making", unwritten);

    const bool serves = std::ranges::includes(features, needs.features) && needs.reader <= start.min_reader_version &&
                        needs.writer <= start.min_writer_version;
    if (serves) return start;
    const int reader = std::max(start.min_reader_version, needs.reader);
    const int writer = std::max(start.min_writer_version, needs.writer);
    features.merge(needs.features);
    if (needs.writer > 0 && needs.writer < kWriterOfFeatures) features.merge(legacy_features(reader, needs.writer));
    return least_protocol(features, reader, writer, start.reader_features);
}

Result<Protocol> united_protocol(Metadata metadata, const Protocol& one, const Protocol& other) {
    for (const std::string& feature : features_of(other))
        metadata.configuration[std::string(kFeatureProperty) + feature] = "supported";
    return protocol_for(metadata, &one);
}

Result<> check_writable(const Protocol& protocol, const Metadata&) {
    LAGOA_TRY(check_readable(protocol));
    const int version = protocol.min_writer_version;
    if (version < 1 || version > kWriterOfFeatures)
        return refuse("writing", {fmt::format("writer version {}", version)});
    std::vector<std::string> unwritten;
    for (const std::string& name : features_of(protocol)) {
        const auto* const known = std::ranges::find(kFeatures, name, &Feature::name);
        if (known == kFeatures.end() || !known->is_written) unwritten.push_back(name);
    }
    if (!unwritten.empty()) return refuse("writing", unwritten);
    return {};
}

Result<> check_no_row_rules(const Metadata& metadata) {
    std::optional<Error> refused;
    each_field(metadata.schema.fields, [&](const Field& field) {
        for (const auto& [begin, feature] : kColumnRules)
            if (!refused && has_rule(field, begin))
                refused = refuse("writing", {fmt::format("{} of column {}", feature, field.name)}).error();
    });
    if (refused) return pass_on(*std::move(refused));
    for (const auto& [name, value] : metadata.configuration)
        if (name.starts_with(kConstraintProperty))
            return refuse("writing", {fmt::format("checkConstraints ({})", name.substr(kConstraintProperty.size()))});
    return {};
}

Result<Protocol> protocol_without(const Protocol& protocol, std::string_view feature) {
    const auto standing = features_of(protocol);
    std::set<std::string> features(standing.begin(), standing.end());
    const auto at =
        std::ranges::find_if(features, [&](const std::string& name) { return to_lower(name) == to_lower(feature); });
    if (at == features.end()) return fail(ErrorCode::kNotFound, "the table does not have the feature {}", feature);
    const std::string dropped = *at;
    features.erase(at);
    for (const std::string& name : features) {
        const Feature* const other = find_feature(name);
        if (other != nullptr && std::ranges::find(other->needs, dropped) != other->needs.end())
            return fail_with_hint(ErrorCode::kInvalidArgument, fmt::format("Drop {} first.", name),
                                  "the feature {} needs {}", name, dropped);
    }
    std::vector<std::string> reader_features = protocol.reader_features;
    std::erase(reader_features, dropped);
    return least_protocol(features, 1, 1, reader_features);
}

bool binds_readers(std::string_view feature) {
    const Feature* const known = find_feature(feature);
    return known == nullptr || known->reader > 0;
}

}  // namespace lagoa::delta
