// Goal: the promises of ObjectStore hold on S3 when keys are odd, objects large, listings long, writers many and the
// network bad. Method: versitygw, a real server with real signatures, and between it and the store a proxy that drops,
// delays, repeats, refuses and cuts what passes. The suite that every store passes is in store_test.cc.
#include "store/s3_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "support/hurried_clock.h"
#include "support/s3_proxy.h"
#include "support/s3_server.h"
#include "support/scripted_server.h"

namespace lagoa {
namespace {

using test::Disturbance;
using test::HurriedClock;
using test::ProxiedRequest;
using test::S3Proxy;
using test::S3Server;

constexpr std::chrono::milliseconds kOfParts{2'000};  // may stall while megabytes are hashed

class S3 : public testing::Test {
protected:
    static void SetUpTestSuite() {
        auto started = S3Server::start();
        ASSERT_TRUE(started) << started.error().message << " Try: " << started.error().hint;
        server = std::move(*started);
    }
    static void TearDownTestSuite() { server.reset(); }
    void SetUp() override { root_ = "s3://" + server->make_bucket(); }

    std::unique_ptr<ObjectStore> direct() { return open_s3_store(root_, server->options(), clock_).value(); }
    // A stall ends early enough for a test, and late enough for a busy machine to move the bytes of a part.
    std::unique_ptr<ObjectStore> through(const S3Proxy& proxy,
                                         std::chrono::milliseconds stall_timeout = std::chrono::milliseconds(300)) {
        S3Options options = server->options();
        options.endpoint = proxy.endpoint();
        options.stall_timeout = stall_timeout;
        return open_s3_store(root_, options, clock_).value();
    }

    static std::unique_ptr<S3Server> server;
    std::string root_;
    HurriedClock clock_;
};
std::unique_ptr<S3Server> S3::server;

std::string random_bytes(std::size_t count, unsigned seed) {
    std::minstd_rand random(seed);
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

TEST_F(S3, KeepsOddKeysAsTheyAre) {
    const auto store = direct();
    std::vector<std::string> keys = {
        "a b",       "a+b",         "a=1/b",      "100%/x",        "%41",       "é/ünïcode-日本",
        "q?x=1&y#z", "~tilde",      "a'b\"",      "semi;colon",    "star*(x)!", "c:d@e",
        "[br]{ace}", "back\\slash", "<xml>&amp;", "comma,dollar$", "trail. ",   "caret^`|"};
    for (const auto& key : keys) ASSERT_TRUE(store->put_if_absent(key, key)) << key;
    std::ranges::sort(keys);
    std::vector<std::string> listed;
    const auto all = store->list("").value();
    for (const auto& object : all) listed.push_back(object.key);
    EXPECT_EQ(listed, keys);
    for (const auto& key : keys) {
        EXPECT_EQ(store->get(key).value(), key);
        EXPECT_EQ(store->head(key).value().size_bytes, key.size());
        EXPECT_EQ(store->list(key).value().at(0).key, key);
        EXPECT_TRUE(store->remove(key));
        EXPECT_EQ(store->get(key).error().code, ErrorCode::kNotFound);
    }
}

TEST_F(S3, OneOfEightRacingWritersCreatesInEachOf30Rounds) {
    constexpr int kRounds = 30;
    constexpr int kWriters = 8;
    std::array<std::atomic<int>, kRounds> winners{};
    std::array<std::atomic<int>, kRounds> winner{};
    std::barrier start(kWriters);
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < kWriters; ++writer)
            writers.emplace_back([&, writer] {
                const auto store = direct();  // as processes of their own would
                for (int round = 0; round < kRounds; ++round) {
                    start.arrive_and_wait();
                    const auto made = store->put_if_absent(fmt::format("v/{}", round), "same bytes");
                    if (made) {
                        ++winners[static_cast<std::size_t>(round)];
                        winner[static_cast<std::size_t>(round)] = writer;
                    } else {
                        EXPECT_EQ(made.error().code, ErrorCode::kAlreadyExists) << made.error().message;
                    }
                }
            });
    }
    for (int round = 0; round < kRounds; ++round) EXPECT_EQ(winners[static_cast<std::size_t>(round)], 1) << round;
}

TEST_F(S3, ListsMoreThanOnePage) {
    constexpr int kObjects = 1'050;
    const auto store = direct();
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < 4; ++writer)
            writers.emplace_back([&, writer] {
                for (int i = writer; i < kObjects; i += 4)
                    ASSERT_TRUE(store->put(fmt::format("p={}/{:04}", i % 3, i), "x"));
            });
    }
    const auto all = store->list("").value();
    ASSERT_EQ(all.size(), static_cast<std::size_t>(kObjects));
    EXPECT_TRUE(std::ranges::is_sorted(all, std::ranges::less_equal(), &ObjectInfo::key));
    EXPECT_EQ(store->list("", all[10].key).value().size(), static_cast<std::size_t>(kObjects - 11));
    EXPECT_EQ(store->list("p=1/").value().size(), static_cast<std::size_t>(kObjects / 3));
    EXPECT_EQ(store->folders("").value(), (std::vector<std::string>{"p=0", "p=1", "p=2"}));
}

TEST_F(S3, UploadsInPartsAndReadsRangesOfThem) {
    S3Proxy proxy(server->port());
    const auto store = through(proxy, kOfParts);
    const std::string bytes = random_bytes((std::size_t{17} << 20) + 123, 1);  // four parts of 5 MiB
    auto writer = store->writer("big").value();
    for (std::size_t at = 0; at < bytes.size(); at += 1'000'000)
        ASSERT_TRUE(writer->append(std::string_view(bytes).substr(at, 1'000'000)));
    EXPECT_EQ(store->head("big").error().code, ErrorCode::kNotFound);
    ASSERT_TRUE(writer->close());
    const auto is_part = [](const ProxiedRequest& r) { return r.target.find("partNumber=") != std::string::npos; };
    EXPECT_EQ(std::ranges::count_if(proxy.requests(), is_part), 4);

    EXPECT_EQ(store->head("big").value().size_bytes, bytes.size());
    EXPECT_EQ(store->get("big").value(), bytes);
    const auto reader = store->reader("big").value();
    std::string into;
    for (const auto& [offset, length] : {std::pair<std::size_t, std::size_t>{0, 10},
                                         {65'530, 12},
                                         {5 << 20, 100'000},
                                         {(10 << 20) - 3, 6 << 20},
                                         {bytes.size() - 70'000, 70'000},
                                         {bytes.size() - 1, 9}}) {
        into.assign(length, '\0');
        const std::size_t count = reader->read(offset, into).value();
        EXPECT_EQ(count, std::min(length, bytes.size() - offset));
        EXPECT_TRUE(std::string_view(into).substr(0, count) == std::string_view(bytes).substr(offset, count)) << offset;
    }
    EXPECT_EQ(store->get_range("big", 1, 9 << 20).value(), bytes.substr(1, 9 << 20));
}

TEST_F(S3, ADroppedUploadIsAborted) {
    S3Proxy proxy(server->port());
    const auto store = through(proxy, kOfParts);
    {
        auto writer = store->writer("big").value();
        ASSERT_TRUE(writer->append(random_bytes(11 << 20, 2)));
    }
    EXPECT_TRUE(store->list("").value().empty());
    const auto is_abort = [](const ProxiedRequest& r) {
        return r.method == "DELETE" && r.target.find("uploadId=") != std::string::npos;
    };
    EXPECT_EQ(std::ranges::count_if(proxy.requests(), is_abort), 1);
}

TEST_F(S3, AFailedPartFailsTheUpload) {
    S3Proxy proxy(server->port(), [](const ProxiedRequest& r, std::size_t) {
        return r.target.find("partNumber=2") != std::string::npos ? Disturbance::kDropRequest : Disturbance::kNone;
    });
    const auto store = through(proxy, kOfParts);
    auto writer = store->writer("big").value();
    static_cast<void>(writer->append(random_bytes(11 << 20, 3)));  // may learn of it already
    EXPECT_EQ(writer->close().error().code, ErrorCode::kUnavailable);
    writer.reset();
    EXPECT_TRUE(store->list("").value().empty());
}

TEST_F(S3, AReaderAsksOnceForManySmallReadsOfOnePlace) {
    const std::string bytes = random_bytes(1 << 20, 4);
    ASSERT_TRUE(direct()->put("f.parquet", bytes));
    S3Proxy proxy(server->port());
    const auto store = through(proxy);
    const auto read = [&](ObjectReader& reader, std::uint64_t offset, std::size_t length) {
        std::string into(length, '\0');
        EXPECT_EQ(reader.read(offset, into).value(), length);
        EXPECT_TRUE(into == bytes.substr(offset, length)) << offset;
    };
    // Opening brings the end along: a footer costs no further request.
    const auto reader = store->reader("f.parquet").value();
    for (const std::size_t back : {8, 16'384, 65'536}) read(*reader, bytes.size() - back, back);
    EXPECT_EQ(proxy.requests().size(), 1u);

    // Of a known object even opening is free; its blocks are shared by its readers.
    proxy.forget_requests();
    for (int i = 0; i < 2; ++i) {
        const auto known = store->reader_of({.key = "f.parquet", .size_bytes = bytes.size()}).value();
        for (std::uint64_t at = 200'000; at < 240'000; at += 1'000) read(*known, at, 1'000);
    }
    EXPECT_EQ(proxy.requests().size(), 1u);  // 200,000 to 240,000 lie in one block
    // What is larger is asked for as it is, and no more.
    proxy.forget_requests();
    read(*reader, 300'000, 400'000);
    ASSERT_EQ(proxy.requests().size(), 1u);
    EXPECT_EQ(proxy.requests()[0].answer_bytes, 400'000u);
}

TEST_F(S3, AReaderNeverMixesTwoVersions) {
    const auto store = direct();
    ASSERT_TRUE(store->put("x", std::string(200'000, 'a')));
    const auto reader = store->reader("x").value();
    ASSERT_TRUE(store->put("x", std::string(200'000, 'b')));
    std::string into(100, '\0');
    EXPECT_EQ(reader->read(0, into).error().code, ErrorCode::kUnavailable);
    EXPECT_NE(reader->info().version, store->head("x").value().version);
}

TEST_F(S3, SaysWhatIsWrongWithoutSayingSecrets) {
    S3Options options = server->options();
    options.secret_key = "a-wrong-secret";
    options.session_token = "";
    const auto refused = open_s3_store(root_, options, clock_).value()->get("x").error();
    EXPECT_EQ(refused.code, ErrorCode::kPermissionDenied) << refused.message;
    EXPECT_EQ(open_s3_store(root_, options, clock_).value()->put_if_absent("x", "1").error().code,
              ErrorCode::kPermissionDenied);
    EXPECT_EQ(open_s3_store(root_, options, clock_).value()->head("x").error().code, ErrorCode::kPermissionDenied);
    options.access_key = "NOBODY";
    const auto unknown = open_s3_store(root_, options, clock_).value()->list("").error();
    EXPECT_EQ(unknown.code, ErrorCode::kPermissionDenied) << unknown.message;
    for (const auto& text : {refused.message, refused.hint}) {
        EXPECT_EQ(text.find("a-wrong-secret"), std::string::npos);
        EXPECT_EQ(text.find(server->options().secret_key), std::string::npos);
    }

    const auto nowhere = open_s3_store("s3://no-such-bucket", server->options(), clock_).value();
    EXPECT_EQ(nowhere->get("x").error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(nowhere->put("x", "1").error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(nowhere->put_if_absent("x", "1").error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(nowhere->list("").error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(nowhere->remove("x").error().code, ErrorCode::kInvalidConfig);
}

TEST_F(S3, AClockThatIsOffIsSetByTheServers) {
    for (const std::chrono::minutes ahead : {std::chrono::minutes(-90), std::chrono::minutes(300)}) {
        clock_.ahead = ahead;
        EXPECT_EQ(direct()->get("x").error().code, ErrorCode::kNotFound);
        EXPECT_EQ(direct()->head("x").error().code, ErrorCode::kNotFound);
        const auto store = direct();
        EXPECT_TRUE(store->put_if_absent(fmt::format("k{}", ahead.count()), "1"));  // the first request of its store
        EXPECT_EQ(store->list("k").value().size(), ahead.count() < 0 ? 1u : 2u);
    }
}

TEST_F(S3, NobodyThereIsUnavailable) {
    S3Options options = server->options();
    options.endpoint = "http://127.0.0.1:1";
    const auto store = open_s3_store(root_, options, clock_).value();
    EXPECT_EQ(store->get("x").error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(clock_.sleeps, options.max_attempts - 1);
    EXPECT_EQ(store->put_if_absent("x", "1").error().code, ErrorCode::kUnavailable);
}

class Disturbed : public S3, public testing::WithParamInterface<Disturbance> {};
INSTANTIATE_TEST_SUITE_P(Each, Disturbed,
                         testing::Values(Disturbance::kDropRequest, Disturbance::kDropAnswer, Disturbance::kStall,
                                         Disturbance::kLate, Disturbance::kRepeat, Disturbance::kSlowDown,
                                         Disturbance::kInternal, Disturbance::kTruncate));

// Method: the first request of each call is disturbed, on a connection that was used before.
TEST_P(Disturbed, EveryCallSucceedsAllTheSame) {
    S3Proxy proxy(server->port());
    const auto store = through(proxy);
    const auto disturb_next = [&] {
        proxy.set_plan([&, left = 1](const ProxiedRequest&, std::size_t) mutable {
            return left-- > 0 ? GetParam() : Disturbance::kNone;
        });
    };
    ASSERT_TRUE(store->put_if_absent("before", "x"));

    disturb_next();
    EXPECT_TRUE(store->put("a", "1"));
    disturb_next();
    EXPECT_EQ(store->get("a").value(), "1");
    disturb_next();
    EXPECT_EQ(store->head("a").value().size_bytes, 1u);
    disturb_next();
    EXPECT_EQ(store->list("").value().size(), 2u);
    disturb_next();
    const auto made = store->put_if_absent("b", "2");
    EXPECT_TRUE(made) << made.error().message;
    disturb_next();
    EXPECT_EQ(store->put_if_absent("b", "2").error().code, ErrorCode::kAlreadyExists);
    disturb_next();
    EXPECT_EQ(store->put_if_absent("b", "3").error().code, ErrorCode::kAlreadyExists);
    disturb_next();
    EXPECT_TRUE(store->remove("a"));
    proxy.wait_until_quiet();
    EXPECT_EQ(store->get("b").value(), "2");
    EXPECT_EQ(store->get("a").error().code, ErrorCode::kNotFound);
}

// Method: in turn each request of an upload of three parts is disturbed.
TEST_P(Disturbed, AnUploadSucceedsAllTheSame) {
    const std::string bytes = random_bytes(11 << 20, 5);
    std::size_t requests = 6;
    for (std::size_t which = 0; which < requests; ++which) {
        S3Proxy proxy(server->port(), [&](const ProxiedRequest&, std::size_t number) {
            return number == which ? GetParam() : Disturbance::kNone;
        });
        const auto store = through(proxy, kOfParts);
        auto writer = store->writer("big").value();
        ASSERT_TRUE(writer->append(bytes));
        const auto closed = writer->close();
        EXPECT_TRUE(closed) << which << ": " << closed.error().message;
        proxy.wait_until_quiet();
        EXPECT_TRUE(direct()->get("big").value() == bytes) << which;
        ASSERT_TRUE(direct()->remove("big"));
        requests = 5;  // start, three parts, completion
    }
}

TEST_F(S3, AnOutcomeThatStaysUnknownIsSaidToBe) {
    for (const Disturbance disturbance : {Disturbance::kDropAnswer, Disturbance::kStall, Disturbance::kDropRequest}) {
        S3Proxy proxy(server->port(), [&](const ProxiedRequest&, std::size_t) { return disturbance; });
        const auto made = through(proxy)->put_if_absent(fmt::format("k{}", std::to_underlying(disturbance)), "1");
        EXPECT_TRUE(is_outcome_unknown(made.error().code)) << made.error().message;
    }
}

// Method: the write arrives only after the store gave up on it and another writer came first; then the reverse.
TEST_F(S3, ALateWriteLosesToWhoeverWasFirst) {
    std::atomic<bool> rival_wrote = false;
    S3Proxy proxy(
        server->port(), [&, rival = std::shared_ptr<ObjectStore>(direct())](const ProxiedRequest& r, std::size_t) {
            if (r.method != "PUT") return Disturbance::kNone;
            if (!rival_wrote.exchange(true)) {
                EXPECT_TRUE(rival->put_if_absent("k", "ours"));  // the same bytes: only the write's id tells them apart
                return Disturbance::kLate;
            }
            return Disturbance::kNone;
        });
    EXPECT_EQ(through(proxy)->put_if_absent("k", "ours").error().code, ErrorCode::kAlreadyExists);
    proxy.wait_until_quiet();
}

// Goal: whatever the network does, an acknowledged key is its writer's, and nobody else's was acknowledged.
// Method: four writers race for each key through a proxy that disturbs two requests of five, by a seed.
TEST_F(S3, RacingWritersOverABadNetworkAgree) {
    constexpr int kKeys = 25;
    constexpr int kWriters = 4;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE(fmt::format("seed {}", seed));
    constexpr std::array kKinds = {Disturbance::kDropRequest, Disturbance::kDropAnswer, Disturbance::kLate,
                                   Disturbance::kRepeat,      Disturbance::kSlowDown,   Disturbance::kInternal,
                                   Disturbance::kTruncate,    Disturbance::kStall};
    S3Proxy proxy(server->port(),
                  [&kKinds, random = std::minstd_rand(seed)](const ProxiedRequest&, std::size_t) mutable {
                      return random() % 5 < 2 ? kKinds[random() % kKinds.size()] : Disturbance::kNone;
                  });
    std::array<std::array<bool, kWriters>, kKeys> acknowledged{};
    std::array<std::atomic<int>, kKeys> told_taken{};
    std::barrier start(kWriters);
    {
        std::vector<std::jthread> writers;
        for (std::size_t writer = 0; writer < kWriters; ++writer)
            writers.emplace_back([&, writer] {
                const auto store = through(proxy);
                for (std::size_t key = 0; key < kKeys; ++key) {
                    start.arrive_and_wait();
                    const auto made = store->put_if_absent(fmt::format("v/{}", key), std::to_string(writer));
                    acknowledged[key][writer] = made.has_value();
                    if (made) continue;
                    if (made.error().code == ErrorCode::kAlreadyExists)
                        ++told_taken[key];
                    else
                        EXPECT_TRUE(is_outcome_unknown(made.error().code)) << made.error().message;
                }
            });
    }
    proxy.wait_until_quiet();
    const auto store = direct();
    int made = 0;
    for (std::size_t key = 0; key < kKeys; ++key) {
        const auto held = store->get(fmt::format("v/{}", key));
        for (std::size_t writer = 0; writer < kWriters; ++writer) {
            if (!acknowledged[key][writer]) continue;
            ++made;
            EXPECT_EQ(held.value(), std::to_string(writer)) << key;
        }
        EXPECT_TRUE(held || told_taken[key] == 0) << key;
    }
    EXPECT_GT(made, kKeys / 2);
}

// What versitygw does not do, by script.
class ScriptedS3 : public testing::Test {
protected:
    Result<> put_if_absent(std::vector<test::ScriptedAnswer> answers) {
        server_.script("*", std::move(answers));
        return store_()->put_if_absent("k", "1");
    }
    std::unique_ptr<ObjectStore> store_() {
        return open_s3_store("s3://bucket", {.endpoint = server_.base_url(), .access_key = "a", .secret_key = "s"},
                             clock_)
            .value();
    }
    static test::ScriptedAnswer error(int status, const std::string& code) {
        return {.status = status, .body = "<Error><Code>" + code + "</Code><Message>m</Message></Error>"};
    }
    test::ScriptedServer server_;
    HurriedClock clock_;
};

TEST_F(ScriptedS3, AServerWithoutConditionalWritesIsRefused) {
    EXPECT_EQ(put_if_absent({{.status = 200}}).error().code, ErrorCode::kUnsupported);
}

TEST_F(ScriptedS3, AConflictOfConditionsIsTriedAgain) {
    EXPECT_TRUE(
        put_if_absent({error(409, "ConditionalRequestConflict"), {.status = 200}, error(412, "PreconditionFailed")}));
    EXPECT_EQ(server_.requests().size(), 3u);
}

TEST_F(ScriptedS3, EachRefusalHasItsCode) {
    const auto code = [&](test::ScriptedAnswer answer) { return put_if_absent({std::move(answer)}).error().code; };
    EXPECT_EQ(code(error(507, "InsufficientStorage")), ErrorCode::kResourceExhausted);
    EXPECT_EQ(code(error(403, "QuotaExceeded")), ErrorCode::kResourceExhausted);
    EXPECT_EQ(code(error(400, "ExpiredToken")), ErrorCode::kPermissionDenied);
    EXPECT_EQ(code(error(501, "NotImplemented")), ErrorCode::kUnsupported);
    EXPECT_EQ(code(error(400, "InvalidRequest")), ErrorCode::kInternal);
    EXPECT_EQ(code({.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-1"}}}), ErrorCode::kInvalidConfig);
    EXPECT_EQ(code({.status = 307, .headers = {{"Location", "http://127.0.0.1:1/"}}}), ErrorCode::kInvalidConfig);
}

TEST_F(ScriptedS3, ACompressedObjectIsReadAsItIsStored) {
    server_.script("*", {{.status = 206,
                          .headers = {{"Content-Encoding", "gzip"}, {"Content-Range", "bytes 0-3/4"}},
                          .body = "\x1f\x8bxy"}});
    EXPECT_EQ(store_()->get("k").value(), "\x1f\x8bxy");
}

TEST_F(ScriptedS3, AServerThatIgnoresRangesIsRefused) {
    server_.script("*", {{.status = 200, .body = std::string(200'000, 'x')}});
    EXPECT_EQ(store_()->reader("k").error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace lagoa
