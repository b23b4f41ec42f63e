// Goal: what a log says becomes typed values and text again without loss; damage is kCorruption,
// what we cannot handle is kUnsupported and named. Method: lines as Spark and delta-rs write them.
#include "delta/actions.h"

#include <gtest/gtest.h>

#include "delta/log_json.h"
#include "delta/stats.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

using namespace std::chrono_literals;

template <class T>
T parsed(std::string_view line) {
    auto action = parse_action(line);
    EXPECT_TRUE(action) << (action ? "" : action.error().message);
    return std::get<T>(action.value().value());
}

ErrorCode code_of(std::string_view line) {
    const auto action = parse_action(line);
    EXPECT_FALSE(action) << line;
    return action ? ErrorCode::kInternal : action.error().code;
}

TEST(LogJson, PrintsWhatItParsed) {
    for (
        const std::string line :
        {R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})",
         R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[],"writerFeatures":["appendOnly"]}})",
         R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":[]}})",
         R"({"metaData":{"id":"u","name":"n","description":"d","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"decimal(18,4)\",\"nullable\":false,\"metadata\":{\"comment\":\"x\"}}]}","partitionColumns":["a"],"configuration":{"delta.appendOnly":"true"},"createdTime":7}})",
         R"({"add":{"path":"a=1/x%20y.parquet","partitionValues":{"a":"1","b":null},"size":10,"modificationTime":5,"dataChange":true,"stats":"{\"numRecords\":1}","tags":{"t":"v"}}})",
         R"({"add":{"path":"x","partitionValues":{},"size":10,"modificationTime":5,"dataChange":false,"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,"sizeInBytes":36,"cardinality":2},"baseRowId":3,"defaultRowCommitVersion":4,"clusteringProvider":"liquid"}})",
         R"({"remove":{"path":"x","deletionTimestamp":9,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"a":"1"},"size":10}})",
         R"({"remove":{"path":"x","dataChange":false}})",
         R"({"cdc":{"path":"_change_data/x","partitionValues":{},"size":10,"dataChange":false}})",
         R"({"txn":{"appId":"lagoa/x","version":3,"lastUpdated":9}})",
         R"({"domainMetadata":{"domain":"d","configuration":"{}","removed":true}})",
         R"({"commitInfo":{"timestamp":1,"operation":"WRITE","operationParameters":{"mode":"Append"},"z":[1.50,null]}})"}) {
        const auto action = parse_action(line);
        ASSERT_TRUE(action) << line << ": " << action.error().message;
        EXPECT_EQ(print_action(action->value()), line);
    }
}

TEST(LogJson, SkipsWhatItDoesNotKnow) {
    EXPECT_FALSE(parse_action(R"({"future":{"path":"x"}})").value().has_value());
    EXPECT_FALSE(parse_action("{}").value().has_value());
    EXPECT_EQ(parsed<AddFile>(R"({"remove":null,"add":{"path":"x","size":1,"future":{"a":[]}}})").path, "x");
}

TEST(LogJson, ReadsObjectsThatShareALine) {
    const auto actions = parse_commit(
        R"({"metaData":{"id":"a}\"{"}}{"add":{"path":"x","size":1}} {"add":{"path":"y","size":1}})", "0.json");
    ASSERT_TRUE(actions) << actions.error().message;
    ASSERT_EQ(actions->size(), 3U);
    EXPECT_EQ(std::get<Metadata>((*actions)[0]).id, "a}\"{");
    EXPECT_EQ(std::get<AddFile>((*actions)[2]).path, "y");
    for (const auto* damaged : {R"({"add":{"path":"x","size":1}} x)", R"({"add":{"path":"x","size":1}}{"add":)", "}{"})
        EXPECT_EQ(parse_commit(damaged, "0.json").error().code, ErrorCode::kCorruption) << damaged;
}

TEST(LogJson, FillsWhatWritersLeaveOut) {
    const auto add = parsed<AddFile>(R"({"add":{"path":"x","size":1,"stats_parsed":{"numRecords":4}}})");
    EXPECT_TRUE(add.data_change);
    EXPECT_EQ(FileStats::parse(add.stats).value().row_count(), 4);
    EXPECT_FALSE(parsed<RemoveFile>(R"({"remove":{"path":"x"}})").deleted_ms.has_value());
    EXPECT_TRUE(parsed<Metadata>(R"({"metaData":{"id":"x"}})").schema.fields.empty());
}

TEST(LogJson, EmptyPartitionValueIsNull) {
    const auto add = parsed<AddFile>(R"({"add":{"path":"x","size":1,"partitionValues":{"a":"","b":"0"}}})");
    EXPECT_EQ(add.partition_values, (PartitionValues{{"a", std::nullopt}, {"b", "0"}}));
}

TEST(LogJson, DamageIsCorruption) {
    for (const auto* line : {"",
                             "{",
                             "[]",
                             "3",
                             R"({"add":3})",
                             R"({"add":{}})",
                             R"({"add":{"path":"x"}})",
                             R"({"add":{"path":1,"size":1}})",
                             R"({"add":{"path":"x","size":"big"}})",
                             R"({"add":{"path":"x","size":1.5}})",
                             R"({"add":{"path":"x","size":1e40}})",
                             R"({"add":{"path":"x","size":1,"partitionValues":[]}})",
                             R"({"add":{"path":"x","size":1,"partitionValues":{"a":1}}})",
                             R"({"add":{"path":"x","size":1,"tags":{"a":1}}})",
                             R"({"add":{"path":"x","size":1,"deletionVector":{"storageType":"u"}}})",
                             R"({"remove":{}})",
                             R"({"txn":{"appId":"a"}})",
                             R"({"domainMetadata":{}})",
                             R"({"protocol":{"minReaderVersion":1}})",
                             R"({"protocol":{"minReaderVersion":99999999999,"minWriterVersion":2}})",
                             R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[1]}})",
                             R"({"metaData":{}})",
                             R"({"metaData":{"id":"a","schemaString":"{"}})",
                             R"({"metaData":{"id":"a","schemaString":"[]"}})",
                             R"({"cdc":{"path":"x"}})"})
        EXPECT_EQ(code_of(line), ErrorCode::kCorruption) << line;
}

TEST(LogJson, UnknownTypesAndFormatsAreUnsupported) {
    EXPECT_EQ(code_of(R"({"metaData":{"id":"a","format":{"provider":"orc"},"schemaString":"{}"}})"),
              ErrorCode::kUnsupported);
    EXPECT_EQ(
        code_of(
            R"({"metaData":{"id":"a","schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"g\",\"type\":\"geometry\"}]}"}})"),
        ErrorCode::kUnsupported);
}

TEST(LogJson, CommitNamesTheDamagedLine) {
    EXPECT_EQ(
        parse_commit("{\"add\":{\"path\":\"x\",\"size\":1}}\r\n\r\n  \n{\"txn\":{\"appId\":\"a\",\"version\":1}}", "k")
            .value()
            .size(),
        2U);
    const auto damaged = parse_commit("{\"add\":{\"path\":\"x\",\"size\":1}}\n{\"add\":{\"pa", "t/0.json");
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::kCorruption);
    EXPECT_NE(damaged.error().message.find("t/0.json, line 2"), std::string::npos) << damaged.error().message;
}

TEST(Path, DecodesAndEncodes) {
    EXPECT_EQ(decode_path("a%20b/c%3D%c3%A9%2F"), "a b/c=é/");
    EXPECT_EQ(decode_path("100%/%zz/%4"), "100%/%zz/%4");
    EXPECT_EQ(encode_path("d=2024-01-01 00:00/x y%#?é.parquet"), "d=2024-01-01%2000%3A00/x%20y%25%23%3F%C3%A9.parquet");
    for (const auto* path : {"a b%41", "ção/π:;?#", "\x01\x7f\"<>\\^`{|}"})
        EXPECT_EQ(decode_path(encode_path(path)), path);
}

TEST(Path, SpellingsOfOneFileHaveOneKey) {
    for (const auto* path : {"/a b", "/a%20b", "file:/a%20b", "file:///a%20b"})
        EXPECT_EQ(file_key(path, {}), "/a b") << path;
    EXPECT_NE(file_key("a", {}), file_key("/a", {}));
    const DeletionVector vector{
        .storage_type = "u", .path_or_inline = "x", .offset = 1, .size_bytes = 1, .cardinality = 1};
    DeletionVector other = vector;
    other.offset = 2;
    EXPECT_NE(file_key("a", vector), file_key("a", {}));
    EXPECT_NE(file_key("a", vector), file_key("a", other));
}

TEST(Protocol, RefusesByNameWhatItCannotHonour) {
    const auto reads = [](int version, std::vector<std::string> features) {
        return check_readable({.min_reader_version = version,
                               .min_writer_version = 7,
                               .reader_features = features,
                               .writer_features = features});
    };
    EXPECT_TRUE(reads(1, {}));
    EXPECT_TRUE(reads(3, {}));
    EXPECT_TRUE(reads(3, {"timestampNtz", "vacuumProtocolCheck"}));
    EXPECT_TRUE(reads(2, {}));  // column mapping
    EXPECT_TRUE(reads(3, {"columnMapping", "deletionVectors", "v2Checkpoint", "typeWidening", "variantType"}));
    for (const auto* feature : {"catalogManaged", "geospatial", "someFuture"}) {
        const auto refused = reads(3, {"timestampNtz", feature});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
        EXPECT_NE(refused.error().message.find(feature), std::string::npos);
    }
    EXPECT_EQ(reads(4, {}).error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(reads(0, {}).error().code, ErrorCode::kUnsupported);
}

TEST(Stats, FindsBoundsByColumnPath) {
    const auto stats = FileStats::parse(R"({"numRecords":3,"tightBounds":false,"minValues":{"a":1.50,"s":{"x.y":"k"}},
        "maxValues":{"a":2,"n":null},"nullCount":{"a":0,"s":{"x.y":3}}})")
                           .value();
    const std::vector<std::string> a = {"a"};
    const std::vector<std::string> inner = {"s", "x.y"};
    const std::vector<std::string> outer = {"s"};
    const std::vector<std::string> none = {"n"};
    EXPECT_EQ(stats.row_count(), 3);
    EXPECT_FALSE(stats.tight_bounds());
    EXPECT_EQ(stats.min(a)->number()->text, "1.50");
    EXPECT_EQ(*stats.max(a), json::Value(2));
    EXPECT_EQ(*stats.min(inner)->string(), "k");
    EXPECT_EQ(stats.null_count(inner), 3);
    EXPECT_EQ(stats.min(outer), nullptr);
    EXPECT_EQ(stats.max(none), nullptr);
    EXPECT_EQ(stats.null_count(none), std::nullopt);
    EXPECT_EQ(FileStats::parse("").value().row_count(), std::nullopt);
    EXPECT_TRUE(FileStats::parse("").value().tight_bounds());
    EXPECT_EQ(FileStats::parse("{\"numRec").error().code, ErrorCode::kCorruption);
    EXPECT_EQ(FileStats::parse("[]").error().code, ErrorCode::kCorruption);
}

TEST(Stats, RowCountAloneIsTheSame) {
    for (const auto* text : {"", "{}", "[]", "3", R"({"numRecords":12})", R"({"a":{"numRecords":1},"numRecords":-5})",
                             R"({"numRecords":1.0})", R"({"numRecords":1.5})", R"({"numRecords":"1"})",
                             R"({"numRecords":null})", R"({"numRecords":99999999999999999999})", R"({"numRecords":)"}) {
        const auto stats = FileStats::parse(text);
        EXPECT_EQ(parse_row_count(text), stats ? stats->row_count() : std::nullopt) << text;
    }
}

TEST(TableProperties, ReadsIntervals) {
    EXPECT_EQ(parse_interval("interval 7 days"), 168h);
    EXPECT_EQ(parse_interval("INTERVAL 1 week 2 hours"), 170h);
    EXPECT_EQ(parse_interval("30 minutes"), 30min);
    EXPECT_EQ(parse_interval("interval 0 seconds"), 0ms);
    for (const auto* text :
         {"", "interval", "7", "interval 1 month", "interval -1 day", "interval 1 day 2", "interval 9999999999 days"})
        EXPECT_EQ(parse_interval(text), std::nullopt) << text;
}

TEST(TableProperties, FallsBackToDefaults) {
    Metadata metadata;
    EXPECT_EQ(checkpoint_interval(metadata, 10), 10);
    EXPECT_EQ(deleted_file_retention(metadata), 168h);
    metadata.configuration = {{"delta.checkpointInterval", "3"},
                              {"delta.deletedFileRetentionDuration", "interval 1 day"},
                              {"delta.appendOnly", "TRUE"}};
    EXPECT_EQ(checkpoint_interval(metadata, 10), 3);
    EXPECT_EQ(deleted_file_retention(metadata), 24h);
    EXPECT_TRUE(is_enabled(metadata, "delta.appendOnly"));
    metadata.configuration = {{"delta.checkpointInterval", "0"}, {"delta.deletedFileRetentionDuration", "for ever"}};
    EXPECT_EQ(checkpoint_interval(metadata, 10), 10);
    EXPECT_EQ(deleted_file_retention(metadata), std::nullopt);
    EXPECT_FALSE(is_enabled(metadata, "delta.appendOnly"));
}

}  // namespace
}  // namespace lagoa::delta
