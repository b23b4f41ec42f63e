// Goal: what stands between a snapshot and the rows of SQL is right where features meet: column mapping, deletion
// vectors, type widening, row tracking, partition values, time travel. Method: Parquet files written by the engine
// under names, ids and types of our choice, and a log written by hand; rows are asked for with predicates and joins,
// and EXPLAIN ANALYZE tells how many files were read.

#include <cstdlib>

#include "catalog/duckdb/delta_function.h"
#include "catalog/duckdb/lake_fixture_test.h"
#include "delta/deletion_vector.h"
#include "store/local_store.h"
#include "store/open_store.h"
#include "support/s3_server.h"
#include "support/temp_dir.h"

namespace lagoa {
namespace {

using test::LakeFixture;

constexpr const char* kAllFeatures =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping","deletionVectors",)"
    R"("typeWidening","timestampNtz","variantType"],"writerFeatures":["columnMapping","deletionVectors","typeWidening",)"
    R"("timestampNtz","variantType","rowTracking","domainMetadata","inCommitTimestamp"]}})";

// A column of a schema string; `metadata` is its members.
std::string field(const std::string& name, const std::string& type, const std::string& metadata = "") {
    const bool is_name = type.find('{') == std::string::npos;
    return fmt::format(R"({{"name":"{}","type":{},"nullable":true,"metadata":{{{}}}}})", name,
                       is_name ? '"' + type + '"' : type, metadata);
}

// As field(), with a physical name and an id.
std::string mapped(const std::string& name, const std::string& type, const std::string& physical, int id,
                   const std::string& more = "") {
    return field(name, type,
                 fmt::format(R"("delta.columnMapping.physicalName":"{}","delta.columnMapping.id":{}{})", physical, id,
                             more.empty() ? "" : "," + more));
}

std::string widened(const std::string& from, const std::string& to) {
    return fmt::format(R"("delta.typeChanges":[{{"fromType":"{}","toType":"{}"}}])", from, to);
}

std::string struct_of(const std::vector<std::string>& fields) {
    return fmt::format(R"({{"type":"struct","fields":[{}]}})", fmt::join(fields, ","));
}

std::string list_of(const std::string& element) {
    return fmt::format(R"({{"type":"array","elementType":{},"containsNull":true}})", element);
}

std::string map_of(const std::string& value) {
    return fmt::format(R"({{"type":"map","keyType":"string","valueType":{},"valueContainsNull":true}})", value);
}

struct Table {
    std::vector<std::string> fields;
    std::string partition_columns = "";  // JSON strings
    std::string configuration = "";      // JSON members
};

class DeltaReadTest : public LakeFixture {
protected:
    void SetUp() override {
        LakeFixture::SetUp();
        ASSERT_TRUE(register_delta_function(*engine_));
        session_ = connect();
    }

    ObjectStore& store() { return *stores_.at("bronze"); }

    // `t/<name>` with the rows of `select`.
    void write_file(const std::string& name, const std::string& select, const std::string& options = "") {
        run(*session_, fmt::format("COPY ({}) TO 'lagoa://bronze/t/{}' (FORMAT parquet{})", select, name,
                                   options.empty() ? "" : ", " + options));
    }

    // `more` are further members of the action.
    std::string add(const std::string& path, const std::string& stats, const std::string& partition_values = "",
                    const std::string& more = "") {
        const auto info = store().head("t/" + path);
        return add_sized(path, info ? info->size_bytes : 1, stats, partition_values, more);
    }

    static std::string add_sized(const std::string& path, std::uint64_t size_bytes, const std::string& stats,
                                 const std::string& partition_values = "", const std::string& more = "") {
        return fmt::format(
            R"({{"add":{{"path":"{}","partitionValues":{{{}}},"size":{},"modificationTime":1,"dataChange":true,"stats":{}{}}}}})",
            path, partition_values, size_bytes, json::dump(stats), more.empty() ? "" : "," + more);
    }

    void commit(int version, const std::vector<std::string>& lines) {
        const auto put =
            store().put(fmt::format("t/_delta_log/{:020}.json", version), fmt::format("{}\n", fmt::join(lines, "\n")));
        ASSERT_TRUE(put) << put.error().message;
    }

    // Version 0, and a session that sees it as bronze.t. `info` is its commitInfo.
    void create(const Table& table, std::vector<std::string> adds, const std::string& info = R"({"commitInfo":{}})") {
        adds.insert(
            adds.begin(),
            {info, kAllFeatures,
             fmt::format(
                 R"({{"metaData":{{"id":"t","format":{{"provider":"parquet","options":{{}}}},"schemaString":{},"partitionColumns":[{}],"configuration":{{{}}},"createdTime":1}}}})",
                 json::dump(struct_of(table.fields)), table.partition_columns, table.configuration)});
        commit(0, adds);
        session_ = connect();
    }

    // The member `deletionVector` of an add without the rows.
    std::string without(const std::vector<std::uint64_t>& rows) {
        const std::vector<delta::DeletedRows> vectors{delta::DeletedRows(rows)};
        const auto written = delta::write_deletion_vectors({&store(), parquet_.get(), "t"}, vectors);
        EXPECT_TRUE(written) << written.error().message;
        const delta::DeletionVector& vector = written->at(0);
        return fmt::format(
            R"("deletionVector":{{"storageType":"{}","pathOrInlineDv":"{}","offset":{},"sizeInBytes":{},"cardinality":{}}})",
            vector.storage_type, vector.path_or_inline, vector.offset.value_or(0), vector.size_bytes,
            vector.cardinality);
    }

    std::string ask(const std::string& sql) { return value(*session_, sql); }

    // All values of a query's only column, by its order.
    std::string list(const std::string& sql) { return ask("SELECT list(c)::VARCHAR FROM (" + sql + ") r(c)"); }

    // `Files Scanned` of the only Delta scan in the statement's plan.
    int files_scanned(const std::string& sql) {
        const auto plan = session_->rows("EXPLAIN ANALYZE " + sql);
        EXPECT_TRUE(plan) << sql << "\n" << plan.error().message;
        const std::string text = plan ? *plan->at(0).find("explain_value")->string() : "";
        constexpr std::string_view kLabel = "Files Scanned: ";
        const auto at = text.find(kLabel);
        if (at != std::string::npos) return std::stoi(text.substr(at + kLabel.size()));
        return text.find("EMPTY_RESULT") != std::string::npos ? 0 : -1;
    }

    std::unique_ptr<Session> session_;
};

constexpr const char* kByName = R"("delta.columnMapping.mode":"name")";
constexpr const char* kById = R"("delta.columnMapping.mode":"id")";

// One file from before columns were renamed and dropped, one from after, in another order.
TEST_F(DeltaReadTest, MapsColumnsByNameAtEveryLevel) {
    write_file("a",
               "SELECT 1 AS x, 'old' AS gone, {'p': 10, 'q': 'dropped'} AS s, [{'e': 1}, NULL, {'e': 2}] AS l, "
               "MAP {'k': {'v': 1}} AS m UNION ALL SELECT 2, 'old', NULL, NULL, NULL");
    write_file("b",
               "SELECT MAP {'k': {'new': 7, 'v': 3}} AS m, [{'new': true, 'e': 5}] AS l, "
               "{'q2': 'kept', 'p': 30} AS s, 3 AS x, 'new' AS \"col-1\"");
    create(
        {.fields =
             {mapped("gone", "string", "col-1", 9), mapped("number", "integer", "x", 1),
              mapped("s", struct_of({mapped("inner", "integer", "p", 3), mapped("q", "string", "q2", 4)}), "s", 2),
              mapped("l",
                     list_of(struct_of({mapped("item", "integer", "e", 6), mapped("fresh", "boolean", "new", 10)})),
                     "l", 5),
              mapped("m",
                     map_of(struct_of({mapped("value", "integer", "v", 8), mapped("fresh", "integer", "new", 11)})),
                     "m", 7)},
         .configuration = kByName},
        {add("a", R"({"numRecords":2,"minValues":{"x":1},"maxValues":{"x":2},"nullCount":{"x":0,"s":{"p":1}}})"),
         add("b",
             R"({"numRecords":1,"minValues":{"x":3,"s":{"p":30}},"maxValues":{"x":3,"s":{"p":30}},"nullCount":{"x":0}})")});

    EXPECT_EQ(list("SELECT number FROM bronze.t ORDER BY 1"), "[1, 2, 3]");
    EXPECT_EQ(list("SELECT gone FROM bronze.t ORDER BY number"), "[NULL, NULL, new]");
    EXPECT_EQ(list("SELECT s FROM bronze.t ORDER BY number"),
              "[{'inner': 10, 'q': NULL}, NULL, {'inner': 30, 'q': kept}]");
    EXPECT_EQ(list("SELECT l FROM bronze.t ORDER BY number"),
              "[[{'item': 1, 'fresh': NULL}, NULL, {'item': 2, 'fresh': NULL}], NULL, [{'item': 5, 'fresh': true}]]");
    EXPECT_EQ(list("SELECT m FROM bronze.t ORDER BY number"),
              "[{k={'value': 1, 'fresh': NULL}}, NULL, {k={'value': 3, 'fresh': 7}}]");
    EXPECT_EQ(list("SELECT s.inner FROM bronze.t WHERE s.inner >= 10 ORDER BY 1"), "[10, 30]");
    EXPECT_EQ(list("SELECT number FROM bronze.t WHERE s.q IS NULL ORDER BY 1"), "[1, 2]");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE number = 3"), 1);
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE number = 9"), 0);
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE s.inner = 40"), 1);  // the older file says nothing of it
}

TEST_F(DeltaReadTest, MapsColumnsByIdWhateverTheirNames) {
    write_file("a", "SELECT 5 AS foo, {'bar': 1, 'baz': 2} AS s, 'x' AS extra",
               "FIELD_IDS {foo: 1, s: {__duckdb_field_id: 2, bar: 3, baz: 4}, extra: 99}");
    write_file("b", "SELECT {'z': 4, 'y': 3} AS x, 6 AS baz",
               "FIELD_IDS {x: {__duckdb_field_id: 2, z: 4, y: 3}, baz: 1}");
    create({.fields = {mapped("extra", "string", "extra", 5), mapped("n", "integer", "p1", 1),
                       mapped("s", struct_of({mapped("a", "integer", "p3", 3), mapped("b", "integer", "p4", 4)}), "p2",
                              2)},
            .configuration = kById},
           {add("a", R"({"numRecords":1,"minValues":{"p1":5},"maxValues":{"p1":5}})"),
            add("b", R"({"numRecords":1,"minValues":{"p1":6},"maxValues":{"p1":6}})")});
    EXPECT_EQ(list("SELECT t FROM bronze.t ORDER BY n"),
              "[{'extra': NULL, 'n': 5, 's': {'a': 1, 'b': 2}}, {'extra': NULL, 'n': 6, 's': {'a': 3, 'b': 4}}]");
    EXPECT_EQ(list("SELECT n FROM bronze.t WHERE s.b = 4"), "[6]");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE n = 6"), 1);
}

TEST_F(DeltaReadTest, AFileWithoutIdsIsCorruptWhereColumnsAreFoundByThem) {
    write_file("a", "SELECT 5 AS p1");
    create({.fields = {mapped("n", "integer", "p1", 1)}, .configuration = kById}, {add("a", "")});
    EXPECT_EQ(error_of(*session_, "SELECT n FROM bronze.t"), ErrorCode::kCorruption);
}

TEST_F(DeltaReadTest, PartitionColumnsGoByPhysicalNames) {
    write_file("a", "SELECT 1 AS x");
    write_file("b", "SELECT 2 AS x");
    create({.fields = {mapped("n", "integer", "x", 1), mapped("day", "timestamp_ntz", "col-day", 2)},
            .partition_columns = R"("day")",
            .configuration = kByName},
           {add("a", "", R"("col-day":"2026-01-01 10:00:00")"), add("b", "", R"("col-day":null)")});
    EXPECT_EQ(list("SELECT day FROM bronze.t ORDER BY n"), "['2026-01-01 10:00:00', NULL]");
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE day = TIMESTAMP '2026-01-01 10:00:00'"), 1);
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE day IS NULL"), 1);
}

TEST_F(DeltaReadTest, LeavesOutDeletedRowsWhateverIsAsked) {
    write_file("a", "SELECT i AS x, 'k' || i AS s FROM range(10000) r(i)", "ROW_GROUP_SIZE 2048");
    write_file("b", "SELECT i AS x, 'k' || i AS s FROM range(10000, 10010) r(i)");
    write_file("c", "SELECT i AS x, 'k' || i AS s FROM range(20000, 20003) r(i)");
    std::vector<std::uint64_t> some{0, 2047, 2048, 9999};
    for (std::uint64_t row = 4096; row < 6144; ++row) some.push_back(row);  // a whole row group
    create(
        {.fields = {field("x", "long"), field("s", "string")}},
        {add("a",
             R"({"numRecords":10000,"tightBounds":false,"minValues":{"x":0},"maxValues":{"x":9999},"nullCount":{"x":0}})",
             "", without(some)),
         add("b", R"({"numRecords":10,"minValues":{"x":10000},"maxValues":{"x":10009},"nullCount":{"x":0}})", "",
             without({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})),
         add("c", R"({"numRecords":3,"minValues":{"x":20000},"maxValues":{"x":20002},"nullCount":{"x":0}})")});

    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t"), std::to_string(10'000 - some.size() + 3));
    EXPECT_EQ(ask("SELECT count(*) FROM (SELECT * FROM bronze.t)"), std::to_string(10'000 - some.size() + 3));
    EXPECT_EQ(ask("SELECT count(s) FROM bronze.t"), std::to_string(10'000 - some.size() + 3));
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t WHERE x < 20000 AND file_index IS NOT NULL"),
              std::to_string(10'000 - some.size()));
    EXPECT_EQ(ask("SELECT min(x) FROM bronze.t"), "1");
    EXPECT_EQ(ask("SELECT max(x) FROM bronze.t WHERE x < 20000"), "9998");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE x IN (0, 1, 2046, 2047, 2048, 2049, 5000, 10001) ORDER BY 1"),
              "[1, 2046, 2049]");
    EXPECT_EQ(list("SELECT s FROM bronze.t WHERE s IN ('k3', 'k5000', 'k9999', 'k20001') ORDER BY 1"), "[k20001, k3]");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t WHERE x <> file_row_number AND x < 10000"), "0");
    EXPECT_EQ(ask("SELECT sum(a.x - b.x) FROM bronze.t a JOIN bronze.t b USING (s)"), "0");
    EXPECT_EQ(list("SELECT x FROM bronze.t JOIN (VALUES (2047), (2049), (10005), (20002)) w(x) USING (x) ORDER BY 1"),
              "[2049, 20002]");
    EXPECT_EQ(list("SELECT x FROM bronze.t ORDER BY x LIMIT 2"), "[1, 2]");
}

TEST_F(DeltaReadTest, ADamagedDeletionVectorIsCorruption) {
    write_file("a", "SELECT i AS x FROM range(10) r(i)");
    std::string deleted = without({1, 2});
    create({.fields = {field("x", "long")}}, {add("a", R"({"numRecords":10})", "", deleted)});
    for (const std::string& key : keys("bronze")) {
        if (!key.ends_with(".bin")) continue;
        std::string bytes = store().get(key).value();
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        ASSERT_TRUE(store().put(key, bytes));
    }
    EXPECT_EQ(error_of(*session_, "SELECT x FROM bronze.t"), ErrorCode::kCorruption);
}

// DuckDB alone would cast a filter's constant to the file's type.
TEST_F(DeltaReadTest, FiltersSeeWidenedValues) {
    write_file("old",
               "SELECT 1::TINYINT AS b, 2::INTEGER AS i, 0.1::FLOAT AS f, 1.3::DECIMAL(4,1) AS d, "
               "DATE '2026-01-02' AS t, {'n': 1::INTEGER} AS s, [1::SMALLINT] AS l, MAP {'k': 1::INTEGER} AS m, "
               "7::INTEGER AS id");
    write_file("new",
               "SELECT 1000::BIGINT AS b, 2.5::DOUBLE AS i, 0.2::DOUBLE AS f, 1.25::DECIMAL(10,2) AS d, "
               "TIMESTAMP '2026-01-02 10:00:00' AS t, {'n': 1.5::DOUBLE} AS s, [70000::BIGINT] AS l, MAP {'k': "
               "5000000000::BIGINT} AS m, 8::BIGINT AS id");
    create(
        {.fields = {field("b", "long", widened("byte", "long")), field("i", "double", widened("integer", "double")),
                    field("f", "double", widened("float", "double")),
                    field("d", "decimal(10,2)", widened("decimal(4,1)", "decimal(10,2)")),
                    field("t", "timestamp_ntz", widened("date", "timestamp_ntz")),
                    field("s", struct_of({field("n", "double", widened("integer", "double"))})),
                    field("l", list_of(R"("long")")), field("m", map_of(R"("long")")), field("id", "long")}},
        {add("old",
             R"({"numRecords":1,"minValues":{"b":1,"i":2,"f":0.1,"d":1.3,"t":"2026-01-02","s":{"n":1},"id":7},"maxValues":{"b":1,"i":2,"f":0.1,"d":1.3,"t":"2026-01-02","s":{"n":1},"id":7}})"),
         add("new",
             R"({"numRecords":1,"minValues":{"b":1000,"i":2.5,"f":0.2,"d":1.25,"t":"2026-01-02T10:00:00.000","id":8},"maxValues":{"b":1000,"i":2.5,"f":0.2,"d":1.25,"t":"2026-01-02T10:00:00.000","id":8}})")});
    const std::string kOld = "[7]", kNew = "[8]", kBoth = "[7, 8]", kNone = "NULL";
    const std::vector<std::pair<std::string, std::string>> predicates = {
        {"b = 1", kOld},
        {"b > 500", kNew},
        {"b < 5000000000", kBoth},
        {"b IN (1, 1000)", kBoth},
        {"i > 1.5", kBoth},
        {"i < 2.4", kOld},
        {"i = 2.4", kNone},
        {"i >= 1.6 AND i <= 2.1", kOld},
        {"i IN (1.9, 2.1)", kNone},
        {"i IN (2, 2.5)", kBoth},
        {"NOT (i < 2.4)", kNew},
        {"d > 1.26", kOld},
        {"d < 1.31", kBoth},
        {"d = 1.30", kOld},
        {"d = 1.25", kNew},
        {"d >= 1.26 AND d < 1.34", kOld},
        {"t = TIMESTAMP '2026-01-02 00:00:00'", kOld},
        {"t >= TIMESTAMP '2026-01-02 00:00:01'", kNew},
        {"t < TIMESTAMP '2026-01-02 00:00:01'", kOld},
        {"f > 0.1", kBoth},  // the float nearest to 0.1 is above it
        {"f = 0.1::FLOAT::DOUBLE", kOld},
        {"f <= 0.1", kNone},
        {"s.n > 1.2", kNew},
        {"s.n < 1.2", kOld},
        {"l[1] = 1", kOld},
        {"m['k'] > 1", kNew},
        {"i IS NOT NULL AND d IS NOT NULL", kBoth},
    };
    for (const auto& [predicate, ids] : predicates)
        EXPECT_EQ(list("SELECT id FROM bronze.t WHERE " + predicate + " ORDER BY id"), ids) << predicate;
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE i < 2.4"), 1);  // no upper bound: a double may be NaN
    EXPECT_EQ(ask("SELECT min(id) FROM bronze.t"), "7");
}

// A join hands its probed side a Bloom filter and bounds of the table's type.
TEST_F(DeltaReadTest, JoinsProbeWidenedColumns) {
    write_file("old", "SELECT i::INTEGER AS x, i::FLOAT AS f FROM range(0, 5000) r(i)");
    write_file("new", "SELECT i AS x, i::DOUBLE AS f FROM range(5000, 5010) r(i)");
    create(
        {.fields = {field("x", "long", widened("integer", "long")), field("f", "double", widened("float", "double"))}},
        {add("old", R"({"numRecords":5000})"), add("new", R"({"numRecords":10})")});
    run(*session_,
        "CREATE TEMP TABLE wanted AS SELECT (i * 7)::BIGINT AS x, (i * 7)::DOUBLE AS f FROM range(1, 2000) r(i)");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t JOIN wanted USING (x)"), "715");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t JOIN wanted USING (f)"), "715");
    EXPECT_EQ(list("SELECT f FROM bronze.t ORDER BY f DESC LIMIT 2"), "[5009.0, 5008.0]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE f < 4999.5 ORDER BY f DESC LIMIT 1"), "[4999]");
}

TEST_F(DeltaReadTest, MappingDeletionsAndWideningTogether) {
    write_file("a", "SELECT i::INTEGER AS c1, [{'c3': i::INTEGER}] AS c2 FROM range(5000) r(i)", "ROW_GROUP_SIZE 2048");
    std::vector<std::uint64_t> odd;
    for (std::uint64_t row = 1; row < 5000; row += 2) odd.push_back(row);
    create(
        {.fields = {mapped("items",
                           list_of(struct_of({mapped("fresh", "string", "c9", 9), mapped("n", "long", "c3", 3)})), "c2",
                           2),
                    mapped("amount", "double", "c1", 1, widened("integer", "double")), mapped("p", "date", "cp", 4)},
         .partition_columns = R"("p")",
         .configuration = kByName},
        {add(
            "a",
            R"({"numRecords":5000,"tightBounds":false,"minValues":{"c1":0},"maxValues":{"c1":4999},"nullCount":{"c1":0}})",
            R"("cp":"2026-03-01")", without(odd))});
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t"), "2500");
    EXPECT_EQ(list("SELECT amount FROM bronze.t WHERE amount > 9.5 AND amount < 14.5 ORDER BY 1"),
              "[10.0, 12.0, 14.0]");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t WHERE items[1].n <> amount OR items[1].fresh IS NOT NULL"), "0");
    EXPECT_EQ(list("SELECT items FROM bronze.t WHERE amount = 4998"), "[[{'fresh': NULL, 'n': 4998}]]");
    EXPECT_EQ(ask("SELECT sum(items[1].n) FROM bronze.t WHERE p = DATE '2026-03-01'"), std::to_string(2499 * 2500));
    EXPECT_EQ(files_scanned("SELECT * FROM bronze.t WHERE p > DATE '2026-03-01'"), 0);
}

TEST_F(DeltaReadTest, ShowsRowIdsWhereTheTableTracksThem) {
    write_file("a", "SELECT i AS x FROM range(3) r(i)");
    write_file("b", "SELECT * FROM (VALUES (10, 1::BIGINT, 5::BIGINT), (11, NULL, NULL)) v(x, _row_id_m, _version_m)");
    create(
        {.fields = {field("x", "long")},
         .configuration =
             R"("delta.enableRowTracking":"true","delta.rowTracking.materializedRowIdColumnName":"_row_id_m","delta.rowTracking.materializedRowCommitVersionColumnName":"_version_m")"},
        {add("a", R"({"numRecords":3})", "", R"("baseRowId":100,"defaultRowCommitVersion":4,)" + without({1})),
         add("b", R"({"numRecords":2})", "", R"("baseRowId":200,"defaultRowCommitVersion":7)")});
    EXPECT_EQ(list("SELECT _row_id FROM bronze.t ORDER BY x"), "[100, 102, 1, 201]");
    EXPECT_EQ(list("SELECT _row_commit_version FROM bronze.t ORDER BY x"), "[4, 4, 5, 7]");
    EXPECT_EQ(list("SELECT (_row_id, x, file_row_number, _row_commit_version) FROM bronze.t ORDER BY x DESC LIMIT 2"),
              "[(201, 11, 1, 7), (1, 10, 0, 5)]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE _row_id = 201"), "[11]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE _row_id > 100 AND x < 10"), "[2]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE _row_commit_version = 4 ORDER BY x"), "[0, 2]");
    EXPECT_EQ(list("SELECT x FROM bronze.t JOIN (VALUES (1), (102)) w(id) ON _row_id = id ORDER BY x"), "[2, 10]");
    EXPECT_EQ(list("SELECT _row_id FROM delta('lagoa://bronze/t') WHERE x = 11"), "[201]");
    EXPECT_EQ(ask("SELECT count(*) FROM (SELECT * FROM bronze.t) r(only_x)"), "4");
}

TEST_F(DeltaReadTest, WithoutRowTrackingThereAreNoRowIds) {
    write_file("a", "SELECT 1::BIGINT AS x");
    create({.fields = {field("x", "long")}}, {add("a", "")});
    EXPECT_EQ(error_of(*session_, "SELECT _row_id FROM bronze.t"), ErrorCode::kInvalidArgument);
}

TEST_F(DeltaReadTest, PartitionValuesOfEveryType) {
    struct Case {
        std::string type, text, sql;
    };
    const std::vector<Case> cases = {
        {"boolean", "true", "true"},
        {"byte", "-128", "(-128)::TINYINT"},
        {"short", "32767", "32767::SMALLINT"},
        {"integer", "-5", "-5"},
        {"long", "9223372036854775807", "9223372036854775807"},
        {"float", "1.0E10", "1e10::FLOAT"},
        {"float", "NaN", "'nan'::FLOAT"},
        {"double", "-Infinity", "'-inf'::DOUBLE"},
        {"double", "0.1", "0.1::DOUBLE"},
        {"decimal(38,10)", "1234567890123456789012345678.0000000001",
         "1234567890123456789012345678.0000000001::DECIMAL(38,10)"},
        {"string", "a=b/c %20 é", "'a=b/c %20 é'"},
        {"string", "__HIVE_DEFAULT_PARTITION__", "'__HIVE_DEFAULT_PARTITION__'"},
        {"binary", "\\u0001é", "'\\x01\\xC3\\xA9'::BLOB"},
        {"date", "2026-02-28", "DATE '2026-02-28'"},
        {"date", "+10000-01-01", "DATE '10000-01-01'"},
        {"date", "0001-01-01", "DATE '0001-01-01'"},
        {"timestamp", "2026-01-02 03:04:05.123456", "TIMESTAMPTZ '2026-01-02 03:04:05.123456+00'"},
        {"timestamp", "2026-01-02T03:04:05.123456Z", "TIMESTAMPTZ '2026-01-02 03:04:05.123456+00'"},
        {"timestamp", "1969-12-31 23:59:59", "TIMESTAMPTZ '1969-12-31 23:59:59+00'"},
        {"timestamp_ntz", "2026-01-02 03:04:05.5", "TIMESTAMP '2026-01-02 03:04:05.5'"},
        {"string", "", "NULL"},
        {"integer", "", "NULL"},
    };
    run(*session_, "SET TimeZone = 'America/Sao_Paulo'");
    Table table;
    std::string values;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        table.fields.push_back(field(fmt::format("p{}", i), cases[i].type));
        table.partition_columns += fmt::format("{}\"p{}\"", i == 0 ? "" : ",", i);
        values += fmt::format("{}\"p{}\":\"{}\"", i == 0 ? "" : ",", i, cases[i].text);
    }
    table.fields.push_back(field("x", "integer"));
    write_file("a", "SELECT 1 AS x");
    create(table, {add("a", "", values)});
    run(*session_, "SET TimeZone = 'America/Sao_Paulo'");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const std::string same = fmt::format("p{} IS NOT DISTINCT FROM {}", i, cases[i].sql);
        EXPECT_EQ(ask("SELECT " + same + " FROM bronze.t"), "true") << cases[i].type << " " << cases[i].text;
        EXPECT_EQ(ask("SELECT count(x) FROM bronze.t WHERE " + same), "1") << cases[i].type << " " << cases[i].text;
    }
}

TEST_F(DeltaReadTest, APartitionValueThatIsNoneIsCorruption) {
    write_file("a", "SELECT 1 AS x");
    create({.fields = {field("x", "integer"), field("p", "date")}, .partition_columns = R"("p")"},
           {add("a", "", R"("p":"yesterday")")});
    EXPECT_EQ(error_of(*session_, "SELECT p FROM bronze.t"), ErrorCode::kCorruption);
}

// The data files are not there: whatever needs one fails.
TEST_F(DeltaReadTest, TheLogAnswersWithoutDataFiles) {
    create(
        {.fields = {field("x", "long"), field("day", "date"), field("s", "string"), field("d", "double")},
         .partition_columns = R"("day")"},
        {add("a",
             R"({"numRecords":7,"minValues":{"x":-3,"s":"a","d":1.0},"maxValues":{"x":5,"s":"b","d":2.0},"nullCount":{"x":0}})",
             R"("day":"2026-01-01")"),
         add("b", R"({"numRecords":2,"minValues":{"x":4},"maxValues":{"x":40},"nullCount":{"x":1}})",
             R"("day":"2026-01-02")")});
    EXPECT_TRUE(session_->describe("SELECT * FROM bronze.t WHERE x > 3"));
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t"), "9");
    EXPECT_EQ(ask("SELECT (count(*), min(x), max(x), min(day), max(day)) FROM bronze.t"),
              "(9, -3, 40, 2026-01-01, 2026-01-02)");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t WHERE day = DATE '2026-01-02'"), "2");
    EXPECT_EQ(ask("SELECT count(x) FROM bronze.t WHERE x > 50"), "0");
    EXPECT_EQ(error_of(*session_, "SELECT max(s) FROM bronze.t"), ErrorCode::kCorruption);
    EXPECT_EQ(error_of(*session_, "SELECT max(d) FROM bronze.t"), ErrorCode::kCorruption);
    EXPECT_EQ(error_of(*session_, "SELECT count(x) FROM bronze.t"), ErrorCode::kCorruption);
}

TEST_F(DeltaReadTest, TravelsByVersionAndByTime) {
    write_file("a", "SELECT 1::BIGINT AS x");
    write_file("b", "SELECT 2::BIGINT AS x");
    // 2026-01-01 and 2026-01-02, 12:00 UTC
    const auto made = [](const char* ms) { return fmt::format(R"({{"commitInfo":{{"inCommitTimestamp":{}}}}})", ms); };
    create({.fields = {field("x", "long")}, .configuration = R"("delta.enableInCommitTimestamps":"true")"},
           {add("a", "")}, made("1767268800000"));
    commit(1, {made("1767355200000"), add("b", "")});
    const auto count = [&](const std::string& table) { return ask("SELECT count(*) FROM " + table); };
    EXPECT_EQ(count("delta('lagoa://bronze/t')"), "2");
    EXPECT_EQ(count("delta('lagoa://bronze/t/', version => 0)"), "1");
    EXPECT_EQ(count("delta('lagoa://bronze/t', timestamp => '2026-01-02 11:59:59')"), "1");
    EXPECT_EQ(count("delta('lagoa://bronze/t', timestamp => '2026-01-02 12:00:00')"), "2");
    EXPECT_EQ(count("delta('lagoa://bronze/t', timestamp => TIMESTAMPTZ '2026-01-02 13:00:00+02')"), "1");
    EXPECT_EQ(count("delta('lagoa://bronze/t', timestamp => DATE '2026-01-02')"), "1");
    EXPECT_EQ(count("bronze.t AT (TIMESTAMP => TIMESTAMP '2026-01-02 11:00:00')"), "1");
    EXPECT_EQ(count("bronze.t AT (TIMESTAMP => '2026-01-02 12:00:00Z')"), "2");
    run(*session_, "SET TimeZone = 'America/Sao_Paulo'");  // UTC-3
    EXPECT_EQ(count("delta('lagoa://bronze/t', timestamp => '2026-01-02 08:59:59')"), "1");
    EXPECT_EQ(count("bronze.t AT (TIMESTAMP => TIMESTAMP '2026-01-02 09:00:00')"), "2");
    EXPECT_EQ(error_of(*session_, "FROM delta('lagoa://bronze/t', timestamp => '2020-01-01')"), ErrorCode::kNotFound);
    EXPECT_EQ(error_of(*session_, "FROM delta('lagoa://bronze/t', timestamp => 'noon')"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session_, "FROM delta('lagoa://bronze/t', version => 0, timestamp => '2026-01-02')"),
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(error_of(*session_, "FROM bronze.t AT (TIMESTAMP => 'noon')"), ErrorCode::kInvalidArgument);
}

TEST_F(DeltaReadTest, ReadsVariantsAsTheirValues) {
    // {"a":1} and "hi" in the binary encoding of variants: metadata (version 1, the dictionary), then the value.
    write_file(
        "spark",
        R"(SELECT 1 AS x, {'value': '\x02\x01\x00\x00\x02\x0C\x01'::BLOB, 'metadata': '\x01\x01\x00\x01a'::BLOB} AS v
                           UNION ALL SELECT 2, {'value': '\x09hi'::BLOB, 'metadata': '\x01\x00\x00'::BLOB}
                           UNION ALL SELECT 3, NULL)");
    write_file("ours", "SELECT 4 AS x, {'b': [1, 2]}::VARIANT AS v");
    create({.fields = {field("x", "integer"), field("v", "variant")}}, {add("spark", ""), add("ours", "")});
    EXPECT_EQ(ask("SELECT v.a::INTEGER FROM bronze.t WHERE x = 1"), "1");
    EXPECT_EQ(ask("SELECT v::VARCHAR FROM bronze.t WHERE x = 2"), "hi");
    EXPECT_EQ(ask("SELECT v IS NULL FROM bronze.t WHERE x = 3"), "true");
    EXPECT_EQ(ask("SELECT v::JSON FROM bronze.t WHERE x = 4"), R"({"b":[1,2]})");
    EXPECT_EQ(ask("SELECT count(*) FROM bronze.t WHERE v IS NOT NULL"), "3");
}

TEST_F(DeltaReadTest, ReadsVariantsInsideOtherTypesAndShreddedOnes) {
    write_file("shredded", R"(SELECT 1 AS x, {'a': 5, 'b': 'text'}::VARIANT AS c1,
                              {'in': {'metadata': '\x01\x00\x00'::BLOB, 'value': '\x11deep'::BLOB}} AS c2)",
               "SHREDDING {c1: 'STRUCT(a BIGINT, b VARCHAR)'}");
    write_file("plain", "SELECT 2 AS x, [1, 2]::VARIANT AS c1");
    create({.fields = {mapped("x", "integer", "x", 1), mapped("v", "variant", "c1", 2),
                       mapped("s", struct_of({mapped("w", "variant", "in", 4), mapped("n", "long", "n", 5)}), "c2", 3)},
            .configuration = kByName},
           {add("shredded", ""), add("plain", "")});
    EXPECT_EQ(ask("SELECT string_agg(v::JSON, ' ' ORDER BY x) FROM bronze.t"), R"({"a":5,"b":"text"} [1,2])");
    EXPECT_EQ(list("SELECT s.w::VARCHAR FROM bronze.t ORDER BY x"), "[deep, NULL]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE v.a::INTEGER = 5"), "[1]");
}

// NULL is told from a struct none of whose members are left.
TEST_F(DeltaReadTest, AStructWhoseMembersAreAllNewerKeepsItsNulls) {
    write_file("a",
               "SELECT 1 AS x, {'old': 1} AS s, {'in': {'old': 1}, 'n': 5} AS d UNION ALL SELECT 2, NULL, {'in': NULL, "
               "'n': 6} "
               "UNION ALL SELECT 3, NULL, NULL");
    create(
        {.fields = {field("x", "integer"), field("s", struct_of({field("fresh", "string")})),
                    field("d", struct_of({field("in", struct_of({field("fresh", "integer")})), field("n", "long")}))}},
        {add("a", "")});
    EXPECT_EQ(list("SELECT s IS NULL FROM bronze.t ORDER BY x"), "[false, true, true]");
    EXPECT_EQ(list("SELECT d IS NULL FROM bronze.t ORDER BY x"), "[false, false, true]");
    EXPECT_EQ(list("SELECT d.n FROM bronze.t ORDER BY x"), "[5, 6, NULL]");
    EXPECT_EQ(list("SELECT x FROM bronze.t WHERE s.fresh IS NULL ORDER BY x"), "[1, 2, 3]");
}

// The log names its files by address; the engine may read nothing outside the lake.
TEST_F(DeltaReadTest, AddressesInsideMountedStoresGoThroughThem) {
    const test::TempDir folder;
    auto local = open_local_store(folder.path().string());
    ASSERT_TRUE(local);
    open(std::shared_ptr<ObjectStore>(std::move(*local)));
    ASSERT_TRUE(register_delta_function(*engine_));
    session_ = connect();
    write_file("a b", "SELECT 1::BIGINT AS x");
    const std::string address = folder.path().string() + "/t/a%20b";
    create({.fields = {field("x", "long")}},
           {add_sized("file://" + address, store().head("t/a b").value().size_bytes, R"({"numRecords":1})")});
    run(*session_, "SET allowed_directories = ['lagoa://']");
    run(*session_, "SET enable_external_access = false");
    EXPECT_EQ(list("SELECT filename FROM bronze.t"), "['lagoa://bronze/t/a b']");
    EXPECT_EQ(list("SELECT x FROM delta('file://" + folder.path().string() + "/t')"), "[1]");
    commit(1, {add("/etc/passwd", R"({"numRecords":1})")});
    session_ = connect();
    EXPECT_EQ(error_of(*session_, "SELECT sum(x) FROM bronze.t"), ErrorCode::kPermissionDenied);
    EXPECT_EQ(error_of(*session_, "FROM delta('s3://elsewhere/t')"), ErrorCode::kPermissionDenied);
    EXPECT_EQ(error_of(*session_, "FROM delta('/tmp')"), ErrorCode::kPermissionDenied);
}

TEST_F(DeltaReadTest, ReadsTablesOfBucketsByTheirAddress) {
    auto server = test::S3Server::start();
    if (!server) GTEST_SKIP() << server.error().message;
    const std::string bucket = (*server)->make_bucket();
    const std::string other = (*server)->make_bucket();
    const S3Options options = (*server)->options();
    ASSERT_EQ(setenv("AWS_ACCESS_KEY_ID", options.access_key.c_str(), 1), 0);
    ASSERT_EQ(setenv("AWS_SECRET_ACCESS_KEY", options.secret_key.c_str(), 1), 0);
    ASSERT_EQ(setenv("AWS_ENDPOINT_URL_S3", options.endpoint.c_str(), 1), 0);
    ASSERT_EQ(setenv("AWS_REGION", options.region.c_str(), 1), 0);
    const auto mount = [&](const std::string& name) {
        return engine_->mount("w-" + name, open_store("s3://" + name, options).value());
    };
    ASSERT_TRUE(mount(bucket));
    ASSERT_TRUE(mount(other));
    // Written through mounts of this engine, read by one that has none.
    stores_["bronze"] = open_store("s3://" + bucket, options).value();
    run(*session_,
        fmt::format("COPY (SELECT i AS x FROM range(10) r(i)) TO 'lagoa://w-{}/t/near' (FORMAT parquet)", bucket));
    run(*session_, fmt::format("COPY (SELECT 10 AS x) TO 'lagoa://w-{}/far away' (FORMAT parquet)", other));
    create({.fields = {field("x", "long")}},
           {add("near", R"({"numRecords":10})", "", without({0, 9})),
            add_sized(fmt::format("s3a://{}/far%20away", other),
                      open_store("s3://" + other, options).value()->head("far away").value().size_bytes,
                      R"({"numRecords":1})")});
    auto fresh = Engine::open({});
    ASSERT_TRUE(fresh);
    ASSERT_TRUE(register_delta_function(**fresh));
    const auto session = (*fresh)->connect();
    ASSERT_TRUE(session);
    EXPECT_EQ(value(**session, fmt::format("SELECT sum(x) FROM delta('s3://{}/t')", bucket)), "46");
    EXPECT_EQ(value(**session, fmt::format("SELECT count(*) FROM delta('s3a://{}/t/')", bucket)), "9");
    EXPECT_EQ(error_of(**session, fmt::format("FROM delta('s3://{}/nothing')", bucket)), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lagoa
