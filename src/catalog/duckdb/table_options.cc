#include "catalog/duckdb/table_options.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/ranges.h>

#include "duckdb/parser/expression/cast_expression.hpp"
#include "duckdb/parser/expression/constant_expression.hpp"

#include "base/text.h"
#include "catalog/duckdb/current_view.h"
#include "engine/duckdb/error.h"

namespace lagoa {
namespace {

constexpr std::array<std::string_view, 21> kProperties = {kBusinessKeyProperty,
                                                          "delta.appendOnly",
                                                          "delta.checkpointInterval",
                                                          "delta.checkpointPolicy",
                                                          "delta.columnMapping.mode",
                                                          "delta.dataSkippingNumIndexedCols",
                                                          "delta.dataSkippingStatsColumns",
                                                          "delta.deletedFileRetentionDuration",
                                                          "delta.enableChangeDataFeed",
                                                          "delta.enableDeletionVectors",
                                                          "delta.enableExpiredLogCleanup",
                                                          "delta.enableInCommitTimestamps",
                                                          "delta.enableRowTracking",
                                                          "delta.enableTypeWidening",
                                                          "delta.isolationLevel",
                                                          "delta.logRetentionDuration",
                                                          "delta.minReaderVersion",
                                                          "delta.minWriterVersion",
                                                          "delta.parquet.compression.codec",
                                                          "delta.setTransactionRetentionDuration",
                                                          "delta.targetFileSize"};

// What may follow `delta.feature.`; the protocol module says which of them are written.
constexpr std::array<std::string_view, 19> kFeatures = {
    "allowColumnDefaults", "appendOnly",        "changeDataFeed",      "checkConstraints", "checkpointProtection",
    "clustering",          "columnMapping",     "deletionVectors",     "domainMetadata",   "generatedColumns",
    "identityColumns",     "inCommitTimestamp", "invariants",          "rowTracking",      "timestampNtz",
    "typeWidening",        "v2Checkpoint",      "vacuumProtocolCheck", "variantType"};
constexpr std::string_view kFeaturePrefix = "delta.feature.";

std::string text_of(const std::string& name, const duckdb::ParsedExpression& value) {
    if (value.GetExpressionType() == duckdb::ExpressionType::VALUE_CONSTANT)
        return value.Cast<duckdb::ConstantExpression>().value.ToString();
    // The parser's form of `true` is CAST('t' AS BOOLEAN).
    if (value.GetExpressionClass() == duckdb::ExpressionClass::CAST) {
        const auto& cast = value.Cast<duckdb::CastExpression>();
        if (cast.cast_type.ToString() == "BOOLEAN" &&
            cast.child->GetExpressionType() == duckdb::ExpressionType::VALUE_CONSTANT) {
            const duckdb::Value& constant = cast.child->Cast<duckdb::ConstantExpression>().value;
            return constant.ToString() == "t" ? "true" : constant.ToString() == "f" ? "false" : constant.ToString();
        }
    }
    raise({ErrorCode::kInvalidArgument, fmt::format("table property {}: not a constant", name)});
}

}  // namespace

bool is_known_feature(std::string_view name) {
    return std::ranges::find(kFeatures, to_lower(name), to_lower) != kFeatures.end();
}

std::string property_name(const std::string& name) {
    const std::string lowered = to_lower(name);
    if (lowered.starts_with(kFeaturePrefix)) {
        const auto feature = std::ranges::find(kFeatures, lowered.substr(kFeaturePrefix.size()), to_lower);
        if (feature == kFeatures.end())
            raise({ErrorCode::kUnsupported, fmt::format("table feature {} is not known", name),
                   fmt::format("Known are {}.", fmt::join(kFeatures, ", "))});
        return fmt::format("{}{}", kFeaturePrefix, *feature);
    }
    const auto known = std::ranges::find(kProperties, lowered, to_lower);
    if (known == kProperties.end())
        raise({ErrorCode::kUnsupported, fmt::format("table property {} is not known", name),
               fmt::format("Known are {}.", fmt::join(kProperties, ", "))});
    return std::string(*known);
}

std::map<std::string, std::string> table_properties(const TableOptions& options) {
    std::map<std::string, std::string> properties;
    for (const auto& [name, value] : options) {
        const std::string known = property_name(name);
        properties[known] = text_of(known, *value);
    }
    return properties;
}

}  // namespace lagoa
