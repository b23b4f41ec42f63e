// Goal: recorded answers come out as they were written, to the last digit. Method: a folder of small
// recordings; then, where they are at hand, the real ones beside the project.
#include "sample/recordings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "sample/api.h"
#include "sample/fii_site.h"
#include "sample/impl/market_time.h"
#include "support/fake_clock.h"

namespace lagoa::sample {
namespace {

namespace fs = std::filesystem;

constexpr Day kToday{std::chrono::year{2026} / 11 / 25};

class RecordingsTest : public testing::Test {
protected:
    RecordingsTest() : folder_(fs::path(testing::TempDir()) / "recordings_test") { fs::remove_all(folder_); }
    ~RecordingsTest() override { fs::remove_all(folder_); }

    void write(const fs::path& name, std::string_view text) const {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }

    net::ServerResponse api(const Recordings& recordings, std::string path,
                            std::vector<std::pair<std::string, std::string>> query = {}) {
        BrapiApi server(market_, &recordings, {.token = "t", .now = market_instant(kToday, std::chrono::hours{15})},
                        clock_);
        return server.answer({.method = "GET",
                              .path = std::move(path),
                              .query = std::move(query),
                              .headers = {{"Authorization", "Bearer t"}}});
    }

    net::ServerResponse site(const Recordings& recordings, std::string path, std::string fund) {
        return FiiSite(market_, &recordings, kToday)
            .answer({.method = "GET",
                     .path = std::move(path),
                     .query = {{"papel", std::move(fund)}},
                     .headers = {{"User-Agent", "x"}}});
    }

    const Market market_{{}};
    test::FakeClock clock_;
    const fs::path folder_;
};

TEST_F(RecordingsTest, PassesNumbersThroughAsWritten) {
    write("brapi/q.json",
          R"([{"symbol":"AAAA3","marketCap":282010155659.43243000,"p":0.0},{"symbol":"BBBB3","p":1e2}])");
    write("brapi/month/q.json", R"([{"symbol":"AAAA3","p":7,"historicalDataPrice":[]}])");
    write("brapi/c.json", R"([{"coin":"BTC","regularMarketDayHigh":343805.41531250003}])");
    write("brapi/errors/404.json", R"({"error":true})");
    const auto recordings = Recordings::load(folder_);
    ASSERT_TRUE(recordings.has_value()) << recordings.error().message;

    const auto quotes = api(*recordings, "/api/quote/AAAA3,BBBB3");
    EXPECT_EQ(quotes.status, 200);
    EXPECT_NE(quotes.body.find(R"("marketCap":282010155659.43243000,"p":0.0)"), std::string::npos) << quotes.body;
    EXPECT_NE(quotes.body.find("1e2"), std::string::npos);
    EXPECT_EQ(quotes.body.find("simulated"), std::string::npos);
    EXPECT_EQ(*net::find_header(quotes.headers, "X-Lagoa-Recorded"), "true");
    EXPECT_NE(api(*recordings, "/api/quote/AAAA3", {{"range", "1mo"}}).body.find("historicalDataPrice"),
              std::string::npos);
    EXPECT_EQ(api(*recordings, "/api/quote/AAAA3,PETR4").status, 404) << "nothing simulated among recordings";
    EXPECT_NE(api(*recordings, "/api/v2/crypto", {{"coin", "BTC"}}).body.find("343805.41531250003"), std::string::npos);
    EXPECT_EQ(api(*recordings, "/api/v2/crypto", {{"coin", "ETH"}}).status, 404);
}

TEST_F(RecordingsTest, PassesPagesThroughAndSimulatesOtherFunds) {
    write("fii/site/hglg11_details.html", "d\xE9tails");
    write("fii/site/hglg11_dividends.html", "dividends");
    write("fii/other_soft404_page.html", "OPS");
    const auto recordings = Recordings::load(folder_);
    ASSERT_TRUE(recordings.has_value());
    EXPECT_EQ(site(*recordings, "/detalhes.php", "HGLG11").body, "d\xE9tails");
    EXPECT_EQ(site(*recordings, "/fii_proventos.php", "HGLG11").body, "dividends");
    EXPECT_EQ(site(*recordings, "/detalhes.php", "SOFT11").body, "OPS");
    EXPECT_EQ(site(*recordings, "/detalhes.php", "SOFT11").status, 200);
    EXPECT_NE(site(*recordings, "/detalhes.php", "KNRI11").body.find("KNRI11"), std::string::npos);
}

TEST_F(RecordingsTest, RefusesFoldersWithoutAnyAndDamagedFiles) {
    const auto missing = Recordings::load(folder_ / "nowhere");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    write("brapi/q.json", R"([{"symbol":)");
    const auto damaged = Recordings::load(folder_);
    ASSERT_FALSE(damaged.has_value());
    EXPECT_EQ(damaged.error().code, ErrorCode::kCorruption);
}

TEST_F(RecordingsTest, ServesTheRealOnes) {
    const fs::path real = "../shared/data";
    if (!fs::exists(real)) GTEST_SKIP() << "no recordings beside the project";
    const auto recordings = Recordings::load(real);
    ASSERT_TRUE(recordings.has_value()) << recordings.error().message;
    EXPECT_EQ(api(*recordings, "/api/quote/RBRF11,HGLG11,VINO11,IRDM11,XPML11").status, 200);
    const auto month = api(*recordings, "/api/quote/GMCO34,PETR4", {{"range", "1mo"}});
    EXPECT_NE(month.body.find("\"marketCap\":282010155659.43243"), std::string::npos);
    EXPECT_NE(month.body.find("7781.0526315789475"), std::string::npos);
    EXPECT_NE(api(*recordings, "/api/v2/crypto", {{"coin", "BTC"}}).body.find("86471347235.94241"), std::string::npos);
    EXPECT_EQ(site(*recordings, "/detalhes.php", "HGLG11").body.size(),
              fs::file_size(real / "fii/fundamentus/hglg11_details.html"));
    EXPECT_EQ(site(*recordings, "/detalhes.php", "SOFT404").body.size(),
              fs::file_size(real / "fii/statusinvest_soft404_page.html"));
}

}  // namespace
}  // namespace lagoa::sample
