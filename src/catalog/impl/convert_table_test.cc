// Goal: a folder of Parquet files becomes the table of exactly its rows, without a file being touched: columns merged
// over files, partitions out of folders, statistics that prune no row away; what no table can hold is refused by name.
// Method: files written by DuckDB's COPY with what other writers do (older types, other orders, INT96 by its bytes),
// read back through the lake and compared with the files themselves.
#include "catalog/impl/aged_lake_test.h"

#include "delta/stats.h"
#include "delta/table_features.h"
#include "support/faulty_store.h"
#include "support/temp_dir.h"

namespace lagoa {
namespace {

using test::AgedLake;
using test::Disk;
using test::FaultyStore;

const TableName kTable{"silver", "t"};

ErrorCode code_of(const auto& result) {
    return result ? ErrorCode::kInternal : result.error().code;
}

class Convert : public testing::Test {
protected:
    void write(const std::string& path, const std::string& select, const std::string& options = "") {
        const auto session = lake_.engine().connect().value();
        const auto done =
            session->execute(fmt::format("COPY ({}) TO 'lagoa://silver/{}' (FORMAT parquet, USE_TMP_FILE "
                                         "false{})",
                                         select, path, options));
        ASSERT_TRUE(done) << done.error().message;
    }
    Result<ConvertResult> convert(const ConvertRequest& request = {}) {
        return lake_.operations().convert(kTable, request);
    }
    std::string value(const std::string& sql) { return lake_.value(sql); }

    Disk disk_;
    AgedLake lake_{disk_};
};

TEST_F(Convert, KeepsEveryRowAndFile) {
    write("t/a.parquet", "SELECT range AS id, 'v' || range AS v, {'x': range, 'l': [range]} AS s FROM range(10)");
    write("t/sub/b.parquet",
          "SELECT range AS id, NULL::VARCHAR AS v, NULL::STRUCT(x BIGINT, l BIGINT[]) AS s FROM "
          "range(10, 13)");
    ASSERT_TRUE(disk_.store()->put("t/_SUCCESS", ""));
    ASSERT_TRUE(disk_.store()->put("t/.a.parquet.crc", "x"));
    const auto files = disk_.data_files("t");
    const auto converted = convert();
    ASSERT_TRUE(converted) << converted.error().message;
    EXPECT_EQ(converted->version, 0);
    EXPECT_EQ(converted->files, 2u);
    EXPECT_EQ(disk_.data_files("t"), files);
    EXPECT_EQ(value("SELECT count(*) || ':' || sum(id) || ':' || sum(s.x) || ':' || sum(s.l[1]) FROM silver.t"),
              "13:78:45:45");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE v IS NULL AND s IS NULL"), "3");

    const auto snapshot = lake_.snapshot(kTable);
    EXPECT_EQ(snapshot->protocol.min_reader_version, 1);
    EXPECT_EQ(snapshot->row_count(), 13u);
    for (const auto& file : snapshot->files) EXPECT_GT(file.modified_ms, 0);
    const json::Value info(lake_.history(kTable)[0].commit_info);
    EXPECT_EQ(info.string_at("operation"), "CONVERT");
    EXPECT_EQ(info.find("operationParameters")->string_at("numFiles"), "2");
    EXPECT_EQ(info.find("operationParameters")->string_at("partitionedBy"), "[]");
    EXPECT_EQ(info.find("operationMetrics")->string_at("numConvertedFiles"), "2");

    const auto again = convert();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->version, 0);
    EXPECT_EQ(again->files, 0u);
    lake_.append(kTable, "SELECT 99::BIGINT AS id");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t"), "14");
    EXPECT_EQ(convert()->version, 1);
}

TEST_F(Convert, StatisticsAreThoseOfTheFooters) {
    // Two row groups, whose minima do not come in order.
    write("t/a.parquet",
          "SELECT CASE WHEN range < 2048 THEN 5 ELSE -7 END AS i, (range / 100.0)::DECIMAL(9, 2) AS d, "
          "range::DOUBLE AS f, range % 2 = 0 AS b, DATE '2026-01-01' + range::INT AS day, "
          "CASE WHEN range >= 2048 THEN 'ä' || range END AS v, {'x': range - 10} AS s, [range] AS l, "
          "'x'::BLOB AS bin FROM range(4096)",
          ", ROW_GROUP_SIZE 2048");
    ASSERT_TRUE(convert());
    const auto stats = delta::FileStats::parse(lake_.snapshot(kTable)->files.begin()->stats).value();
    const auto text = [](const json::Value* value) { return value ? json::dump(*value) : "none"; };
    const auto bounds = [&](std::vector<std::string> column) {
        return text(stats.min(column)) + ".." + text(stats.max(column));
    };
    EXPECT_EQ(stats.row_count(), 4096);
    EXPECT_EQ(bounds({"i"}), "-7..5");
    EXPECT_EQ(bounds({"d"}), "0.00..40.95");
    EXPECT_EQ(bounds({"f"}), "none..none") << "a footer does not tell of NaN";
    EXPECT_EQ(bounds({"b"}), "false..true");
    EXPECT_EQ(bounds({"day"}), R"("2026-01-01".."2037-03-19")");
    EXPECT_EQ(bounds({"v"}), R"("ä2048".."ä4095")");
    EXPECT_EQ(bounds({"s", "x"}), "-10..4085");
    EXPECT_EQ(bounds({"l"}), "none..none");
    EXPECT_EQ(bounds({"bin"}), "none..none");
    EXPECT_EQ(stats.null_count(std::vector<std::string>{"v"}), 2048);
    for (const char* filter : {"i = -7", "i = 5", "d = 40.95", "s.x = 4085", "v = 'ä4095'", "day = '2037-03-19'"})
        EXPECT_NE(value(fmt::format("SELECT count(*) FROM silver.t WHERE {}", filter)), "0") << filter;
}

TEST_F(Convert, WithoutStatisticsIsReadAlike) {
    write("t/a.parquet", "SELECT range AS id FROM range(5)");
    ASSERT_TRUE(convert({.source = {}, .no_statistics = true}));
    EXPECT_TRUE(lake_.snapshot(kTable)->files.begin()->stats.empty());
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE id > 2"), "2");
}

TEST_F(Convert, PartitionsAreInferredOrGiven) {
    for (const char* folder : {"day=2026-01-02/n=1/sector=oil%20%26%20gas", "day=2026-01-03/n=20/sector=007",
                               "day=__HIVE_DEFAULT_PARTITION__/n=3/sector=b"})
        write(fmt::format("t/{}/a.parquet", folder), "SELECT 1 AS id");
    ASSERT_TRUE(convert());
    const auto snapshot = lake_.snapshot(kTable);
    EXPECT_EQ(snapshot->metadata.partition_columns, (std::vector<std::string>{"day", "n", "sector"}));
    EXPECT_EQ(snapshot->metadata.schema.find("day")->type.kind, TypeKind::kDate);
    EXPECT_EQ(snapshot->metadata.schema.find("n")->type.kind, TypeKind::kInt32);
    EXPECT_EQ(snapshot->metadata.schema.find("sector")->type.kind, TypeKind::kString);
    EXPECT_EQ(value("SELECT string_agg(concat_ws('|', day, n, sector), ';' ORDER BY n) FROM silver.t"),
              "2026-01-02|1|oil & gas;3|b;2026-01-03|20|007");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE day = DATE '2026-01-02' AND sector = 'oil & gas'"), "1");

    const TableName given{"silver", "given"};
    write("given/moment=2026-01-02%2003%3A04%3A05/n=1/a.parquet", "SELECT 1 AS id, 5 AS n");
    const auto done = lake_.operations().convert(
        given, {.source = {}, .partition_types = {{"MOMENT", "TIMESTAMP WITH TIME ZONE"}, {"n", "BIGINT"}}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(value("SELECT n FROM silver.given"), "1") << "the folder's, not the file's";
    EXPECT_EQ(value("SELECT count(*) FROM silver.given WHERE moment = TIMESTAMPTZ '2026-01-02 03:04:05+00'"), "1");
}

TEST_F(Convert, RefusesPartitionsThatDoNotFit) {
    write("t/n=1/a.parquet", "SELECT 1 AS id");
    const auto with = [&](const std::map<std::string, std::string>& types) {
        return code_of(convert({.source = {}, .partition_types = types}));
    };
    EXPECT_EQ(with({{"m", "INTEGER"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(with({{"n", "INTEGER"}, {"m", "INTEGER"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(with({{"n", "NONSENSE"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(with({{"n", "INTEGER[]"}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(with({{"n", "DATE"}}), ErrorCode::kDataRejected);
    write("t/m=1/b.parquet", "SELECT 1 AS id");
    const auto mixed = convert();
    EXPECT_EQ(code_of(mixed), ErrorCode::kDataRejected);
    EXPECT_NE(mixed.error().message.find("n=1/a.parquet"), std::string::npos) << mixed.error().message;
    EXPECT_NE(mixed.error().message.find("m=1/b.parquet"), std::string::npos) << mixed.error().message;
}

TEST_F(Convert, MergesColumnsAndWidensThem) {
    write("t/a.parquet", "SELECT 1::TINYINT AS n, 1.5::FLOAT AS f, 'a' AS old, {'x': 1::INT} AS s, [1::INT] AS l");
    write("t/b.parquet",
          "SELECT 5000000000::BIGINT AS n, 2.25::DOUBLE AS f, 2 AS fresh, {'x': 2::BIGINT, 'y': 'y'} AS s, "
          "[6000000000::BIGINT] AS l");
    write("t/c.parquet", "SELECT 300::SMALLINT AS n");
    const auto done = convert();
    ASSERT_TRUE(done) << done.error().message;
    const auto snapshot = lake_.snapshot(kTable);
    EXPECT_EQ(snapshot->metadata.schema.find("n")->type.kind, TypeKind::kInt64);
    EXPECT_EQ(snapshot->metadata.schema.find("f")->type.kind, TypeKind::kDouble);
    EXPECT_TRUE(delta::has_feature(snapshot->protocol, "typeWidening"));
    const json::Value* const changes = snapshot->metadata.schema.find("n")->metadata.find("delta.typeChanges");
    ASSERT_NE(changes, nullptr);
    EXPECT_EQ(changes->array()->size(), 2u);  // byte to short, short to long
    EXPECT_EQ(value("SELECT sum(n) || ':' || sum(f) || ':' || sum(s.x) || ':' || sum(l[1]) FROM silver.t"),
              "5000000301:3.75:3:6000000001");
    EXPECT_EQ(value("SELECT string_agg(concat_ws('|', old, fresh, s.y), ';' ORDER BY n) FROM silver.t"), "a;;2|y");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE n > 299"), "2");
}

TEST_F(Convert, RefusesColumnsThatDoNotGoTogether) {
    write("t/a.parquet", "SELECT 1 AS n");
    write("t/b.parquet", "SELECT 'text' AS n");
    const auto refused = convert();
    EXPECT_EQ(code_of(refused), ErrorCode::kDataRejected);
    for (const char* named : {"a.parquet", "b.parquet", "n"})
        EXPECT_NE(refused.error().message.find(named), std::string::npos) << refused.error().message;
    EXPECT_EQ(code_of(lake_.lake().snapshot(kTable, AgedLake::kHead)), ErrorCode::kNotFound);

    const auto refusal = [&](const char* table, const std::string& first, const std::string& second) {
        write(fmt::format("{}/a.parquet", table), first);
        write(fmt::format("{}/b.parquet", table), second);
        return code_of(lake_.operations().convert({"silver", table}, {}));
    };
    EXPECT_EQ(refusal("u", "SELECT 1 AS n", "SELECT 1 AS N"), ErrorCode::kDataRejected);
    EXPECT_EQ(refusal("w", "SELECT {'x': 1} AS n", "SELECT 1 AS n"), ErrorCode::kDataRejected);
    EXPECT_EQ(refusal("x", "SELECT 1::BIGINT AS n", "SELECT 1::DOUBLE AS n"), ErrorCode::kDataRejected);
}

TEST_F(Convert, TypesThatDeltaLacksAreRefusedByName) {
    int number = 0;
    for (const char* type :
         {"TIME '01:02:03'", "uuid()", "TIMESTAMP_NS '2026-01-02 03:04:05.123456789'", "INTERVAL 1 DAY"}) {
        const std::string table = fmt::format("no{}", number++);
        write(table + "/a.parquet", fmt::format("SELECT {} AS odd", type));
        const auto refused = lake_.operations().convert({"silver", table}, {});
        EXPECT_EQ(code_of(refused), ErrorCode::kUnsupported) << type;
        EXPECT_TRUE(refused || refused.error().message.find("odd") != std::string::npos);
    }
    write("t/a.parquet",
          "SELECT 200::UTINYINT AS u8, 60000::USMALLINT AS u16, 4000000000::UINTEGER AS u32, "
          "18446744073709551615::UBIGINT AS u64");
    ASSERT_TRUE(convert());
    EXPECT_EQ(value("SELECT u8 || ':' || u16 || ':' || u32 || ':' || u64 FROM silver.t"),
              "200:60000:4000000000:18446744073709551615");
    EXPECT_EQ(lake_.snapshot(kTable)->metadata.schema.find("u64")->type, Type::decimal(20, 0));
}

TEST_F(Convert, InstantsAndLocalTimesStayWhatTheyAre) {
    write("t/a.parquet",
          "SELECT TIMESTAMPTZ '2026-01-02 03:04:05.678901+00' AS moment, "
          "TIMESTAMP '2026-01-02 03:04:05.678901' AS wall, [TIMESTAMP '2026-01-02 03:04:05'] AS walls");
    ASSERT_TRUE(convert());
    const auto snapshot = lake_.snapshot(kTable);
    EXPECT_EQ(snapshot->metadata.schema.find("moment")->type.kind, TypeKind::kTimestamp);
    EXPECT_EQ(snapshot->metadata.schema.find("wall")->type.kind, TypeKind::kTimestampNtz);
    EXPECT_TRUE(delta::has_feature(snapshot->protocol, "timestampNtz"));
    EXPECT_EQ(value("SELECT epoch_us(moment) = epoch_us(TIMESTAMPTZ '2026-01-02 03:04:05.678901+00') FROM silver.t"),
              "true");
    EXPECT_EQ(value("SELECT wall::VARCHAR FROM silver.t"), "2026-01-02 03:04:05.678901");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE moment = TIMESTAMPTZ '2026-01-02 03:04:05.678901+00'"), "1");
    EXPECT_EQ(value("SELECT count(*) FROM silver.t WHERE wall = TIMESTAMP '2026-01-02 03:04:05.678901'"), "1");
}

// Spark's older instants, as a table of Spark's has them.
TEST_F(Convert, Int96IsAnInstant) {
    const std::filesystem::path original = "../shared/delta/tables/golden/data-reader-date-types-utc";
    if (!std::filesystem::exists(original)) GTEST_SKIP() << "there are no tables of other engines";
    const test::TempDir folder;
    const std::filesystem::path copy = folder.path() / "copy";
    std::filesystem::create_directory(copy);
    for (const auto& file : std::filesystem::directory_iterator(original))
        if (file.path().extension() == ".parquet") std::filesystem::copy(file.path(), copy);
    const auto done = lake_.operations().convert({}, {.source = copy.native()});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_NE(value(fmt::format("SELECT count(*) FROM delta('{}')", copy.native())), "0");
    EXPECT_EQ(value(fmt::format("SELECT count(*) FROM (FROM delta('{0}') EXCEPT ALL FROM delta('{1}'))", copy.native(),
                                std::filesystem::absolute(original).native())),
              "0");
    EXPECT_EQ(value(fmt::format("SELECT DISTINCT typeof(\"timestamp\") FROM delta('{}')", copy.native())),
              "TIMESTAMP WITH TIME ZONE");
}

TEST_F(Convert, RefusesWhatIsNoFolderOfParquetFiles) {
    EXPECT_EQ(code_of(convert()), ErrorCode::kNotFound);
    write("t/a.parquet", "SELECT 1 AS id");
    ASSERT_TRUE(disk_.store()->put("t/readme.txt", "not Parquet, and long enough to look like something"));
    const auto refused = convert();
    EXPECT_EQ(code_of(refused), ErrorCode::kDataRejected);
    EXPECT_NE(refused.error().message.find("readme.txt"), std::string::npos) << refused.error().message;
    ASSERT_TRUE(disk_.store()->remove("t/readme.txt"));
    ASSERT_TRUE(disk_.store()->put("t/x[1].parquet", "x"));
    EXPECT_EQ(code_of(convert()), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of(lake_.operations().convert({"silver", "promised"}, {})), ErrorCode::kUnsupported);
    EXPECT_EQ(code_of(lake_.operations().convert({"nozone", "t"}, {})), ErrorCode::kNotFound);
    write("only/p=1/a.parquet", "SELECT 1 AS p");
    EXPECT_EQ(code_of(lake_.operations().convert({"silver", "only"}, {})), ErrorCode::kDataRejected);
}

TEST_F(Convert, ByPathInTheLakeAndOutside) {
    write("t/a.parquet", "SELECT 1 AS id");
    ASSERT_TRUE(lake_.operations().convert({}, {.source = "lagoa://silver/t"}));
    EXPECT_EQ(value("SELECT count(*) FROM silver.t"), "1");
    const test::TempDir folder;
    const auto session = lake_.engine().connect().value();
    const std::string path = (folder.path() / "out").native();
    std::filesystem::create_directory(path);
    ASSERT_TRUE(session->execute(fmt::format("COPY (SELECT 7 AS id) TO '{}/a.parquet'", path)));
    const auto done = lake_.operations().convert({}, {.source = path});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(value(fmt::format("SELECT id FROM delta('{}')", path)), "7");
}

void sweep(FaultyStore::Kind kind, ErrorCode code) {
    for (FaultyStore::Fault fault{.kind = kind, .at = 1, .code = code};; ++fault.at) {
        SCOPED_TRACE(fault.at);
        Disk disk;
        {
            AgedLake before(disk);
            const auto session = before.engine().connect().value();
            ASSERT_TRUE(session->execute(
                "COPY (SELECT 1 AS id) TO 'lagoa://silver/t/a.parquet' (FORMAT parquet, USE_TMP_FILE false)"));
        }
        const auto faulty = std::make_shared<FaultyStore>(*disk.store(), fault);
        {
            AgedLake failing(disk, faulty);
            (void)failing.operations().convert(kTable, {}).has_value();
        }
        AgedLake after(disk);
        const auto again = after.operations().convert(kTable, {});
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(again->version, 0);
        EXPECT_EQ(after.value("SELECT id FROM silver.t"), "1");
        if (!faulty->tripped() || testing::Test::HasFailure()) return;
    }
}

TEST(ConvertCrashSweep, OneOperationFails) {
    sweep(FaultyStore::Kind::kFail, ErrorCode::kResourceExhausted);
}
TEST(ConvertCrashSweep, TheProcessDies) {
    sweep(FaultyStore::Kind::kCrash, ErrorCode::kUnavailable);
}
TEST(ConvertCrashSweep, OneAnswerIsLost) {
    sweep(FaultyStore::Kind::kOutcomeUnknown, ErrorCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace lagoa
