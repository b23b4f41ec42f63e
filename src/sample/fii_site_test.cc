// Goal: the site's pages have the structure scrapers rely on and the traps they must survive.
// Method: count and find in the bytes; no parser, so that its tolerance hides nothing.
#include "sample/fii_site.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace lagoa::sample {
namespace {

constexpr Day kToday{std::chrono::year{2026} / 11 / 25};

net::ServerResponse get(const FiiSite& site, std::string path, std::string fund = "", std::string agent = "test") {
    net::ServerRequest request{.method = "GET", .path = std::move(path)};
    if (!fund.empty()) request.query = {{"papel", std::move(fund)}};
    if (!agent.empty()) request.headers = {{"User-Agent", std::move(agent)}};
    return site.answer(request);
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

class FiiSiteTest : public testing::Test {
protected:
    const Market market_{{}};
    const FiiSite site_{market_, nullptr, kToday};
};

TEST_F(FiiSiteTest, RankingHasARowAFundAndThirteenColumns) {
    const auto response = get(site_, "/fii_resultado.php");
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(*net::find_header(response.headers, "Content-Type"), "text/html; charset=ISO-8859-1");
    const std::string body = response.body.substr(response.body.find("<tbody>"));
    EXPECT_EQ(count(response.body, "id=\"tabelaResultado\""), 1u);
    EXPECT_EQ(count(body, "<tr>"), 30u);
    EXPECT_EQ(count(body, "<td>"), 30u * 13);
    EXPECT_GT(count(body, "<td></td>"), 0u) << "a fund without a segment";
}

TEST_F(FiiSiteTest, DetailsRepeatLabelsInLatin1) {
    const auto response = get(site_, "/detalhes.php", "hglg11");
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(*net::find_header(response.headers, "X-Lagoa-Simulated"), "true");
    EXPECT_NE(response.body.find("Mercado simulado"), std::string::npos);
    EXPECT_GE(count(response.body, "<table class=\"w728\">"), 4u);
    EXPECT_EQ(count(response.body, "<span class=\"txt\">Receita</span>"), 2u);
    EXPECT_NE(response.body.find("<span class=\"txt\">HGLG11</span>"), std::string::npos);
    EXPECT_NE(response.body.find("<span class=\"txt\">25/11/2026</span>"), std::string::npos);
    EXPECT_NE(response.body.find("Cota\xE7\xE3o"), std::string::npos);
    EXPECT_FALSE(is_utf8(response.body));
    EXPECT_NE(count(response.body, "<tr>"), count(response.body, "</tr>")) << "one row is not closed";
}

TEST_F(FiiSiteTest, DividendsAreNewestFirst) {
    const auto response = get(site_, "/fii_proventos.php", "MXRF11");
    EXPECT_EQ(count(response.body, "<table id=\"resultado\""), 1u);
    EXPECT_GT(count(response.body, "<td>Rendimento</td>"), 100u);
    EXPECT_LT(response.body.find("/2026</td>"), response.body.find("/2020</td>"));
}

TEST_F(FiiSiteTest, UnknownFundsAreAPageWithoutTables) {
    for (const char* fund : {"NADA11", "PETR4", "BTC", "<script>", ""}) {
        const auto response = get(site_, "/detalhes.php", fund);
        EXPECT_EQ(response.status, 200) << fund;
        EXPECT_EQ(count(response.body, "<table"), 0u) << fund;
        EXPECT_EQ(count(response.body, "<script>"), 0u) << fund;
    }
}

TEST_F(FiiSiteTest, RefusesRobotsWithoutANameAndUnknownPaths) {
    EXPECT_EQ(get(site_, "/detalhes.php", "HGLG11", "").status, 403);
    EXPECT_EQ(get(site_, "/index.php").status, 404);
}

TEST_F(FiiSiteTest, SameSeedSameBytes) {
    const Market again{{}};
    const FiiSite other(again, nullptr, kToday);
    for (const Asset& asset : market_.assets()) {
        EXPECT_EQ(get(site_, "/detalhes.php", asset.ticker).body, get(other, "/detalhes.php", asset.ticker).body);
    }
}

}  // namespace
}  // namespace lagoa::sample
