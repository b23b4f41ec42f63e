// Goal: SQL reads and writes objects of a store, and a failed statement leaves nothing visible.
// Method: COPY, read_parquet and read_csv over memory and faulty stores, through a session.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "support/faulty_store.h"

namespace lagoa {
namespace {

struct FileSystemTest : testing::Test {
    std::shared_ptr<ObjectStore> store = make_memory_store();
    std::unique_ptr<Engine> engine = Engine::open({}).value();
    std::unique_ptr<Session> session = engine->connect().value();

    void SetUp() override { ASSERT_TRUE(engine->mount("zone", store).has_value()); }
    std::string text(std::string_view sql) {
        const auto value = session->value(sql);
        return value ? value->value_or("NULL") : "error: " + value.error().message;
    }
    void run(std::string_view sql) {
        const auto done = session->execute(sql);
        ASSERT_TRUE(done.has_value()) << done.error().message;
    }
    std::vector<std::string> keys() {
        std::vector<std::string> names;
        const auto objects = store->list("").value();
        for (const auto& object : objects) names.push_back(object.key);
        return names;
    }
};

TEST_F(FileSystemTest, AFileWrittenIsReadBack) {
    EXPECT_EQ(
        session->execute("copy (select range as n from range(300000)) to 'lagoa://zone/t/a.parquet' (format parquet)")
            .value(),
        300000u);
    EXPECT_EQ(keys(), std::vector<std::string>{"t/a.parquet"});
    EXPECT_EQ(text("select sum(n) from 'lagoa://zone/t/a.parquet'"), "44999850000");
    EXPECT_EQ(text("select max(n) from 'lagoa://zone/t/*.parquet' where n < 1000"), "999");
    run("copy (select 'a' as x, 1 as y) to 'lagoa://zone/t/b.csv'");
    EXPECT_EQ(text("select x || y from read_csv('lagoa://zone/t/b.csv')"), "a1");
    EXPECT_EQ(text("select content from read_text('lagoa://zone/t/b.csv')"), "x,y\na,1\n");
}

TEST_F(FileSystemTest, PartitionedWritesMakeHiveFolders) {
    run("copy (select range % 2 as p, range as n from range(10)) to 'lagoa://zone/t' (format parquet, partition_by "
        "(p), filename_pattern 'f_{i}')");
    EXPECT_EQ(keys(), (std::vector<std::string>{"t/p=0/f_0.parquet", "t/p=1/f_0.parquet"}));
    EXPECT_EQ(
        text("select sum(n) from read_parquet('lagoa://zone/t/**/*.parquet', hive_partitioning = true) where p = 1"),
        "25");
}

TEST_F(FileSystemTest, AReplacedObjectIsReadAnew) {
    run("copy (select 1 as n) to 'lagoa://zone/a.parquet' (use_tmp_file false)");
    EXPECT_EQ(text("select n from 'lagoa://zone/a.parquet'"), "1");
    run("copy (select 2 as n) to 'lagoa://zone/a.parquet' (use_tmp_file false)");
    EXPECT_EQ(text("select n from 'lagoa://zone/a.parquet'"), "2");
}

TEST_F(FileSystemTest, AStatementThatFailsLeavesNothing) {
    for (const char* format : {"parquet", "csv", "json"}) {
        const auto failed = session->execute(
            std::string("copy (select if(range = 250000, error('boom'), range::varchar) as n from range(300000)) to "
                        "'lagoa://zone/t/a' (format ") +
            format + ")");
        EXPECT_FALSE(failed.has_value());
        EXPECT_EQ(keys(), std::vector<std::string>{}) << format;
    }
}

TEST_F(FileSystemTest, AFullDiskIsResourceExhaustedAndLeavesNothing) {
    int faults = 0;
    for (int k = 1;; ++k) {
        const auto faulty = std::make_shared<test::FaultyStore>(
            *store, test::FaultyStore::Fault{test::FaultyStore::Kind::kFail, k, ErrorCode::kResourceExhausted});
        const std::string zone = "faulty" + std::to_string(k);
        ASSERT_TRUE(engine->mount(zone, faulty).has_value());
        const auto done = session->execute("copy (select range as n from range(300000)) to 'lagoa://" + zone +
                                           "/t/a.parquet' (format parquet)");
        if (!faulty->tripped()) {
            EXPECT_TRUE(done.has_value());
            break;
        }
        ++faults;
        ASSERT_FALSE(done.has_value());
        EXPECT_EQ(done.error().code, ErrorCode::kResourceExhausted) << done.error().message;
        EXPECT_EQ(keys(), std::vector<std::string>{});
    }
    EXPECT_GT(faults, 2);
}

TEST_F(FileSystemTest, DamagedAndMissingFilesAreErrors) {
    ASSERT_TRUE(store->put("x.parquet", "not parquet at all").has_value());
    EXPECT_FALSE(session->execute("select * from 'lagoa://zone/x.parquet'").has_value());
    EXPECT_EQ(session->execute("select * from 'lagoa://zone/none.parquet'").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(session->execute("select * from read_parquet('lagoa://zone/none/*.parquet')").error().code,
              ErrorCode::kNotFound);
    EXPECT_EQ(session->execute("select * from read_parquet('lagoa://zone/../x.parquet')").error().code,
              ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lagoa
