// Goal: one start serves all sources and says where they are. Method: requests over loopback.
#include "sample/sample_server.h"

#include <gtest/gtest.h>

#include "net/http_client.h"
#include "support/fake_clock.h"

namespace lagoa::sample {
namespace {

SampleOptions without_legacy(Clock& clock) {
    return {.with_legacy = false, .clock = &clock};
}

TEST(SampleServer, ServesApiSiteAndFile) {
    test::FakeClock clock;  // 2026-01-02, 00:04 in São Paulo
    SampleOptions options = without_legacy(clock);
    options.b3_directory = std::filesystem::path(testing::TempDir()) / "sample_server_test";
    const auto server = SampleServer::start(options);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    auto environment = (*server)->environment();
    auto client = net::make_http_client();
    net::HttpRequest request{.url = environment.at("BRAPI_BASE_URL") + "/api/quote/PETR4,HGLG11?range=5d",
                             .headers = {{"Authorization", "Bearer " + environment.at("BRAPI_TOKEN")}},
                             .allow_private_addresses = true};

    const auto quotes = client->send(request);
    ASSERT_TRUE(quotes.has_value()) << quotes.error().message;
    EXPECT_EQ(quotes->status, 200);
    EXPECT_NE(quotes->body.find("\"regularMarketTime\":\"2026-01-02T18:05:21.000Z\""), std::string::npos);
    request.url = environment.at("FII_BASE_URL") + "/detalhes.php?papel=HGLG11";
    EXPECT_NE(client->send(request)->body.find("02/01/2026"), std::string::npos);
    EXPECT_TRUE(std::filesystem::exists(options.b3_directory / "COTAHIST_D30122025.TXT"));
    EXPECT_FALSE(environment.contains("LEGACY_DSN"));
    std::filesystem::remove_all(options.b3_directory);
}

TEST(SampleServer, RefusesOptionsThatContradict) {
    test::FakeClock clock;
    SampleOptions no_token = without_legacy(clock), early = without_legacy(clock), late = without_legacy(clock);
    no_token.token.clear();
    early.from = kEpoch - std::chrono::days{1};
    late.from = Day{std::chrono::year{2026} / 1 / 2};
    for (const SampleOptions& options : {no_token, early, late}) {
        const auto server = SampleServer::start(options);
        ASSERT_FALSE(server.has_value());
        EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
    }
    SampleOptions no_recordings = without_legacy(clock);
    no_recordings.recordings = "/nowhere";
    EXPECT_EQ(SampleServer::start(no_recordings).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace lagoa::sample
