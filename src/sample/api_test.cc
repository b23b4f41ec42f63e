// Goal: the API refuses what the real one refuses, with its statuses and shapes, answers the same bytes for
// the same seed, and has its quirks. Method: requests straight to the handler, under a fake clock.
#include "sample/api.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "codec/json.h"
#include "net/percent_encoding.h"
#include "sample/impl/market_time.h"
#include "support/fake_clock.h"

namespace lagoa::sample {
namespace {

using std::chrono::year;

constexpr Day kToday{year{2026} / 11 / 25};  // a Wednesday with trading

class ApiTest : public testing::Test {
protected:
    static ApiOptions options() {
        return {
            .token = "t", .first_day = Day{year{2021} / 1 / 1}, .now = market_instant(kToday, std::chrono::hours{15})};
    }

    BrapiApi api(ApiOptions chosen = options()) { return {market_, nullptr, chosen, clock_}; }

    static net::ServerRequest request(std::string_view target, std::string token = "t") {
        net::ServerRequest result{.method = "GET"};
        const std::size_t question = std::min(target.find('?'), target.size());
        result.path = target.substr(0, question);
        if (question < target.size()) result.query = net::decode_query(target.substr(question + 1)).value();
        if (!token.empty()) result.headers = {{"Authorization", "Bearer " + token}};
        return result;
    }

    json::Value body_of(const net::ServerResponse& response) {
        auto value = json::parse(response.body);
        EXPECT_TRUE(value.has_value()) << response.body;
        return value ? *value : json::Value();
    }

    json::Value get(std::string_view target) {
        BrapiApi server = api();
        return body_of(server.answer(request(target)));
    }

    const Market market_{{}};
    test::FakeClock clock_;
};

std::string text_at(const json::Value& root, std::string_view pointer) {
    const json::Value* value = json::at_pointer(root, pointer);
    return value == nullptr ? "(absent)" : json::dump(*value);
}

TEST_F(ApiTest, RefusesByStatus) {
    BrapiApi server = api();
    const struct {
        const char* target;
        const char* token;
        int status;
    } cases[] = {
        {"/api/quote/PETR4", "wrong", 401},
        {"/api/quote/WEGE3", "", 401},
        {"/api/v2/crypto?coin=BTC", "", 401},
        {"/api/quote/list", "", 401},
        {"/api/quote/PETR4,WEGE3", "", 401},
        {"/api/quote/PETR4?token=wrong", "", 401},
        {"/api/quote/PETR4,MGLU3,VALE3,ITUB4", "", 200},
        {"/api/quote/WEGE3?token=t", "", 200},
        {"/api/quote/PETR4?range=3w", "t", 400},
        {"/api/quote/PETR4?interval=7m", "t", 400},
        {"/api/quote/PETR4?fundamental=yes", "t", 400},
        {"/api/quote/PETR4?modules=summaryProfile", "t", 400},
        {"/api/quote/NADA3", "t", 404},
        {"/api/quote/PETR4,NADA3,VALE3", "t", 404},
        {"/api/quote/", "t", 404},
        {"/api/quote/BTC", "t", 404},
        {"/api/nothing", "t", 404},
        {"/api/v2/crypto", "t", 417},
        {"/api/v2/crypto?coin=DOGE", "t", 404},
        {"/api/quote/list?sortOrder=up", "t", 417},
        {"/api/quote/list?limit=0", "t", 400},
        {"/api/v2/prime-rate?start=2024-01-01", "t", 400},
        {"/api/v2/prime-rate?country=atlantis", "t", 404},
        {"/api/v2/inflation?start=31/02/2024", "t", 400},
    };
    for (const auto& one : cases) {
        const auto response = server.answer(request(one.target, one.token));
        EXPECT_EQ(response.status, one.status) << one.target;
        const json::Value body = body_of(response);
        EXPECT_EQ(text_at(body, "/simulated"), "true") << one.target;
        EXPECT_EQ(*net::find_header(response.headers, "x-lagoa-simulated"), "true") << one.target;
        EXPECT_EQ(body.string_at("message").has_value(), one.status >= 400) << one.target;
    }
    EXPECT_EQ(text_at(body_of(server.answer(request("/api/quote/X", "wrong"))), "/error"), "true");
    EXPECT_EQ(text_at(body_of(server.answer(request("/api/v2/crypto?coin=DOGE"))), "/error"), "(absent)");
}

TEST_F(ApiTest, PlansLimitTickersAndRanges) {
    ApiOptions free = options();
    free.plan = Plan::kFree;
    BrapiApi server = api(free);
    EXPECT_EQ(text_at(body_of(server.answer(request("/api/quote/PETR4,VALE3"))), "/code"),
              "\"QUOTES_PER_REQUEST_EXCEEDED\"");
    EXPECT_EQ(text_at(body_of(server.answer(request("/api/quote/PETR4?range=6mo"))), "/code"), "\"INVALID_RANGE\"");
    EXPECT_EQ(server.answer(request("/api/quote/PETR4?range=3mo")).status, 200);
    EXPECT_EQ(get("/api/quote/PETR4?range=max").find("error"), nullptr);
}

TEST_F(ApiTest, LimitsRequestsAMinuteAndInAll) {
    ApiOptions limited = options();
    limited.requests_per_minute = 2;
    limited.quota = 3;
    BrapiApi server = api(limited);
    const auto first = server.answer(request("/api/available"));
    EXPECT_EQ(*net::find_header(first.headers, "x-ratelimit-limit"), "2");
    EXPECT_EQ(*net::find_header(first.headers, "x-ratelimit-remaining"), "1");
    EXPECT_EQ(*net::find_header(first.headers, "x-ratelimit-window"), "60");
    EXPECT_EQ(server.answer(request("/api/available")).status, 200);
    clock_.advance(std::chrono::seconds(20));
    const auto refused = server.answer(request("/api/available"));
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(*net::find_header(refused.headers, "retry-after"), "40");
    clock_.advance(std::chrono::seconds(40));
    EXPECT_EQ(server.answer(request("/api/available")).status, 200);
    EXPECT_EQ(server.answer(request("/api/available")).status, 402) << "a refused request used nothing up";
}

TEST_F(ApiTest, SameRequestSameBytes) {
    const char* target = "/api/quote/PETR4,HGLG11,ROXO34?range=3mo&interval=1d&fundamental=true&dividends=true";
    BrapiApi one = api(), other = api();
    EXPECT_EQ(one.answer(request(target)).body, other.answer(request(target)).body);
    EXPECT_NE(one.answer(request(target)).body,
              BrapiApi(Market({.seed = 9}), nullptr, options(), clock_).answer(request(target)).body);
}

TEST_F(ApiTest, ARangeIsTheEndOfALongerOne) {
    const json::Value year_long = get("/api/quote/VALE3?range=1y"), month = get("/api/quote/VALE3?range=1mo");
    const json::Array& longer = *json::at_pointer(year_long, "/results/0/historicalDataPrice")->array();
    const json::Array& shorter = *json::at_pointer(month, "/results/0/historicalDataPrice")->array();
    ASSERT_LT(shorter.size(), longer.size());
    EXPECT_TRUE(std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin()));
    EXPECT_EQ(json::at_pointer(get("/api/quote/VALE3?range=1d"), "/results/0/historicalDataPrice")->array()->size(),
              1u);
    EXPECT_EQ(json::at_pointer(get("/api/quote/VALE3?range=5d"), "/results/0/historicalDataPrice")->array()->size(),
              5u);
    EXPECT_LT(json::at_pointer(get("/api/quote/VALE3?range=1y&interval=1mo"), "/results/0/historicalDataPrice")
                  ->array()
                  ->size(),
              14u);
}

TEST_F(ApiTest, QuotesHaveTheirQuirks) {
    const json::Value stocks =
        get("/api/quote/PETR4,VALE3,ITUB4,BBDC4,ABEV3,BBAS3,WEGE3,MGLU3,B3SA3,RENT3?range=5y&fundamental=true");
    std::size_t empty_candles = 0, decimal_caps = 0;
    std::set<std::int64_t> hours;
    for (const json::Value& quote : *stocks.find("results")->array()) {
        decimal_caps += json::dump(*quote.find("marketCap")).find('.') != std::string::npos;
        EXPECT_NE(quote.string_at("shortName")->find("  "), std::string::npos) << "padded";
        const json::Array& candles = *quote.find("historicalDataPrice")->array();
        for (const json::Value& candle : candles) {
            empty_candles += candle.find("close")->is_null() && candle.find("volume")->is_null();
            hours.insert(*candle.int64_at("date") % 86'400);
        }
        const std::int64_t now = std::chrono::floor<std::chrono::seconds>(options().now).time_since_epoch().count();
        EXPECT_EQ(candles.back().int64_at("date"), now) << "the live candle";
        EXPECT_EQ(*candles.back().find("volume"), *quote.find("regularMarketVolume"));
        EXPECT_EQ(*candles.back().find("close"), *quote.find("regularMarketPrice"));
    }
    EXPECT_GT(empty_candles, 0u);
    EXPECT_GT(decimal_caps, 0u);
    EXPECT_LT(decimal_caps, 10u);
    EXPECT_TRUE(hours.contains(3 * 3600) && hours.contains(13 * 3600));

    const json::Value fund = get("/api/quote/HGLG11");
    EXPECT_EQ(text_at(fund, "/results/0/fiftyTwoWeekHigh"), "0");
    EXPECT_EQ(text_at(fund, "/results/0/regularMarketDayRange"), "\"0 - 0\"");
    EXPECT_EQ(text_at(fund, "/results/0/marketCap"), "null");
    EXPECT_GT(json::at_pointer(fund, "/results/0/regularMarketPrice")->number()->to_double(), 1.0);
    const json::Value receipt = get("/api/quote/ROXO34?fundamental=true");
    EXPECT_GT(json::at_pointer(receipt, "/results/0/priceEarnings")->number()->to_double(), 1'000.0);

    EXPECT_TRUE(get("/api/quote/PETR4").find("took")->is_string());
    EXPECT_TRUE(get("/api/quote/PETR4?range=1d").find("took")->is_number());
}

TEST_F(ApiTest, DividendsComeWithTheirGaps) {
    const json::Value body = get("/api/quote/PETR4,VALE3,ITUB4,BBDC4,ABEV3?range=max&dividends=true");
    std::size_t dividends = 0, no_payment = 0;
    for (const json::Value& quote : *body.find("results")->array()) {
        for (const json::Value& dividend : *json::at_pointer(quote, "/dividendsData/cashDividends")->array()) {
            ++dividends;
            no_payment += dividend.find("paymentDate")->is_null();
            EXPECT_TRUE(dividend.find("rate")->is_number());
        }
    }
    EXPECT_GT(dividends, 40u);
    std::size_t splits = 0;
    for (const char* few : {"PETR4,VALE3,ITUB4,BBDC4,ABEV3", "BBAS3,WEGE3,MGLU3,B3SA3,RENT3"}) {
        const json::Value recent = get(std::string("/api/quote/") + few + "?range=3mo&dividends=true");
        for (const json::Value& quote : *recent.find("results")->array())
            splits += json::at_pointer(quote, "/dividendsData/stockDividends")->array()->size();
    }
    EXPECT_GT(splits, 0u);
    EXPECT_GT(no_payment, 0u);
    EXPECT_EQ(get("/api/quote/PETR4").find("dividendsData"), nullptr);
}

TEST_F(ApiTest, AnswersAboutCoinsListsAndRates) {
    const json::Value coins = get("/api/v2/crypto?coin=BTC,ETH,NADA&currency=BRL");
    EXPECT_EQ(coins.find("coins")->array()->size(), 2u);
    EXPECT_EQ(text_at(coins, "/coins/0/coin"), "\"BTC\"");
    EXPECT_EQ(text_at(coins, "/coins/1/currency"), "\"BRL\"");
    EXPECT_EQ(get("/api/v2/crypto/available").find("coins")->array()->size(), 2u);

    const json::Value list = get("/api/quote/list?type=fund&sortBy=close&sortOrder=desc&limit=7&page=2");
    EXPECT_EQ(list.find("stocks")->array()->size(), 7u);
    EXPECT_EQ(text_at(list, "/totalCount"), "30");
    EXPECT_EQ(text_at(list, "/totalPages"), "5");
    EXPECT_EQ(text_at(list, "/hasNextPage"), "true");
    EXPECT_GE(json::at_pointer(list, "/stocks/0/close")->number()->to_double(),
              json::at_pointer(list, "/stocks/6/close")->number()->to_double());
    EXPECT_EQ(get("/api/available?search=petr").find("stocks")->array()->size(), 1u);

    const json::Value rates = get("/api/v2/prime-rate?historical=true&start=01/01/2024&end=31/12/2024&sortOrder=asc");
    const json::Array& values = *rates.find("prime-rate")->array();
    ASSERT_EQ(values.size(), 12u);
    EXPECT_EQ(text_at(values.front(), "/date"), "\"01/01/2024\"");
    EXPECT_EQ(text_at(values.front(), "/epochDate"), "1704067200000");
    EXPECT_TRUE(values.front().find("value")->is_string());
    EXPECT_EQ(get("/api/v2/inflation").find("inflation")->array()->size(), 1u);
}

TEST_F(ApiTest, ServesAnyNumberOfAssets) {
    const Market large({.stocks = 300});
    BrapiApi server(large, nullptr, options(), clock_);
    const json::Value all = body_of(server.answer(request("/api/available")));
    EXPECT_EQ(all.find("stocks")->array()->size(), 331u);
    const std::string last = *all.find("stocks")->array()->at(299).string();
    EXPECT_EQ(server.answer(request("/api/quote/" + last)).status, 200);
}

}  // namespace
}  // namespace lagoa::sample
