// Goal: delta_changes() gives the rows that changed, each with its change, version and time, whatever way the log tells
// it. Method: Parquet files written by the engine, a log written by hand; rows asked for plainly, with filters on the
// columns that the feed adds, through joins and counts, and EXPLAIN ANALYZE for the files that were read.

#include "catalog/duckdb/delta_changes.h"

#include "catalog/duckdb/lake_fixture_test.h"
#include "delta/deletion_vector.h"

namespace lagoa {
namespace {

using test::LakeFixture;

constexpr const char* kProtocol =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping","deletionVectors"],)"
    R"("writerFeatures":["columnMapping","deletionVectors","changeDataFeed","rowTracking","domainMetadata"]}})";

class DeltaChangesTest : public LakeFixture {
protected:
    void SetUp() override {
        LakeFixture::SetUp();
        ASSERT_TRUE(register_delta_changes(*engine_));
        session_ = connect();
    }

    ObjectStore& store() { return *stores_.at("bronze"); }

    void write_file(const std::string& name, const std::string& select, const std::string& options = "") {
        run(*session_, fmt::format("COPY ({}) TO 'lagoa://bronze/t/{}' (FORMAT parquet{})", select, name,
                                   options.empty() ? "" : ", " + options));
    }

    void commit(int version, const std::vector<std::string>& lines) {
        const auto put =
            store().put(fmt::format("t/_delta_log/{:020}.json", version), fmt::format("{}\n", fmt::join(lines, "\n")));
        ASSERT_TRUE(put) << put.error().message;
    }

    // `action` is add, remove or cdc of the file; `more` are further members.
    std::string file(const std::string& action, const std::string& path, const std::string& partition_values = "",
                     const std::string& more = "") {
        const auto info = store().head("t/" + delta::decode_path(path));
        EXPECT_TRUE(info) << path;
        return fmt::format(
            R"({{"{}":{{"path":"{}","partitionValues":{{{}}},"size":{},"modificationTime":1,"deletionTimestamp":1,)"
            R"("extendedFileMetadata":true,"dataChange":{}{}}}}})",
            action, path, partition_values, info ? info->size_bytes : 0, action != "cdc",
            more.empty() ? "" : "," + more);
    }

    static std::string metadata(const std::string& fields, const std::string& configuration = "",
                                const std::string& partition_columns = "") {
        return fmt::format(
            R"({{"metaData":{{"id":"t","format":{{"provider":"parquet","options":{{}}}},"schemaString":{},)"
            R"("partitionColumns":[{}],"configuration":{{"delta.enableChangeDataFeed":"true"{}}}}}}})",
            json::dump(fmt::format(R"({{"type":"struct","fields":[{}]}})", fields)), partition_columns, configuration);
    }

    static std::string field(const std::string& name, const std::string& type, const std::string& more = "") {
        return fmt::format(R"({{"name":"{}","type":"{}","nullable":true,"metadata":{{{}}}}})", name, type, more);
    }

    static std::string mapped(const std::string& name, const std::string& type, const std::string& physical, int id) {
        return field(
            name, type,
            fmt::format(R"("delta.columnMapping.physicalName":"{}","delta.columnMapping.id":{})", physical, id));
    }

    static std::string without(const std::vector<std::uint64_t>& rows) {
        const auto vector = delta::inline_deletion_vector(delta::DeletedRows(rows));
        return fmt::format(
            R"("deletionVector":{{"storageType":"i","pathOrInlineDv":"{}","sizeInBytes":{},"cardinality":{}}})",
            vector.path_or_inline, vector.size_bytes, vector.cardinality);
    }

    // The rows of `columns`, each `a|b|c`, sorted.
    std::string rows(const std::string& columns, const std::string& range, const std::string& where = "true") {
        return value(*session_,
                     fmt::format("SELECT string_agg(line, ' ' ORDER BY line) FROM (SELECT concat_ws('|', {}) AS line "
                                 "FROM delta_changes('lagoa://bronze/t', {}) WHERE {})",
                                 columns, range, where));
    }

    // How many files a scan reads.
    std::string files_scanned(const std::string& range, const std::string& where) {
        const auto plan = session_->rows(
            fmt::format("EXPLAIN ANALYZE SELECT id FROM delta_changes('lagoa://bronze/t', {}) WHERE {}", range, where));
        if (!plan) return plan.error().message;
        const std::string text = json::dump(json::Value(plan->at(0)));
        const auto at = text.find("Files Scanned: ");
        return at == std::string::npos ? "no scan"
                                       : text.substr(at + 15, text.find_first_not_of("0123456789", at + 15) - at - 15);
    }

    std::unique_ptr<Session> session_;
};

TEST_F(DeltaChangesTest, DeletedRowsChangeOneByOne) {
    write_file("a", "SELECT range AS id FROM range(5000)");
    const std::string stats = R"("stats":"{\"numRecords\":5000}")";
    commit(0, {kProtocol, metadata(field("id", "long")), file("add", "a", "", stats)});
    commit(1, {file("remove", "a"), file("add", "a", "", stats + "," + without({3, 4095}))});
    commit(2, {file("remove", "a", "", without({3, 4095})), file("add", "a", "", stats + "," + without({4095, 4999}))});
    commit(3, {file("remove", "a", "", without({4095, 4999}))});

    EXPECT_EQ(rows("id, _change_type, _commit_version", "1, 2"), "3|delete|1 3|insert|2 4095|delete|1 4999|delete|2");
    EXPECT_EQ(rows("count(*), min(id), max(id)", "3"), "4998|0|4998");
    EXPECT_EQ(rows("id", "0", "_change_type = 'delete' AND _commit_version < 3 AND id > 3"), "4095 4999");
    EXPECT_EQ(rows("count(*)", "0"), "10002") << "counted by the log or by the rows, it is the same";
    EXPECT_EQ(rows("count(id)", "0"), "10002");
    EXPECT_EQ(rows("file_row_number", "1, 1"), "3 4095");
}

TEST_F(DeltaChangesTest, ChangeFilesSayTheirOwn) {
    write_file("a", "SELECT 1::BIGINT AS id, 'x' AS v");
    write_file("p=%20 b%2525/c", "SELECT 2::BIGINT AS id, 'y' AS v");
    write_file("_change_data/p=1/c 1",
               "SELECT unnest([1::BIGINT, 1]) AS id, unnest(['x', 'z']) AS v, "
               "unnest(['update_preimage', 'update_postimage']) AS _change_type");
    commit(0, {kProtocol,
               metadata(field("id", "long") + "," + field("p", "string") + "," + field("v", "string"), "", R"("p")"),
               file("add", "a", R"("p":"1")")});
    commit(1, {file("remove", "a", R"("p":"1")"), file("add", "a", R"("p":"1")"),
               file("cdc", "_change_data/p=1/c%201", R"("p":"1")")});
    commit(2, {file("add", "p=%2520%20b%252525/c", R"("p":" b%")")});

    EXPECT_EQ(rows("id, p, v, _change_type, _commit_version", "0"),
              "1|1|x|insert|0 1|1|x|update_preimage|1 1|1|z|update_postimage|1 2| b%|y|insert|2");
    EXPECT_EQ(rows("v", "0", "_change_type = 'update_postimage'"), "z");
    EXPECT_EQ(files_scanned("0", "_change_type = 'update_postimage'"), "1") << "only change files can hold some";
    EXPECT_EQ(files_scanned("0", "_commit_version = 2"), "1");
    EXPECT_EQ(files_scanned("0", "_commit_version BETWEEN 0 AND 1"), "2");
    EXPECT_EQ(files_scanned("0", "p = ' b%'"), "1");
    const auto columns = session_->describe("SELECT * FROM delta_changes('lagoa://bronze/t', 0)");
    ASSERT_TRUE(columns);
    std::vector<std::string> names;
    for (const Column& column : *columns) names.push_back(column.name);
    EXPECT_EQ(names,
              (std::vector<std::string>{"id", "p", "v", "_change_type", "_commit_version", "_commit_timestamp"}));
    EXPECT_EQ(value(*session_,
                    "SELECT DISTINCT typeof(_change_type) || typeof(_commit_version) || typeof(_commit_timestamp) "
                    "FROM delta_changes('lagoa://bronze/t', 0)"),
              "VARCHARBIGINTTIMESTAMP WITH TIME ZONE");
}

TEST_F(DeltaChangesTest, RenamedAddedAndWidenedColumns) {
    write_file("a", "SELECT 1::INTEGER AS c1, 'x' AS c2", "FIELD_IDS {c1: 1, c2: 2}");
    write_file("b", "SELECT 'q' AS c1, 10000000000 AS c3, 'y' AS c2", "FIELD_IDS {c1: 9, c3: 3, c2: 2}");
    write_file("cdc", "SELECT 'z' AS c2, 1::INTEGER AS c1, 'delete' AS _change_type", "FIELD_IDS {c1: 1, c2: 2}");
    for (const std::string mode : {"name", "id"}) {
        SCOPED_TRACE(mode);
        const std::string on = fmt::format(R"(,"delta.columnMapping.mode":"{}")", mode);
        commit(0, {kProtocol, metadata(mapped("id", "integer", "c1", 1) + "," + mapped("old", "string", "c2", 2), on),
                   file("add", "a")});
        commit(1, {file("cdc", "cdc")});
        commit(2, {metadata(mapped("id", "long", "c1", 1) + "," + mapped("new name", "string", "c2", 2) + "," +
                                mapped("old", "long", "c3", 3),
                            on)});
        commit(3, {file("remove", "a")});
        EXPECT_EQ(rows("id, \"new name\", coalesce(old, -1), _change_type, _commit_version", "0"),
                  "1|x|-1|delete|3 1|x|-1|insert|0 1|z|-1|delete|1");
        EXPECT_EQ(rows("id, old, _commit_version", "0, 1"), "1|x|0 1|z|1") << "the schema of the range's end";
        commit(4, {metadata(mapped("new name", "string", "c2", 2), on)});
        EXPECT_EQ(error_of(*session_, "FROM delta_changes('lagoa://bronze/t', 0)"), ErrorCode::kUnsupported);
        ASSERT_TRUE(store().remove("t/_delta_log/00000000000000000004.json"));
    }
}

TEST_F(DeltaChangesTest, TimesAreTheCommits) {
    write_file("a", "SELECT 1::BIGINT AS id");
    commit(
        0,
        {R"({"commitInfo":{"inCommitTimestamp":1700000000123}})",
         R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["changeDataFeed","inCommitTimestamp"]}})",
         metadata(field("id", "long"), R"(,"delta.enableInCommitTimestamps":"true")"), file("add", "a")});
    EXPECT_EQ(value(*session_, "SELECT epoch_ms(_commit_timestamp) FROM delta_changes('lagoa://bronze/t', 0)"),
              "1700000000123");
    EXPECT_EQ(rows("id", "0", "_commit_timestamp > TIMESTAMPTZ '2023-11-14 22:13:20.122Z'"), "1");
    EXPECT_EQ(rows("count(*)", "0", "_commit_timestamp > TIMESTAMPTZ '2023-11-14 22:13:20.123Z'"), "0");
}

TEST_F(DeltaChangesTest, PlansAreCopiedOverIt) {
    write_file("a", "SELECT range AS id FROM range(10)");
    commit(0, {kProtocol, metadata(field("id", "long")), file("add", "a")});
    commit(1, {file("remove", "a"), file("add", "a", "", without({3, 4}))});
    const std::string one = "delta_changes('lagoa://bronze/t', 1)";
    EXPECT_EQ(value(*session_, fmt::format("SELECT count(*) FROM {0} a JOIN {0} b USING (id)", one)), "2");
    EXPECT_EQ(value(*session_, fmt::format("SELECT (SELECT count(*) FROM {}) + (SELECT count(*) FROM {})", one,
                                           "delta_changes('lagoa://bronze/t', 0)")),
              "14");
    EXPECT_EQ(value(*session_, fmt::format("WITH c AS (FROM {}) SELECT count(*) FROM c a, c b WHERE a.id < b.id", one)),
              "1");
    EXPECT_EQ(value(*session_,
                    "SELECT max(id) FROM delta_changes('lagoa://bronze/t', 1) WHERE id IN (SELECT unnest([1, 3]))"),
              "3");
}

TEST_F(DeltaChangesTest, Refusals) {
    const auto code = [&](const std::string& arguments) {
        return error_of(*session_, "FROM delta_changes(" + arguments + ")");
    };
    write_file("a", "SELECT 1::BIGINT AS id");
    commit(0, {kProtocol, metadata(field("id", "long")), file("add", "a")});
    commit(1, {R"({"commitInfo":{}})"});
    EXPECT_EQ(code("'lagoa://bronze/t', 0, NULL"), ErrorCode::kInternal);
    EXPECT_EQ(code("'lagoa://bronze/t', 2"), ErrorCode::kNotFound);
    EXPECT_EQ(code("'lagoa://bronze/t', 0, 2"), ErrorCode::kNotFound);
    EXPECT_EQ(code("'lagoa://bronze/t', 1, 0"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("'lagoa://bronze/t', NULL"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("NULL, 0"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("'lagoa://bronze/t'"), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code("'lagoa://bronze/none', 0"), ErrorCode::kNotFound);
    EXPECT_EQ(code("'/nowhere', 0"), ErrorCode::kNotFound);
    commit(2, {metadata(field("id", "long") + "," + field("_Commit_Version", "long"))});
    EXPECT_EQ(code("'lagoa://bronze/t', 0"), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace lagoa
