// Goal: writes are exact, whole or absent, and seen by the right cut; races lose nothing.
// Method: lakes over memory and faulty stores, written through Lake::write and read back in SQL.
#include "catalog/lake.h"

#include <thread>

#include <gtest/gtest.h>

#include "engine/row_source.h"
#include "store/memory_store.h"
#include "support/fake_clock.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

using test::FaultyStore;

const TableName kStocks{"silver", "stocks"};
const Cut kHead{.base = Cut::Base::kHead, .pins = {}};

/// One process: an engine and a lake over stores that outlive it.
struct OpenLake {
    test::FakeClock clock;
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
    std::unique_ptr<Session> session;

    OpenLake(std::shared_ptr<ObjectStore> silver, std::shared_ptr<ObjectStore> log) {
        engine = Engine::open({}).value();
        lake = Lake::open({.zones = {{"silver", std::move(silver)}, {"gold", make_memory_store()}},
                           .log = std::move(log),
                           .engine = engine.get(),
                           .clock = &clock,
                           .contracted = {{"silver", "promised"}}})
                   .value();
        session = lake->connect(kHead).value();
    }

    Result<WriteResult> write(WriteRequest request) { return lake->write(*session, request); }
    Result<WriteResult> append(const std::string& select) { return write({.table = kStocks, .select = select}); }
    Result<WriteResult> merge(const std::string& select, std::vector<std::string> key = {"k"}) {
        return write({.table = kStocks, .select = select, .mode = WriteMode::kMerge, .key = std::move(key)});
    }

    // The rows of `sql`, one text a row, values with `|` between them.
    std::string read(const std::string& sql, const Cut& cut = kHead) {
        const auto reader = lake->connect(cut);
        if (!reader) return "error: " + reader.error().message;
        const auto stream = (*reader)->query(sql);
        if (!stream) return "error: " + stream.error().message;
        std::string text;
        for (;;) {
            const auto batch = (*stream)->next();
            if (!batch) return "error: " + batch.error().message;
            if (!*batch) return text;
            for (std::size_t row = 0; row < (*batch)->rows(); ++row) {
                for (std::size_t i = 0; i < (*stream)->columns().size(); ++i)
                    text += (i ? "|" : "") + ((*batch)->is_null(i, row) ? "NULL" : (*batch)->text(i, row));
                text += ";";
            }
        }
    }
};

struct LakeTest : testing::Test {
    std::shared_ptr<ObjectStore> disk = make_memory_store();
    std::shared_ptr<ObjectStore> log = make_memory_store();
    OpenLake open{disk, log};

    std::size_t data_files() const {
        const auto objects = disk->list("stocks/").value();
        std::size_t count = 0;
        for (const auto& object : objects)
            count += object.key.ends_with(".parquet") && object.key.find("_delta_log") == std::string::npos;
        return count;
    }
    std::shared_ptr<const delta::Snapshot> newest() { return open.lake->snapshot(kStocks, kHead).value(); }
};

std::vector<std::string> column_types(const delta::Snapshot& snapshot) {
    std::vector<std::string> types;
    for (const Field& field : snapshot.metadata.schema.fields) types.push_back(field.name + " " + to_sql(field.type));
    return types;
}

TEST_F(LakeTest, AnAppendCreatesTheTableAndIsReadInSql) {
    const auto first = open.write({.table = kStocks,
                                   .select = "select 'PETR4' as ticker, 36.12::decimal(18,4) as close, timestamptz "
                                             "'2026-01-02 13:00:00.123456Z' as quoted_at",
                                   .properties = {{"lagoa.businessKey", "[\"ticker\"]"}},
                                   .comments = {{"close", "Last price"}},
                                   .description = "Quotes"});
    ASSERT_TRUE(first.has_value()) << first.error().message;
    EXPECT_EQ(first->version, 0);
    EXPECT_TRUE(first->committed);
    EXPECT_EQ(first->rows, 1u);
    EXPECT_EQ(first->files, 1u);
    ASSERT_TRUE(open.append("select 'VALE3' as ticker, 61.5::decimal(18,4) as close").has_value());
    EXPECT_EQ(open.read("select ticker, close, quoted_at from silver.stocks order by ticker"),
              "PETR4|36.1200|2026-01-02 13:00:00.123456+00;VALE3|61.5000|NULL;");

    const auto snapshot = newest();
    EXPECT_EQ(snapshot->version, 1);
    EXPECT_EQ(snapshot->row_count(), 2u);
    EXPECT_EQ(snapshot->metadata.description, "Quotes");
    EXPECT_EQ(*snapshot->metadata.schema.find("close")->metadata.find("comment")->string(), "Last price");
    EXPECT_EQ(snapshot->metadata.configuration.at("lagoa.businessKey"), "[\"ticker\"]");
}

TEST_F(LakeTest, StatisticsAreDeltas) {
    ASSERT_TRUE(open.append("select 282010155659.43243::decimal(18,5) as cap, timestamptz '2026-01-02 "
                            "13:00:00.123456Z' as at, date '2026-01-02' as day, "
                            "'a' as s, null::varchar as n, 'nan'::double as f")
                    .has_value());
    EXPECT_EQ(
        newest()->files[0].stats,
        R"({"numRecords":1,"minValues":{"cap":282010155659.43243,"at":"2026-01-02T13:00:00.123Z","day":"2026-01-02","s":"a"},)"
        R"("maxValues":{"cap":282010155659.43243,"at":"2026-01-02T13:00:00.124Z","day":"2026-01-02","s":"a"},)"
        R"("nullCount":{"cap":0,"at":0,"day":0,"s":0,"n":1,"f":0}})");
}

TEST_F(LakeTest, TypesWiderThanTheLakesAreKeptExactly) {
    ASSERT_TRUE(
        open.append("select sum(x) as s, 18446744073709551615::ubigint as u, uuid "
                    "'00000000-0000-0000-0000-000000000001' as id, "
                    "{'a': 1, 'b': [1.5::decimal(3,1)]} as n from (select 9223372036854775807 as x union all select 1)")
            .has_value());
    EXPECT_EQ(open.read("select s, u, id, n.b[1] from silver.stocks"),
              "9223372036854775808|18446744073709551615|00000000-0000-0000-0000-000000000001|1.5;");
    EXPECT_EQ(column_types(*newest())[0], "s DECIMAL(38,0)");
}

TEST_F(LakeTest, NewColumnsAreAddedOldOnesKeepTheirType) {
    ASSERT_TRUE(open.append("select 1::bigint as k, 1.5::decimal(9,2) as price").has_value());
    ASSERT_TRUE(open.append("select 'x' as extra, 2::smallint as K").has_value());
    EXPECT_EQ(open.read("select * from silver.stocks order by k"), "1|1.50|NULL;2|NULL|x;");
    EXPECT_EQ(column_types(*newest()), (std::vector<std::string>{"k BIGINT", "price DECIMAL(9,2)", "extra VARCHAR"}));

    const auto refused = open.append("select 3::bigint as k, 'cheap' as price");
    EXPECT_EQ(refused.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(refused.error().message.find("column price is DECIMAL(9,2) in the table and VARCHAR"), std::string::npos);
    EXPECT_EQ(data_files(), 2u);
}

TEST_F(LakeTest, OverwriteReplacesEveryRowAndKeepsHistory) {
    ASSERT_TRUE(open.append("select range as k from range(10)").has_value());
    const auto written = open.write(
        {.table = kStocks, .select = "select range + 100 as k from range(3)", .mode = WriteMode::kOverwrite});
    ASSERT_TRUE(written.has_value()) << written.error().message;
    EXPECT_EQ(open.read("select count(*), min(k) from silver.stocks"), "3|100;");
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {.base = Cut::Base::kHead, .pins = {{kStocks, 0}}}),
              "10;");
    ASSERT_TRUE(
        open.write({.table = kStocks, .select = "select 1::bigint as k where false", .mode = WriteMode::kOverwrite})
            .has_value());
    EXPECT_EQ(open.read("select count(*) from silver.stocks"), "0;");
    const auto again =
        open.write({.table = kStocks, .select = "select 1::bigint as k where false", .mode = WriteMode::kOverwrite})
            .value();
    EXPECT_FALSE(again.committed);  // nothing to add, nothing to remove
    EXPECT_EQ(again.version, 2);
}

TEST_F(LakeTest, MergeReplacesMatchedRowsAndLeavesOtherFilesAlone) {
    ASSERT_TRUE(open.append("select range as k, 'old' as v from range(10)").has_value());
    ASSERT_TRUE(open.append("select range as k, 'old' as v from range(10, 20)").has_value());
    const auto before = newest();
    const auto merged = open.merge("select k, 'new' as v, 1 as added from (values (3), (4), (99)) t(k)");
    ASSERT_TRUE(merged.has_value()) << merged.error().message;
    EXPECT_EQ(merged->rows, 3u);
    EXPECT_EQ(merged->files, 1u);
    EXPECT_EQ(open.read("select count(*), count(*) filter (v = 'new'), sum(added), sum(k) from silver.stocks"),
              "21|3|3|289;");
    const auto after = newest();
    EXPECT_EQ(after->files.size(), 2u);
    std::size_t kept = 0;
    for (const auto& file : before->files)
        for (const auto& now : after->files) kept += file.path == now.path;
    EXPECT_EQ(kept, 1u);
    const auto history = delta::read_history(open.lake->locate(kStocks).value()).value();
    EXPECT_EQ(history.at(0).operation, "MERGE");
    EXPECT_EQ(history.at(1).operation, "WRITE");
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {.base = Cut::Base::kHead, .pins = {{kStocks, 1}}}),
              "20;");
}

TEST_F(LakeTest, MergeWithTwoRowsOfOneKeyIsRejectedByName) {
    ASSERT_TRUE(open.append("select 1 as k, 'a' as v").has_value());
    const auto merged = open.merge("select * from (values (7, 'x'), (7, 'y'), (8, 'z')) t(k, v)");
    EXPECT_EQ(merged.error().code, ErrorCode::kDataRejected);
    EXPECT_NE(merged.error().message.find("k = 7"), std::string::npos) << merged.error().message;
    EXPECT_EQ(newest()->version, 0);
    EXPECT_EQ(data_files(), 1u);
    EXPECT_EQ(open.session->value("select count(*) from duckdb_tables() where temporary").value(), "0");
}

TEST_F(LakeTest, AMergeMistakesNoColumnForANameOfItsOwn) {
    const std::string columns =
        "range as k, range as i, range as n, range as t, range as s, range as one, range as slot";
    ASSERT_TRUE(open.append("select " + columns + " from range(3)").has_value());
    ASSERT_TRUE(open.merge("select " + columns + " from range(2, 5)").has_value());
    const auto replaced = open.write({.table = kStocks,
                                      .select = "select " + columns + " from range(4)",
                                      .mode = WriteMode::kReplaceWhere,
                                      .replace_where = "i < 4 and n < 4"});
    ASSERT_TRUE(replaced.has_value()) << replaced.error().message;
    EXPECT_EQ(open.read("select count(*), sum(i), sum(n), sum(slot) from silver.stocks"), "5|10|10|10;");
}

TEST_F(LakeTest, NullsOfAMergeKeyAreEqual) {
    ASSERT_TRUE(
        open.append("select * from (values (1, null, 'a'), (1, date '2026-01-02', 'b')) t(k, day, v)").has_value());
    ASSERT_TRUE(
        open.merge("select * from (values (1, null::date, 'new'), (2, null, 'more')) t(k, day, v)", {"k", "day"})
            .has_value());
    EXPECT_EQ(open.read("select * from silver.stocks order by k, day nulls first"),
              "1|NULL|new;1|2026-01-02|b;2|NULL|more;");
}

TEST_F(LakeTest, MergeOfNothingAndBadKeysCommitNothing) {
    ASSERT_TRUE(open.append("select 1 as k, 'a' as v").has_value());
    EXPECT_FALSE(open.merge("select 1 as k, 'b' as v where false")->committed);
    EXPECT_EQ(open.merge("select 1 as k", {}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.merge("select 1 as k", {"nothing"}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.merge("select 1 as k, 2 as fresh", {"fresh"}).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(newest()->version, 0);
}

TEST_F(LakeTest, PartitionsAreFoldersAndValuesOfTheLog) {
    const auto written = open.write({.table = kStocks,
                                     .select = "select date '2026-01-01' + range::int % 2 as day, if(range = 5, null, "
                                               "'a b/c') as name, range as n from range(6)",
                                     .partition_by = {"day", "name"}});
    ASSERT_TRUE(written.has_value()) << written.error().message;
    EXPECT_EQ(written->files, 3u);
    EXPECT_EQ(open.read("select day, name, sum(n) from silver.stocks group by all order by all"),
              "2026-01-01|a b/c|6;2026-01-02|a b/c|4;2026-01-02|NULL|5;");
    const auto snapshot = newest();
    EXPECT_EQ(snapshot->metadata.partition_columns, (std::vector<std::string>{"day", "name"}));
    EXPECT_EQ(snapshot->files[0].partition_values.at("day"), "2026-01-01");
    EXPECT_EQ(snapshot->files[0].stats.find("day"), std::string::npos);
    // The next write keeps the table's partitions; a merge moves rows between them.
    ASSERT_TRUE(open.merge("select date '2026-01-05' as day, 'a b/c' as name, 0::bigint as n", {"n"}).has_value());
    EXPECT_EQ(open.read("select day, count(*) from silver.stocks group by all order by all"),
              "2026-01-01|2;2026-01-02|3;2026-01-05|1;");
    EXPECT_EQ(open.write({.table = {"silver", "other"}, .select = "select 1 as a", .partition_by = {"b"}}).error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.write({.table = {"silver", "other"}, .select = "select [1] as a, 1 as b", .partition_by = {"a"}})
                  .error()
                  .code,
              ErrorCode::kInvalidArgument);
}

TEST_F(LakeTest, ATransactionIsAppliedOnce) {
    WriteRequest request{.table = kStocks, .select = "select 1 as k", .txn = delta::Txn{"lagoa/test", 5}};
    EXPECT_TRUE(open.write(request)->committed);
    const auto repeat = open.write(request);
    EXPECT_FALSE(repeat->committed);
    EXPECT_EQ(repeat->version, 0);
    request.txn->version = 6;
    EXPECT_TRUE(open.write(request)->committed);
    EXPECT_EQ(open.read("select count(*) from silver.stocks"), "2;");
}

TEST_F(LakeTest, AnEmptySourceCreatesTheTableButNoVersionAfter) {
    WriteRequest request{.table = kStocks, .select = "select 1 as k where false", .skip_if_empty = true};
    const auto created = open.write(request);
    ASSERT_TRUE(created.has_value()) << created.error().message;
    EXPECT_TRUE(created->committed);
    EXPECT_EQ(created->files, 0u);
    EXPECT_FALSE(open.write(request)->committed);
    EXPECT_EQ(open.read("select count(*) from silver.stocks"), "0;");
    EXPECT_EQ(data_files(), 0u);
}

TEST_F(LakeTest, RowsOfASourceAreWrittenOnce) {
    struct Source final : RowSource {
        Schema columns{{Field{.name = "k", .type = parse_sql_type("BIGINT").value()}}};
        int left = 3;
        const Schema& schema() const override { return columns; }
        Result<bool> next(RowSink& sink) override {
            sink.add_row();
            sink.set_int64(0, left);
            return --left > 0;
        }
    };
    ASSERT_TRUE(open.append("select 1::bigint as k").has_value());
    ASSERT_TRUE(open.session->add_source("rows", std::make_shared<Source>()).has_value());
    ASSERT_TRUE(open.merge("select * from rows_of('rows')").has_value());
    EXPECT_EQ(open.read("select k from silver.stocks order by k"), "1;2;3;");
}

TEST_F(LakeTest, CutsDecideWhatASessionSees) {
    ASSERT_TRUE(open.append("select 1 as k").has_value());
    EXPECT_NE(open.read("select * from silver.stocks", {}).find("error"), std::string::npos);  // nothing is published
    const auto first = open.lake->log().publish({.tables = {{kStocks, {"silver/stocks", 0}}}}, {}, "run").value();
    ASSERT_TRUE(open.append("select 2 as k").has_value());
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {}), "1;");
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {.base = Cut::Base::kPublished, .pins = {{kStocks, 1}}}),
              "2;");
    ASSERT_TRUE(open.lake->log().publish({.tables = {{kStocks, {"silver/stocks", 1}}}}, first, "run").has_value());
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {}), "2;");
    EXPECT_EQ(
        open.read("select count(*) from silver.stocks", {.base = Cut::Base::kVersion, .lake_version = 1, .pins = {}}),
        "1;");
    EXPECT_EQ(open.lake->connect({.base = Cut::Base::kVersion, .lake_version = 9, .pins = {}}).error().code,
              ErrorCode::kNotFound);

    // A session reads its own writes, others do not.
    const auto published = open.lake->connect({}).value();
    ASSERT_TRUE(open.lake->write(*published, {.table = kStocks, .select = "select 3 as k"}).has_value());
    EXPECT_EQ(published->value("select count(*) from silver.stocks").value(), "3");
    EXPECT_EQ(open.read("select count(*) from silver.stocks", {}), "2;");
}

TEST_F(LakeTest, ASessionAtHeadFollowsATableThatItHasWritten) {
    ASSERT_TRUE(open.append("select 1 as k").has_value());
    ASSERT_TRUE(open.write({.table = kStocks, .select = "select 1 as k where false", .skip_if_empty = true}));
    EXPECT_EQ(open.session->value("select count(*) from silver.stocks").value(), "1");
    const auto other = open.lake->connect(kHead).value();
    ASSERT_TRUE(open.lake->write(*other, {.table = kStocks, .select = "select 2 as k"}).has_value());
    EXPECT_EQ(open.session->value("select count(*) from silver.stocks").value(), "2");

    // One that was pinned to an older version reads its own write all the same.
    const auto pinned = open.lake->connect({.base = Cut::Base::kHead, .pins = {{kStocks, 0}}}).value();
    EXPECT_EQ(pinned->value("select count(*) from silver.stocks").value(), "1");
    ASSERT_TRUE(open.lake->write(*pinned, {.table = kStocks, .select = "select 3 as k"}).has_value());
    EXPECT_EQ(pinned->value("select count(*) from silver.stocks").value(), "3");
}

TEST_F(LakeTest, ADamagedDataFileIsCorruptionAndNamed) {
    const auto damage = [](ObjectStore& store, const std::string& key, int kind) -> Result<> {
        std::string bytes = LAGOA_TRY(store.get(key));
        if (kind == 0) return store.remove(key);
        if (kind == 1) bytes.resize(bytes.size() / 2);
        if (kind == 2) bytes.assign(bytes.size(), 'x');
        if (kind == 3) std::fill(bytes.begin() + 4, bytes.begin() + 200, '\xff');  // the rows, not the footer
        return store.put(key, bytes);
    };
    for (int kind = 0; kind < 4; ++kind) {
        const std::shared_ptr<ObjectStore> store = make_memory_store();
        ASSERT_TRUE(OpenLake(store, log).append("select range as k, hash(range) as v from range(1000)").has_value());
        OpenLake reading(store, log);
        const std::string path = reading.lake->snapshot(kStocks, kHead).value()->files[0].path;
        ASSERT_TRUE(damage(*store, "stocks/" + path, kind).has_value());
        for (const char* rows : {"silver.stocks", "delta('lagoa://silver/stocks')"}) {
            const auto read = reading.session->value(std::string("select sum(k) + max(v) from ") + rows);
            ASSERT_FALSE(read.has_value()) << kind;
            EXPECT_EQ(read.error().code, ErrorCode::kCorruption) << kind << ": " << read.error().message;
            EXPECT_NE(read.error().message.find("lagoa://silver/stocks"), std::string::npos) << read.error().message;
            EXPECT_NE(read.error().message.find(path), std::string::npos) << read.error().message;
        }
    }
    // What a statement itself does wrong is no damage.
    ASSERT_TRUE(open.append("select range as k from range(1000)").has_value());
    EXPECT_EQ(open.session->value("select sum(k) from silver.stocks where if(k > 5, error('bad'), k) = 0").error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.session->value("select sum(k) from silver.stocks where error(k::varchar) = 'x'").error().code,
              ErrorCode::kInvalidArgument);
}

TEST_F(LakeTest, ADamagedTableDoesNotHideTheOthers) {
    ASSERT_TRUE(open.append("select 1 as k").has_value());
    ASSERT_TRUE(open.write({.table = {"silver", "broken"}, .select = "select 1 as k"}).has_value());
    ASSERT_TRUE(disk->put("broken/_delta_log/00000000000000000000.json", "{").has_value());
    const auto infos = OpenLake(disk, log).lake->tables(kHead);
    ASSERT_TRUE(infos.has_value()) << infos.error().message;
    ASSERT_EQ(infos->size(), 2u);
    ASSERT_TRUE(infos->at(0).unreadable.has_value());
    EXPECT_EQ(infos->at(0).name.text(), "silver.broken");
    EXPECT_EQ(infos->at(0).unreadable->code, ErrorCode::kCorruption);
    EXPECT_FALSE(infos->at(1).unreadable.has_value());
    EXPECT_EQ(infos->at(1).rows, 1u);
}

TEST_F(LakeTest, ATableWithAContractIsNotWrittenBySql) {
    for (const char* sql : {"create table silver.promised as select 1 as k", "create table silver.promised (k int)",
                            "CREATE TABLE Silver.PROMISED AS SELECT 1 AS k"})
        EXPECT_EQ(open.session->execute(sql).error().code, ErrorCode::kUnsupported) << sql;
    ASSERT_TRUE(open.write({.table = {"silver", "promised"}, .select = "select 1 as k"}).has_value());
    EXPECT_EQ(open.session->execute("insert into silver.promised values (2)").error().code, ErrorCode::kUnsupported);
    ASSERT_TRUE(open.session->execute("create table silver.free as select 1 as k").has_value());
    ASSERT_TRUE(open.session->execute("insert into silver.free values (2)").has_value());
    EXPECT_EQ(open.read("select count(*) from silver.promised"), "1;");
}

TEST_F(LakeTest, NamesOfVirtualColumnsAreRefused) {
    for (const char* name : {"file_index", "FileName", "file_row_number"}) {
        EXPECT_EQ(open.append(std::string("select 1 as k, 2 as ") + name).error().code, ErrorCode::kInvalidArgument);
        EXPECT_EQ(open.session->execute(std::string("create table silver.t (k int, ") + name + " int)").error().code,
                  ErrorCode::kInvalidArgument);
        EXPECT_EQ(open.session->execute(std::string("create table silver.t as select 1 as ") + name).error().code,
                  ErrorCode::kInvalidArgument);
    }
}

TEST_F(LakeTest, APartitionColumnThatMayNotBeNullIsHeldToIt) {
    ASSERT_TRUE(open.session->execute("create table silver.stocks (day date not null, k int) partitioned by (day)"));
    EXPECT_EQ(open.append("select null::date as day, 1 as k").error().code, ErrorCode::kDataRejected);
    EXPECT_EQ(data_files(), 0u);
    EXPECT_EQ(open.session->execute("create table silver.t (b blob, k int) partitioned by (b)").error().code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(open.session->execute("create table silver.t partitioned by (b) as select [1] as b, 1 as k").error().code,
              ErrorCode::kInvalidArgument);
}

TEST_F(LakeTest, TablesAndNamesAreLookedUp) {
    ASSERT_TRUE(open.append("select range as k from range(7)").has_value());
    const auto infos = open.lake->tables(kHead).value();
    ASSERT_EQ(infos.size(), 1u);
    EXPECT_EQ(infos[0].name.text(), "silver.stocks");
    EXPECT_EQ(infos[0].rows, 7u);
    EXPECT_TRUE(open.lake->tables({})->empty());
    const auto missing = open.lake->snapshot({"silver", "stokcs"}, kHead);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(missing.error().hint, "Did you mean stocks?");
    EXPECT_EQ(open.lake->locate({"platinum", "x"}).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(open.lake->locate({"gold", "x"})->path, "x");
    EXPECT_EQ(open.write({.table = {"platinum", "x"}, .select = "select 1"}).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(open.append("select nothing").error().code, ErrorCode::kInvalidArgument);
}

TEST_F(LakeTest, AFaultAtAnyOperationLeavesOldRowsOrNewOnes) {
    for (const auto mode : {WriteMode::kAppend, WriteMode::kOverwrite, WriteMode::kMerge}) {
        for (const auto fault :
             {FaultyStore::Fault{FaultyStore::Kind::kFail, 0, ErrorCode::kResourceExhausted},
              FaultyStore::Fault{FaultyStore::Kind::kCrash}, FaultyStore::Fault{FaultyStore::Kind::kOutcomeUnknown}}) {
            for (int k = 1;; ++k) {
                const std::shared_ptr<ObjectStore> store = make_memory_store();
                OpenLake before(store, log);
                ASSERT_TRUE(before.append("select range as k, 'old' as v from range(4)").has_value());
                const WriteRequest request{.table = kStocks,
                                           .select = "select range + 2 as k, 'new' as v from range(4)",
                                           .mode = mode,
                                           .key = {"k"},
                                           .txn = delta::Txn{"run", 1}};
                const auto faulty =
                    std::make_shared<FaultyStore>(*store, FaultyStore::Fault{fault.kind, k, fault.code});
                const auto written = OpenLake(faulty, log).write(request);
                if (fault.code == ErrorCode::kResourceExhausted && !written) {
                    EXPECT_EQ(written.error().code, ErrorCode::kResourceExhausted) << written.error().message;
                }

                OpenLake after(store, log);
                const std::string rows = after.read("select count(*), count(*) filter (v = 'new') from silver.stocks");
                const std::string wanted = mode == WriteMode::kAppend      ? "8|4;"
                                           : mode == WriteMode::kOverwrite ? "4|4;"
                                                                           : "6|4;";
                EXPECT_EQ(rows, written ? wanted : "4|0;") << "fault " << static_cast<int>(fault.kind) << " at " << k;
                ASSERT_TRUE(after.write(request).has_value());
                EXPECT_EQ(after.read("select count(*), count(*) filter (v = 'new') from silver.stocks"), wanted);
                if (!faulty->tripped()) break;
            }
        }
    }
}

TEST_F(LakeTest, AFailedWriteRemovesItsFiles) {
    ASSERT_TRUE(open.append("select 1::bigint as k").has_value());
    EXPECT_FALSE(open.append("select if(range = 250000, error('boom'), range) as k from range(300000)").has_value());
    EXPECT_FALSE(open.write({.table = kStocks, .select = "select 'x' as k"}).has_value());
    const FaultyStore::Fault full{FaultyStore::Kind::kFail, 3, ErrorCode::kResourceExhausted};
    const auto faulty = std::make_shared<FaultyStore>(*disk, full);
    EXPECT_EQ(OpenLake(faulty, log).append("select 2::bigint as k").error().code, ErrorCode::kResourceExhausted);
    EXPECT_EQ(data_files(), 1u);
}

TEST_F(LakeTest, ConcurrentAppendsAllArrive) {
    constexpr int kThreads = 2;
    constexpr int kWrites = 6;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < kThreads; ++t)
            threads.emplace_back([this, t] {
                const auto session = open.lake->connect(kHead).value();
                for (int i = 0; i < kWrites; ++i) {
                    const std::string column =
                        t == 0 ? "a" : "b";  // the first writes race for the creation and for the schema
                    const auto done = open.lake->write(
                        *session,
                        {.table = kStocks, .select = "select " + std::to_string(i) + " as k, 'x' as " + column});
                    EXPECT_TRUE(done.has_value()) << done.error().message;
                }
            });
    }
    EXPECT_EQ(open.read("select count(*), count(a), count(b) from silver.stocks"), "12|6|6;");
}

TEST_F(LakeTest, ConcurrentMergesEitherApplyOrConflict) {
    ASSERT_TRUE(open.append("select range as k, 0 as v from range(10)").has_value());
    std::atomic<int> applied = 0;
    std::atomic<int> conflicts = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                const auto session = open.lake->connect(kHead).value();
                for (int i = 0; i < 4; ++i) {
                    // Reads what it changes: a lost update would show in the sum.
                    const auto done = open.lake->write(*session, {.table = kStocks,
                                                                  .select = "select 1::bigint as k, 7 as v",
                                                                  .mode = WriteMode::kMerge,
                                                                  .key = {"k"}});
                    if (done)
                        ++applied;
                    else if (done.error().code == ErrorCode::kConflict)
                        ++conflicts;
                    else
                        ADD_FAILURE() << done.error().message;
                }
            });
    }
    EXPECT_EQ(applied + conflicts, 12);
    EXPECT_GE(applied, 1);
    EXPECT_EQ(newest()->version, applied);
    EXPECT_EQ(open.read("select count(*), sum(v) from silver.stocks"), "10|7;");
    EXPECT_EQ(data_files(), static_cast<std::size_t>(1 + applied));  // the losers took theirs away
}

TEST_F(LakeTest, InterruptStopsAWriteAndNothingIsLeft) {
    std::stop_source stop;
    const InterruptOnStop guard(*open.session, stop.get_token());
    std::jthread other([&] { stop.request_stop(); });
    EXPECT_EQ(open.append("select a.range * b.range as k from range(1000000) a, range(1000000) b").error().code,
              ErrorCode::kCancelled);
    EXPECT_EQ(data_files(), 0u);
}

}  // namespace
}  // namespace lagoa
