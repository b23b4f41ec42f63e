// Goal: SQL reads and writes objects of a store, and a failed statement leaves nothing visible.
// Method: COPY, read_parquet and read_csv over memory and faulty stores, through a session.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include "store/memory_store.h"
#include "store/s3_store.h"
#include "support/faulty_store.h"
#include "support/s3_proxy.h"
#include "support/s3_server.h"

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

// Goal: a scan on S3 asks for the ranges it needs, once each. Method: a table of 100 columns and two row groups on a
// real server; a proxy counts requests and bytes.
TEST(FileSystemOnS3, AScanAsksForTheColumnsItReadsAndNothingTwice) {
    const auto server = test::S3Server::start();
    ASSERT_TRUE(server) << server.error().message;
    test::S3Proxy proxy((*server)->port());
    S3Options options = (*server)->options();
    options.endpoint = proxy.endpoint();
    const auto engine = Engine::open({.threads = 4}).value();
    ASSERT_TRUE(engine->mount("s3", open_s3_store("s3://" + (*server)->make_bucket(), options).value()));
    const auto session = engine->connect().value();
    std::string columns;
    for (int i = 0; i < 100; ++i) columns += fmt::format("{}hash(range, {}) as c{}", i == 0 ? "" : ", ", i, i);
    const auto written = session->execute("copy (select " + columns +
                                          " from range(40000)) to 'lagoa://s3/wide.parquet' (row_group_size 20480)");
    ASSERT_TRUE(written) << written.error().message;
    const auto bytes_of = [&] {
        std::size_t bytes = 0;
        for (const auto& request : proxy.requests()) bytes += request.answer_bytes;
        return bytes;
    };
    const std::size_t file_bytes = 40'000 * 100 * 8;

    proxy.forget_requests();
    EXPECT_EQ(session->value("select count(c7) from 'lagoa://s3/wide.parquet' where c7 > 0").value(), "40000");
    EXPECT_LT(bytes_of(), file_bytes / 20);
    // Looking for it; its end when it is opened, by each thread; a piece of each row group, in 160 kB each.
    EXPECT_LE(proxy.requests().size(), 8u);

    // What was read is kept, by DuckDB: only whether the object is still the same is asked.
    proxy.forget_requests();
    EXPECT_EQ(session->value("select count(c7) from 'lagoa://s3/wide.parquet' where c7 > 0").value(), "40000");
    for (const auto& request : proxy.requests())
        EXPECT_TRUE(request.method == "HEAD" || request.head.find("Range: bytes=-") != std::string::npos)
            << request.head;
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
