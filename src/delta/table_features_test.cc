// Goal: a table gets the protocol it needs and no more, and one that asks of its writers what we do not do is refused
// by name. Method: tables of properties and protocols as a user or another engine would have written them.
#include "delta/table_features.h"

#include <gtest/gtest.h>

namespace lagoa::delta {
namespace {

using Names = std::vector<std::string>;

Field column(std::string name, TypeKind kind, json::Object metadata = {}) {
    return {.name = std::move(name), .type = {.kind = kind, .children = {}}, .metadata = std::move(metadata)};
}

Metadata table(std::map<std::string, std::string> properties, std::vector<Field> columns = {}) {
    columns.insert(columns.begin(), column("id", TypeKind::kInt64));
    Metadata metadata;
    metadata.schema.fields = std::move(columns);
    metadata.configuration = std::move(properties);
    return metadata;
}

Protocol protocol(int reader, int writer, Names reader_features = {}, Names writer_features = {}) {
    return {.min_reader_version = reader,
            .min_writer_version = writer,
            .reader_features = std::move(reader_features),
            .writer_features = std::move(writer_features)};
}

// `3,7 r:a w:a,b`: how a failure shows it.
std::string print(const Protocol& protocol) {
    std::string out = fmt::format("{},{}", protocol.min_reader_version, protocol.min_writer_version);
    for (const auto& name : protocol.reader_features) out += " r:" + name;
    for (const auto& name : protocol.writer_features) out += " w:" + name;
    return out;
}

TEST(TableFeatures, LegacyVersionsStandForTheirFeatures) {
    EXPECT_EQ(features_of(protocol(1, 1)), Names{});
    EXPECT_EQ(features_of(protocol(1, 2)), (Names{"appendOnly", "invariants"}));
    EXPECT_EQ(features_of(protocol(1, 4)),
              (Names{"appendOnly", "changeDataFeed", "checkConstraints", "generatedColumns", "invariants"}));
    EXPECT_TRUE(has_feature(protocol(2, 5), "columnMapping"));
    EXPECT_FALSE(has_feature(protocol(1, 5), "columnMapping"));  // its readers would not know
    EXPECT_TRUE(has_feature(protocol(2, 6), "identityColumns"));
    EXPECT_EQ(features_of(protocol(1, 7)), Names{});
    EXPECT_EQ(features_of(protocol(3, 7, {"b"}, {"a", "b"})), (Names{"a", "b"}));
}

TEST(TableFeatures, NewTablesGetTheLeastProtocol) {
    const std::vector<std::pair<Metadata, std::string>> cases = {
        {table({}), "1,2"},
        {table({{"delta.appendOnly", "true"}, {"delta.enableChangeDataFeed", "false"}}), "1,2"},
        {table({{"delta.enableChangeDataFeed", "true"}}), "1,7 w:appendOnly w:changeDataFeed w:invariants"},
        {table({{"delta.columnMapping.mode", "name"}}), "2,7 w:appendOnly w:columnMapping w:invariants"},
        {table({{"delta.columnMapping.mode", "none"}}), "1,2"},
        {table({{"delta.enableDeletionVectors", "true"}}),
         "3,7 r:deletionVectors w:appendOnly w:deletionVectors w:invariants"},
        {table({{"delta.enableDeletionVectors", "true"}, {"delta.columnMapping.mode", "id"}}),
         "3,7 r:columnMapping r:deletionVectors w:appendOnly w:columnMapping w:deletionVectors w:invariants"},
        {table({{"delta.enableRowTracking", "true"}}), "1,7 w:appendOnly w:domainMetadata w:invariants w:rowTracking"},
        {table({{"delta.enableInCommitTimestamps", "true"}}), "1,7 w:appendOnly w:inCommitTimestamp w:invariants"},
        {table({{"delta.checkpointPolicy", "v2"}}), "3,7 r:v2Checkpoint w:appendOnly w:invariants w:v2Checkpoint"},
        {table({}, {column("t", TypeKind::kTimestampNtz)}),
         "3,7 r:timestampNtz w:appendOnly w:invariants w:timestampNtz"},
        {table({{"delta.feature.clustering", "supported"}}),
         "1,7 w:appendOnly w:clustering w:domainMetadata w:invariants"},
        {table({{"delta.feature.VACUUMprotocolCheck", "enabled"}}),
         "3,7 r:vacuumProtocolCheck w:appendOnly w:invariants w:vacuumProtocolCheck"},
        {table({{"delta.minWriterVersion", "4"}}), "1,4"},
        {table(
             {{"delta.minReaderVersion", "2"}, {"delta.minWriterVersion", "5"}, {"delta.columnMapping.mode", "name"}}),
         "2,5"},
        {table({{"delta.minReaderVersion", "3"}, {"delta.minWriterVersion", "7"}}), "3,7 w:appendOnly w:invariants"},
        {table({{"delta.minReaderVersion", "1"}}), "1,2"},
    };
    for (const auto& [wanted, expected] : cases) {
        Metadata metadata = wanted;
        const auto made = protocol_for(metadata, nullptr);
        ASSERT_TRUE(made) << expected << ": " << made.error().message;
        EXPECT_EQ(print(*made), expected);
        for (const auto& [name, value] : metadata.configuration)
            EXPECT_FALSE(name.starts_with("delta.feature.") || name.starts_with("delta.min")) << name;
    }
}

TEST(TableFeatures, NestedColumnsCount) {
    Field outer{.name = "s",
                .type = {.kind = TypeKind::kStruct, .children = {column("t", TypeKind::kTimestampNtz)}},
                .metadata = {}};
    Metadata metadata = table({}, {outer});
    EXPECT_TRUE(has_feature(protocol_for(metadata, nullptr).value(), "timestampNtz"));
}

TEST(TableFeatures, StandingProtocolsAreRaisedAsLittleAsNeeded) {
    struct Case {
        Protocol current;
        std::map<std::string, std::string> properties;
        std::string expected;
    };
    const std::vector<Case> cases = {
        {protocol(1, 2), {}, "1,2"},
        {protocol(1, 1), {}, "1,1"},
        {protocol(1, 4), {{"delta.enableChangeDataFeed", "true"}}, "1,4"},
        {protocol(1, 7, {}, {"invariants"}),
         {{"delta.enableChangeDataFeed", "true"}},
         "1,7 w:changeDataFeed w:invariants"},
        {protocol(2, 5),
         {{"delta.enableDeletionVectors", "true"}},
         "3,7 r:columnMapping r:deletionVectors w:appendOnly w:changeDataFeed w:checkConstraints w:columnMapping "
         "w:deletionVectors w:generatedColumns w:invariants"},
        {protocol(1, 3),
         {{"delta.enableInCommitTimestamps", "true"}},
         "1,7 w:appendOnly w:checkConstraints w:inCommitTimestamp w:invariants"},
        {protocol(1, 7, {}, {"inCommitTimestamp-preview"}),
         {{"delta.enableInCommitTimestamps", "true"}},
         "1,7 w:inCommitTimestamp-preview"},
        {protocol(3, 7, {"typeWidening-preview"}, {"typeWidening-preview"}),
         {{"delta.enableTypeWidening", "true"}},
         "3,7 r:typeWidening-preview w:typeWidening-preview"},
        {protocol(3, 7, {"theirs"}, {"theirs"}),
         {{"delta.enableDeletionVectors", "true"}},
         "3,7 r:deletionVectors r:theirs w:deletionVectors w:theirs"},
        {protocol(1, 2), {{"delta.minWriterVersion", "1"}}, "1,2"},
    };
    for (const auto& [current, properties, expected] : cases) {
        Metadata metadata = table(properties);
        EXPECT_EQ(print(protocol_for(metadata, &current).value()), expected);
    }
}

TEST(TableFeatures, RefusesToMakeWhatItDoesNotWrite) {
    const auto code = [](std::map<std::string, std::string> properties) {
        Metadata metadata = table(std::move(properties));
        const auto made = protocol_for(metadata, nullptr);
        return made ? ErrorCode::kInternal : made.error().code;
    };
    for (const auto* property :
         {"delta.enableIcebergCompatV1", "delta.enableIcebergCompatV2", "delta.enableIcebergCompatV3"})
        EXPECT_EQ(code({{property, "true"}}), ErrorCode::kUnsupported) << property;
    EXPECT_EQ(code({{"delta.feature.catalogManaged", "supported"}}), ErrorCode::kUnsupported);
    EXPECT_EQ(code({{"delta.minWriterVersion", "8"}}), ErrorCode::kUnsupported);
    EXPECT_EQ(code({{"delta.minReaderVersion", "4"}}), ErrorCode::kUnsupported);
    EXPECT_EQ(code({{"delta.minWriterVersion", "0"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({{"delta.minWriterVersion", "two"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({{"delta.feature.deletionVectors", "yes"}}), ErrorCode::kInvalidArgument);
}

TEST(TableFeatures, WritesEveryVersionAndRefusesByName) {
    for (int version = 1; version <= 6; ++version)
        EXPECT_TRUE(check_writable(protocol(1, version), table({}))) << version;
    EXPECT_TRUE(check_writable(protocol(1, 7), table({})));
    for (const int version : {0, 8})
        EXPECT_EQ(check_writable(protocol(1, version), table({})).error().code, ErrorCode::kUnsupported) << version;

    for (const auto* feature :
         {"appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "columnMapping",
          "identityColumns", "allowColumnDefaults", "checkpointProtection", "clustering", "domainMetadata",
          "inCommitTimestamp", "inCommitTimestamp-preview", "rowTracking"})
        EXPECT_TRUE(check_writable(protocol(1, 7, {}, {feature}), table({}))) << feature;
    for (const auto* feature : {"deletionVectors", "timestampNtz", "typeWidening", "typeWidening-preview",
                                "v2Checkpoint", "vacuumProtocolCheck", "variantType"})
        EXPECT_TRUE(check_writable(protocol(3, 7, {feature}, {feature}), table({}))) << feature;
    for (const auto* feature : {"icebergCompatV1", "icebergCompatV2", "icebergCompatV3", "materializePartitionColumns",
                                "collations", "someFuture", "APPENDONLY"}) {
        const auto refused = check_writable(protocol(1, 7, {}, {"appendOnly", feature}), table({}));
        ASSERT_FALSE(refused) << feature;
        EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
        EXPECT_NE(refused.error().message.find(feature), std::string::npos);
    }
}

// Who writes rows without evaluating the table's rules is told the first of them; the table itself is writable.
TEST(TableFeatures, NamesTheRulesThatRowsMustMeet) {
    for (const auto* rule :
         {"delta.invariants", "delta.generationExpression", "delta.identity.start", "CURRENT_DEFAULT"}) {
        Field inner = column("ruled", TypeKind::kInt64, json::make_object({{rule, "1"}}));
        Field outer{.name = "s", .type = {.kind = TypeKind::kStruct, .children = {inner}}, .metadata = {}};
        const auto refused = check_no_row_rules(table({}, {outer}));
        ASSERT_FALSE(refused) << rule;
        EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
        EXPECT_NE(refused.error().message.find("ruled"), std::string::npos);
        EXPECT_TRUE(check_writable(protocol(1, 6), table({}, {outer})));
    }
    const auto refused = check_no_row_rules(table({{"delta.constraints.positive", "id > 0"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.error().message.find("positive"), std::string::npos);
    EXPECT_TRUE(check_no_row_rules(table({})));
}

TEST(TableFeatures, AProtocolWithoutAFeatureIsAsLowAsTheRestAllows) {
    struct Case {
        Protocol from;
        const char* feature;
        const char* expected;
    };
    const Case cases[] = {
        {protocol(1, 3), "checkConstraints", "1,2"},
        {protocol(1, 4), "checkConstraints", "1,7 w:appendOnly w:changeDataFeed w:generatedColumns w:invariants"},
        {protocol(3, 7, {"deletionVectors"}, {"deletionVectors", "invariants"}), "deletionvectors", "1,7 w:invariants"},
        {protocol(3, 7, {"deletionVectors", "v2Checkpoint"}, {"deletionVectors", "v2Checkpoint"}), "v2Checkpoint",
         "3,7 r:deletionVectors w:deletionVectors"},
        {protocol(2, 5), "columnMapping", "1,4"},
        {protocol(1, 7, {}, {"appendOnly", "invariants", "rowTracking", "domainMetadata"}), "rowTracking",
         "1,7 w:appendOnly w:domainMetadata w:invariants"},
    };
    for (const auto& [from, feature, expected] : cases)
        EXPECT_EQ(print(protocol_without(from, feature).value()), expected) << feature;
    EXPECT_EQ(protocol_without(protocol(1, 2), "deletionVectors").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(protocol_without(protocol(1, 7, {}, {"rowTracking", "domainMetadata"}), "domainMetadata").error().code,
              ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace lagoa::delta
