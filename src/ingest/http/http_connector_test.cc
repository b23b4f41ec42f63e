// Goal: what a server sends is landed as it came; what it refuses, cuts or garbles is retried, asked again
// item by item or named, and no secret leaves. Method: a scripted server on loopback, or a scripted client
// where time passes; the clock stands still.
#include "ingest/http/http_connector.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "support/faulty_store.h"
#include "support/ingest_workbench.h"
#include "support/scripted_server.h"

namespace lagoa::ingest {
namespace {

using std::chrono::seconds;
using test::FaultyStore;
using test::ScriptedAnswer;

constexpr std::string_view kYaml = R"(
kind: http
base_url: ${BASE_URL}
auth: {bearer: "${TOKEN:-}"}
limits: {attempts: 3}
streams:
  - name: quote
    path: /quote/{items}
    query: {range: 1d}
    items: [AAAA3, BBBB4, CCCC5]
    items_per_request: 10
    answered: /results/*/symbol
    tables: [{table: bronze.stocks, records: /results/*}]
)";

ScriptedAnswer results(std::initializer_list<std::string_view> symbols) {
    std::string body;
    for (const auto symbol : symbols) body += fmt::format("{}{{\"symbol\": \"{}\"}}", body.empty() ? "" : ", ", symbol);
    return {.headers = {{"Content-Type", "application/json"}}, .body = "{\"results\":  [" + body + "]}\n"};
}

ScriptedAnswer refusal(int status, std::string_view message = "no such thing") {
    return {.status = status, .body = fmt::format(R"({{"error":true,"message":"{}"}})", message)};
}

class HttpConnectorTest : public ::testing::Test {
protected:
    HttpConnectorTest() { bench.environment["BASE_URL"] = server.base_url(); }

    Result<IngestResult> ingest() { return bench.ingest(kYaml); }

    test::ScriptedServer server;
    test::IngestWorkbench bench;
};

TEST_F(HttpConnectorTest, LandsTheAnswerVerbatim) {
    ScriptedAnswer answer = results({"AAAA3", "BBBB4", "CCCC5"});
    answer.headers.insert(answer.headers.end(), {{"ETag", "\"7\""},
                                                 {"Set-Cookie", "session=1"},
                                                 {"X-RateLimit-Remaining", "9"},
                                                 {"X-Lagoa-Simulated", "true"}});
    server.script("/quote/AAAA3,BBBB4,CCCC5", {answer});

    const auto result = ingest();

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->sequence, 1u);
    EXPECT_EQ(server.requests().at(0).target, "/quote/AAAA3,BBBB4,CCCC5?range=1d");
    EXPECT_FALSE(server.requests().at(0).headers.contains("authorization"));
    const Manifest manifest = bench.manifests().at(0);
    ASSERT_EQ(manifest.objects.size(), 1u);
    const LandedObject& object = manifest.objects[0];
    EXPECT_EQ(object.key, "sample/date_ingestion=20260102/run-1/quote-AAAA3_BBBB4_CCCC5.json");
    EXPECT_EQ(bench.landed(object), answer.body);
    EXPECT_EQ(object.format, RecordFormat::kJson);
    EXPECT_EQ(object.item, "AAAA3,BBBB4,CCCC5");
    EXPECT_EQ(object.size_bytes, answer.body.size());
    const json::Value response = object.response;
    EXPECT_EQ(response.int64_at("status"), 200);
    const json::Value* headers = response.find("headers");
    EXPECT_EQ(headers->string_at("etag"), "\"7\"");
    EXPECT_EQ(headers->string_at("x-ratelimit-remaining"), "9");
    EXPECT_EQ(headers->string_at("x-lagoa-simulated"), "true");
    EXPECT_EQ(headers->find("set-cookie"), nullptr);
    EXPECT_EQ(json::Value(object.request).string_at("url"), server.base_url() + "/quote/AAAA3,BBBB4,CCCC5?range=1d");
}

TEST_F(HttpConnectorTest, NoSecretLeaves) {
    bench.environment["TOKEN"] = "s3cr3t/+token";
    ScriptedAnswer answer = results({"AAAA3", "BBBB4"});
    answer.headers.emplace_back("ETag", "s3cr3t/+token");
    const std::string by_query = replace_all(kYaml, "bearer: \"${TOKEN:-}\"", "query: {token: \"${TOKEN}\"}");

    for (const std::string& yaml : {std::string(kYaml), by_query}) {
        server.script("*",
                      {answer, refusal(404, "bad token s3cr3t/+token")});  // an answer that lacks one, and that one
        ASSERT_TRUE(bench.ingest(yaml).has_value());
    }

    EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Bearer s3cr3t/+token");
    EXPECT_NE(server.requests().back().target.find("token=s3cr3t%2F%2Btoken"), std::string::npos);
    for (const Manifest& manifest : bench.manifests()) {
        EXPECT_FALSE(manifest.failures.empty());
        EXPECT_EQ(json::dump(to_json(manifest)).find("s3cr3t"), std::string::npos) << json::dump(to_json(manifest));
    }
}

TEST_F(HttpConnectorTest, RetriesWhatMayPass) {
    ScriptedAnswer busy = refusal(429);
    busy.headers.emplace_back("Retry-After", "7");
    server.script("*", {busy, refusal(503), results({"AAAA3", "BBBB4", "CCCC5"})});

    const auto result = ingest();

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_TRUE(result->failures.empty());
    EXPECT_EQ(server.requests().size(), 3u);
    EXPECT_GE(bench.clock.slept(), seconds(7));
    EXPECT_LE(bench.clock.slept(), seconds(8));
}

TEST_F(HttpConnectorTest, RetriesACutAnswer) {
    const ScriptedAnswer whole = results({"AAAA3", "BBBB4", "CCCC5"});
    ScriptedAnswer cut = whole;
    cut.cut_after = 10;
    ScriptedAnswer quietly_cut = whole;  // no length says that something is missing
    quietly_cut.body.resize(20);
    server.script("*", {cut, quietly_cut, whole});

    const auto result = ingest();

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(bench.landed(bench.manifests().at(0).objects.at(0)), whole.body);
}

TEST_F(HttpConnectorTest, AWrongTokenFailsTheSourceAtOnce) {
    for (const auto& [status, code] :
         {std::pair(401, ErrorCode::kUnauthenticated), std::pair(403, ErrorCode::kPermissionDenied)}) {
        server.script("*", {refusal(status)});
        const std::size_t before = server.requests().size();
        const auto result = ingest();
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().code, code);
        EXPECT_NE(result.error().hint.find("TOKEN"), std::string::npos) << result.error().hint;
        EXPECT_EQ(server.requests().size(), before + 1);
    }
    EXPECT_TRUE(bench.manifests().empty());
}

TEST_F(HttpConnectorTest, OneBadItemNeverDropsTheOthers) {
    for (const int status : {400, 404, 417, 500}) {
        server.script("/quote/AAAA3,BBBB4,CCCC5", {refusal(status)});
        server.script("/quote/AAAA3", {refusal(status, "AAAA3 is not known")});
        server.script("/quote/BBBB4", {results({"BBBB4"})});
        server.script("/quote/CCCC5", {results({"CCCC5"})});
        const auto result = ingest();
        ASSERT_TRUE(result.has_value()) << status << result.error().message;
        EXPECT_EQ(result->objects, 2u) << status;
        ASSERT_EQ(result->failures.size(), 1u) << status;
        EXPECT_EQ(result->failures[0].item, "AAAA3");
        EXPECT_NE(result->failures[0].message.find("AAAA3 is not known"), std::string::npos)
            << result->failures[0].message;
    }
}

TEST_F(HttpConnectorTest, AnItemMissingFromAnAnswerIsAskedForAloneOnce) {
    server.script("/quote/AAAA3,BBBB4,CCCC5", {results({"BBBB4"})});
    server.script("/quote/AAAA3", {results({"AAAA3"})});
    server.script("/quote/CCCC5", {results({"CCCC6"})});

    const auto result = ingest();

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(server.requests().size(), 3u);
    ASSERT_EQ(result->failures.size(), 1u);
    EXPECT_EQ(result->failures[0].item, "CCCC5");
    EXPECT_EQ(result->failures[0].code, info(ErrorCode::kNotFound).name);
    EXPECT_EQ(bench.manifests().at(0).objects.back().format, RecordFormat::kNone);  // the renamed one, as evidence
}

TEST_F(HttpConnectorTest, NothingUsableIsAnErrorThatNamesTheFirst) {
    server.script("*", {refusal(404)});
    const auto result = ingest();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
    EXPECT_NE(result.error().message.find("3 items"), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("AAAA3"), std::string::npos);
    EXPECT_TRUE(bench.manifests().empty());
}

TEST_F(HttpConnectorTest, AUsedUpQuotaStopsTheAsking) {
    const std::string one_by_one = replace_all(kYaml, "items_per_request: 10", "items_per_request: 1");
    ScriptedAnswer busy = refusal(429);
    busy.headers.emplace_back("Retry-After", "100000");
    server.script("/quote/AAAA3", {results({"AAAA3"})});
    server.script("/quote/BBBB4", {busy});

    const auto result = bench.ingest(one_by_one);

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(server.requests().size(), 4u);  // one, three attempts, none for the third item
    ASSERT_EQ(result->failures.size(), 2u);
    EXPECT_EQ(result->failures[1].code, info(ErrorCode::kResourceExhausted).name);
    EXPECT_EQ(bench.clock.slept(), seconds(240));  // Retry-After is honoured up to its cap

    server.script("*", {refusal(402)});
    bench.environment["BASE_URL"] += "/plan";
    EXPECT_EQ(ingest().error().code, ErrorCode::kResourceExhausted);
}

TEST_F(HttpConnectorTest, AnAnswerThatIsNoJsonObjectIsKeptAndNamed) {
    const std::string one_by_one = replace_all(kYaml, "items_per_request: 10", "items_per_request: 1");
    const std::string bodies[] = {R"({"results": [{"symbol": "AAAA3")", "{\"results\": \"\xE7\xE3o\"}",
                                  "<!DOCTYPE html><p>Entrar</p>", "[]", ""};
    for (const std::string& body : bodies) {
        server.script("/quote/AAAA3", {{.body = body}});
        server.script("/quote/BBBB4", {results({"BBBB4"})});
        server.script("/quote/CCCC5", {results({"CCCC5"})});
        const auto result = bench.ingest(one_by_one);
        ASSERT_TRUE(result.has_value()) << result.error().message;
        ASSERT_EQ(result->failures.size(), 1u) << body;
        EXPECT_EQ(result->failures[0].code, info(ErrorCode::kDataRejected).name);
        const LandedObject evidence = bench.manifests().back().objects.at(0);
        EXPECT_EQ(evidence.format, RecordFormat::kNone);
        EXPECT_TRUE(evidence.key.ends_with("quote-AAAA3.bad"));
        EXPECT_EQ(bench.landed(evidence), body);
        EXPECT_NE(result->failures[0].message.find(evidence.key), std::string::npos) << result->failures[0].message;
    }
}

TEST_F(HttpConnectorTest, AServerThatIsDownIsNotAskedForever) {
    std::string yaml = replace_all(kYaml, "items_per_request: 10", "items_per_request: 1");
    yaml = replace_all(yaml, "CCCC5", "CCCC5, DDDD6, EEEE7");
    server.script("*", {{.close_without_answer = true}});

    const auto result = bench.ingest(yaml);

    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(server.requests().size(), 9u);  // three items, three attempts each
    EXPECT_TRUE(bench.manifests().empty());
}

TEST_F(HttpConnectorTest, ATokenIsNotCarriedToAnotherAddress) {
    bench.environment["TOKEN"] = "s3cr3t";
    server.script("*", {{.status = 302, .headers = {{"Location", server.base_url() + "/elsewhere"}}}});
    EXPECT_EQ(ingest().error().code, ErrorCode::kInvalidConfig);
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpConnectorTest, AFullDiskFailsTheRunAndCommitsNothing) {
    server.script("*", {results({"AAAA3", "BBBB4", "CCCC5"})});
    for (const int at : {1, 2}) {
        FaultyStore full(*bench.landing,
                         {.kind = FaultyStore::Kind::kFail, .at = at, .code = ErrorCode::kResourceExhausted});
        EXPECT_EQ(bench.ingest_into(full, kYaml).error().code, ErrorCode::kResourceExhausted);
    }
    EXPECT_TRUE(bench.manifests().empty());
}

TEST_F(HttpConnectorTest, ItemsNameNoOtherFolder) {
    const std::string yaml = replace_all(kYaml, "[AAAA3, BBBB4, CCCC5]", "[\"../../A B\"]");
    server.script("*", {results({"../../A B"})});
    ASSERT_TRUE(bench.ingest(yaml).has_value());
    EXPECT_EQ(server.requests().at(0).target, "/quote/..%2F..%2FA%20B?range=1d");
    EXPECT_TRUE(bench.manifests().at(0).objects.at(0).key.ends_with("/run-1/quote-.._.._A_B.json"));
}

/// Answers every request with one error.
class BrokenClient final : public net::HttpClient {
public:
    explicit BrokenClient(ErrorCode code) : code_(code) {}
    Result<net::HttpResponse> send(const net::HttpRequest&, std::stop_token) override {
        ++requests;
        return fail(code_, "the script says so");
    }
    int requests = 0;

private:
    ErrorCode code_;
};

TEST_F(HttpConnectorTest, TimeoutsAreRetriedAndReported) {
    auto client = std::make_unique<BrokenClient>(ErrorCode::kDeadlineExceeded);
    const BrokenClient& asked = *client;
    bench.http = std::move(client);
    EXPECT_EQ(ingest().error().code, ErrorCode::kDeadlineExceeded);
    EXPECT_EQ(asked.requests, 3);
}

TEST_F(HttpConnectorTest, AStopEndsTheWaiting) {
    bench.http = std::make_unique<BrokenClient>(ErrorCode::kUnavailable);
    bench.stop.request_stop();
    EXPECT_EQ(ingest().error().code, ErrorCode::kCancelled);
}

TEST_F(HttpConnectorTest, ABodyOverTheLimitIsAskedForInParts) {
    const std::string yaml = replace_all(kYaml, "attempts: 3", "attempts: 3, max_body_mb: 1");
    ScriptedAnswer large = results({"AAAA3", "BBBB4", "CCCC5"});
    large.body.insert(0, std::string(std::size_t{1} << 20, ' '));
    server.script("/quote/AAAA3,BBBB4,CCCC5", {large});
    for (const auto* item : {"AAAA3", "BBBB4", "CCCC5"})
        server.script(std::string("/quote/") + item, {results({item})});

    const auto result = bench.ingest(yaml);

    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->objects, 3u);
}

TEST_F(HttpConnectorTest, AnUnsetVariableIsNamed) {
    bench.environment.clear();
    const auto result = ingest();
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidConfig);
    EXPECT_NE(result.error().message.find("BASE_URL"), std::string::npos);
}

}  // namespace
}  // namespace lagoa::ingest
