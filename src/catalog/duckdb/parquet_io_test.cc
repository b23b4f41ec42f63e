// Goal: checkpoints go through DuckDB without loss and damaged ones are named. Method: write actions, read them
// back, compare as JSON; hand-written Parquet in the shapes of other writers.

#include "catalog/duckdb/lake_fixture_test.h"
#include "codec/json.h"
#include "delta/log_json.h"

namespace lagoa {
namespace {

class ParquetIoTest : public test::LakeFixture {
protected:
    std::vector<json::Value> read(std::string_view key) {
        std::vector<json::Value> actions;
        const auto done = parquet_->read_actions(*stores_.at("bronze"), key, [&](delta::Action action) -> Result<> {
            actions.push_back(LAGOA_TRY(json::parse(delta::print_action(action))));
            return {};
        });
        EXPECT_TRUE(done) << done.error().message;
        return actions;
    }
};

TEST_F(ParquetIoTest, ReadsBackWhatItWrote) {
    const std::vector<std::string> actions = {
        R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["timestampNtz"],"writerFeatures":["timestampNtz","appendOnly"]}})",
        R"({"metaData":{"id":"a-b","name":"quotes \"q\"","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[]}",)"
        R"("partitionColumns":["day"],"createdTime":1700000000000,"configuration":{"delta.appendOnly":"true","lagoa.businessKey":"[\"ticker\"]"}}})",
        R"({"add":{"path":"day=2026-01-02/part%201.parquet","partitionValues":{"day":"2026-01-02","kind":null},"size":9007199254740993,)"
        R"("modificationTime":1700000000001,"dataChange":false,"stats":"{\"numRecords\":3,\"minValues\":{\"x\":0.1}}","tags":{"a":"b"}}})",
        R"({"remove":{"path":"old.parquet","deletionTimestamp":1700000000002,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{},"size":7}})",
        R"({"txn":{"appId":"lagoa/brapi/stocks","version":12,"lastUpdated":5}})"};
    const auto size =
        parquet_->write_actions(*stores_.at("bronze"), "t/_delta_log/00000000000000000010.checkpoint.parquet", actions);
    ASSERT_TRUE(size) << size.error().message;
    EXPECT_EQ(*size, stores_.at("bronze")->head("t/_delta_log/00000000000000000010.checkpoint.parquet")->size_bytes);
    const auto found = read("t/_delta_log/00000000000000000010.checkpoint.parquet");
    ASSERT_EQ(found.size(), actions.size());
    for (std::size_t i = 0; i < actions.size(); ++i)
        EXPECT_EQ(found[i], json::parse(actions[i]).value()) << json::dump(found[i]);
}

TEST_F(ParquetIoTest, KeepsTheShapesOfOtherWriters) {
    const auto session = connect();
    run(*session,
        "COPY (SELECT {'path': 'a', 'size': 7::BIGINT, 'partitionValues': MAP {'d': 'x'}, 'stats_parsed': "
        "{'numRecords': 2::BIGINT, "
        "'minValues': {'t': TIMESTAMPTZ '2026-01-02 03:04:05.6+00', "
        "'n': TIMESTAMP '2026-01-02 03:04:05', 'd': DATE '2026-01-02', 'm': 1.50::DECIMAL(9,2), 'f': 0.1::DOUBLE, 'i': "
        "3::SMALLINT, 'z': NULL::INTEGER}}} AS add, "
        "NULL::STRUCT(appId VARCHAR) AS txn) TO 'lagoa://bronze/c.parquet' (FORMAT parquet)");
    const auto expected = json::parse(R"({"numRecords":2,"minValues":{"t":"2026-01-02T03:04:05.6Z",)"
                                      R"("n":"2026-01-02T03:04:05","d":"2026-01-02","m":1.50,"f":0.1,"i":3}})");
    const auto found = read("c.parquet");
    ASSERT_EQ(found.size(), 1U);
    const json::Value* const add = found[0].find("add");
    ASSERT_NE(add, nullptr);
    EXPECT_EQ(add->string_at("path"), "a");
    EXPECT_EQ(json::dump(*add->find("partitionValues")), R"({"d":"x"})");
    EXPECT_EQ(json::parse(add->string_at("stats").value_or("")).value(), expected.value()) << json::dump(*add);
}

TEST_F(ParquetIoTest, ReadsEveryMemberOfFiles) {
    const std::vector<std::string> actions = {
        R"({"add":{"path":"a","partitionValues":{"p":"x","q":null},"size":7,"modificationTime":8,"dataChange":false,)"
        R"("stats":"{}","tags":{"t":"v"},"deletionVector":{"storageType":"u","pathOrInlineDv":"ab","offset":1,)"
        R"("sizeInBytes":36,"cardinality":2},"baseRowId":3,"defaultRowCommitVersion":4,"clusteringProvider":"liquid"}})",
        R"({"remove":{"path":"a","deletionTimestamp":9,"dataChange":false,"extendedFileMetadata":true,"partitionValues":{"p":"x"},)"
        R"("size":7,"deletionVector":{"storageType":"i","pathOrInlineDv":"ab","sizeInBytes":36,"cardinality":2},)"
        R"("baseRowId":3,"defaultRowCommitVersion":4}})"};
    ASSERT_TRUE(parquet_->write_actions(*stores_.at("bronze"), "c.parquet", actions));
    const auto found = read("c.parquet");
    ASSERT_EQ(found.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(found[i], json::parse(actions[i]).value()) << json::dump(found[i]);
}

TEST_F(ParquetIoTest, ReadsOtherShapesAsTheLogHasThem) {
    const auto session = connect();
    const auto copy = [&](const std::string& select) {
        run(*session,
            fmt::format("COPY (SELECT {}) TO 'lagoa://bronze/c.parquet' (FORMAT parquet, USE_TMP_FILE false)", select));
        return read("c.parquet");
    };
    // Partition values as a struct only; members in another order, unknown ones between them.
    auto found = copy(
        "{'later': [1], 'partitionValues_parsed': {'d': DATE '2026-01-02', 't': TIMESTAMPTZ '2026-01-02 03:04:05+00', "
        "'n': 5::SMALLINT, 'b': true, 's': 'a\"b', 'z': NULL::INTEGER}, 'size': 7::BIGINT, 'path': 'a'} AS add");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(
        *found[0].find("add")->find("partitionValues"),
        json::parse(R"({"d":"2026-01-02","t":"2026-01-02T03:04:05Z","n":"5","b":"true","s":"a\"b","z":null})").value());
    // Statistics as text where there are some, else from the struct.
    found = copy(
        "unnest([{'path': 'a', 'size': 1::BIGINT, 'stats': '{}', 'stats_parsed': {'numRecords': 4}}, "
        "{'path': 'b', 'size': 1::BIGINT, 'stats': NULL, 'stats_parsed': {'numRecords': 5}}]) AS add");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].find("add")->string_at("stats"), "{}");
    EXPECT_EQ(found[1].find("add")->string_at("stats"), R"({"numRecords":5})");
    // Members of other types than the protocol's.
    found = copy("{'path': 'a', 'size': 7::INTEGER, 'dataChange': true, 'modificationTime': 8::INTEGER} AS add");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].find("add")->int64_at("size"), 7);
    EXPECT_EQ(found[0].find("add")->int64_at("modificationTime"), 8);
}

TEST_F(ParquetIoTest, AFileWithoutItsPathIsCorruption) {
    const auto session = connect();
    const auto none = [](const delta::Action&) -> Result<> { return {}; };
    for (const auto* row :
         {"{'path': NULL::VARCHAR, 'size': 1::BIGINT} AS add", "{'path': 'a', 'size': NULL::BIGINT} AS add",
          "{'size': 1::BIGINT} AS add", "{'path': NULL::VARCHAR, 'size': 1::BIGINT} AS remove",
          "{'path': 'a', 'size': 1::BIGINT, 'deletionVector': {'storageType': 'u'}} AS add"}) {
        run(*session,
            fmt::format("COPY (SELECT {}) TO 'lagoa://bronze/c.parquet' (FORMAT parquet, USE_TMP_FILE false)", row));
        const auto done = parquet_->read_actions(*stores_.at("bronze"), "c.parquet", none);
        ASSERT_FALSE(done) << row;
        EXPECT_EQ(done.error().code, ErrorCode::kCorruption) << row;
    }
}

TEST_F(ParquetIoTest, NamesWhatIsDamaged) {
    ASSERT_TRUE(stores_.at("bronze")->put("bad.parquet", "this is no Parquet file at all"));
    ASSERT_TRUE(stores_.at("bronze")->put("empty.parquet", ""));
    const auto none = [](const delta::Action&) -> Result<> { return {}; };
    EXPECT_EQ(parquet_->read_actions(*stores_.at("bronze"), "bad.parquet", none).error().code, ErrorCode::kCorruption);
    EXPECT_EQ(parquet_->read_actions(*stores_.at("bronze"), "empty.parquet", none).error().code,
              ErrorCode::kCorruption);
    EXPECT_EQ(parquet_->read_actions(*stores_.at("bronze"), "nothing.parquet", none).error().code,
              ErrorCode::kNotFound);
}

TEST_F(ParquetIoTest, PassesOnWhatTheReaderAnswers) {
    ASSERT_TRUE(parquet_->write_actions(*stores_.at("bronze"), "c.parquet", {R"({"txn":{"appId":"a","version":1}})"}));
    const auto stopped = parquet_->read_actions(
        *stores_.at("bronze"), "c.parquet",
        [](const delta::Action&) -> Result<> { return fail(ErrorCode::kUnsupported, "enough"); });
    EXPECT_EQ(stopped.error().code, ErrorCode::kUnsupported);
}

TEST_F(ParquetIoTest, TablesAreReadThroughTheirCheckpoints) {
    const auto session = connect();
    run(*session, "CREATE TABLE bronze.t PARTITIONED BY (day) AS SELECT 0 AS x, DATE '2026-01-01' AS day");
    for (int i = 1; i <= 11; ++i)
        run(*session, fmt::format("INSERT INTO bronze.t VALUES ({}, DATE '2026-01-{:02}')", i, i));
    ASSERT_TRUE(stores_.at("bronze")->head("t/_delta_log/00000000000000000010.checkpoint.parquet"));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(stores_.at("bronze")->remove(fmt::format("t/_delta_log/{:020}.json", i)));
    EXPECT_EQ(value(*connect(), "SELECT sum(x) || ' ' || count(DISTINCT day) FROM bronze.t"), "66 11");
}

}  // namespace
}  // namespace lagoa
