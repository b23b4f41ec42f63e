// Goal: a scan of a table on S3 asks for what it needs: no request to open a file, the footer and the columns of those
// files that its filter leaves, and nothing that it has read before. Method: a lake over a real server, a proxy that
// counts between; the table is written by one process and read by another.
#include <gtest/gtest.h>

#include "catalog/lake.h"
#include "store/s3_store.h"
#include "support/s3_proxy.h"
#include "support/s3_server.h"

namespace lagoa {
namespace {

constexpr std::size_t kColumns = 60;
constexpr std::size_t kRowsOfFile = 20'000;

struct OpenLake {
    std::unique_ptr<Engine> engine;
    std::unique_ptr<Lake> lake;
    std::unique_ptr<Session> session;

    OpenLake(const std::string& root, const S3Options& options) {
        engine = Engine::open({.threads = 4}).value();
        lake = Lake::open({.zones = {{"silver", open_store(root + "/silver", options)}},
                           .log = open_store(root, options),
                           .engine = engine.get()})
                   .value();
        session = lake->connect({.base = Cut::Base::kHead, .pins = {}}).value();
    }
    static std::shared_ptr<ObjectStore> open_store(const std::string& root, const S3Options& options) {
        return open_s3_store(root, options).value();
    }
};

TEST(LakeOnS3, AScanAsksForWhatItNeeds) {
    const auto server = test::S3Server::start();
    ASSERT_TRUE(server) << server.error().message;
    test::S3Proxy proxy((*server)->port());
    S3Options options = (*server)->options();
    options.endpoint = proxy.endpoint();
    const std::string root = "s3://" + (*server)->make_bucket();
    {
        OpenLake writer(root, options);
        std::string columns;
        for (std::size_t i = 1; i < kColumns; ++i) columns += fmt::format(", hash(n, {}) as c{}", i, i);
        for (std::size_t file = 0; file < 3; ++file) {
            const auto made = writer.lake->write(*writer.session,
                                                 {.table = {"silver", "wide"},
                                                  .select = fmt::format("select n{} from range({}, {}) r(n)", columns,
                                                                        file * kRowsOfFile, (file + 1) * kRowsOfFile)});
            ASSERT_TRUE(made) << made.error().message;
        }
    }
    OpenLake reader(root, options);
    const auto data_requests = [&] {
        std::vector<test::ProxiedRequest> found;
        for (auto& request : proxy.requests())
            if (request.target.find(".parquet") != std::string::npos &&
                request.target.find("_delta_log") == std::string::npos)
                found.push_back(std::move(request));
        return found;
    };
    const std::string query = "select count(c7) from silver.wide where n >= 50000";  // of the third file

    proxy.forget_requests();
    EXPECT_EQ(reader.session->value(query).value(), "10000");
    const auto first = data_requests();
    std::size_t bytes = 0;
    for (const auto& request : first) {
        bytes += request.answer_bytes;
        EXPECT_EQ(request.method, "GET") << request.target;
        EXPECT_EQ(request.target, first[0].target) << "a file that the filter leaves out";
    }
    EXPECT_LE(first.size(), 4u);  // its footer, and two columns
    EXPECT_LT(bytes, kColumns * kRowsOfFile * 8 / 10);

    proxy.forget_requests();
    EXPECT_EQ(reader.session->value(query).value(), "10000");
    EXPECT_EQ(data_requests().size(), 0u);
}

}  // namespace
}  // namespace lagoa
