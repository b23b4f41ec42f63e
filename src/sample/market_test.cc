// Goal: the market is a function of seed, ticker and day, and its numbers hang together as a market's do.
// Method: compare histories asked for in different ways; check invariants over every asset.
#include "sample/market.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace lagoa::sample {
namespace {

using std::chrono::days;
using std::chrono::year;

constexpr Day kToday{year{2026} / 11 / 25};

TEST(Sessions, SkipWeekendsAndHolidays) {
    for (const auto date : {year{2024} / 1 / 1, year{2024} / 2 / 12, year{2024} / 2 / 13, year{2024} / 3 / 29,
                            year{2024} / 5 / 30, year{2024} / 11 / 20, year{2024} / 12 / 25, year{2024} / 5 / 18,
                            year{2025} / 3 / 3, year{2025} / 4 / 18, year{2026} / 2 / 17, year{2026} / 6 / 4}) {
        EXPECT_FALSE(is_session(Day{date}));
    }
    for (const auto date : {year{2024} / 2 / 14, year{2024} / 5 / 17, year{2023} / 11 / 20, year{2026} / 11 / 25}) {
        EXPECT_TRUE(is_session(Day{date}));
    }
    EXPECT_EQ(session_on_or_before(Day{year{2024} / 2 / 13}), Day{year{2024} / 2 / 9});
}

TEST(Market, ListsWhatWasAskedFor) {
    const Market market({.seed = 1, .stocks = 1'000, .funds = 40});
    std::set<std::string> tickers;
    std::map<AssetKind, std::size_t> kinds;
    for (const Asset& asset : market.assets()) {
        tickers.insert(asset.ticker);
        ++kinds[asset.kind];
        EXPECT_LE(asset.trading_name.size(), 12u) << asset.ticker;
        EXPECT_EQ(asset.isin.size(), asset.kind == AssetKind::kCoin ? 0u : 12u) << asset.isin;
    }
    EXPECT_EQ(tickers.size(), market.assets().size()) << "a ticker twice";
    EXPECT_EQ(kinds[AssetKind::kStock], 1'000u);
    EXPECT_EQ(kinds[AssetKind::kFund], 40u);
    EXPECT_EQ(kinds[AssetKind::kCoin], 2u);
    const Market small({});
    for (const Asset& asset : small.assets()) EXPECT_TRUE(tickers.contains(asset.ticker));
    EXPECT_NE(small.find("PETR4"), nullptr);
    EXPECT_EQ(small.find("NADA3"), nullptr);
}

TEST(Market, AShorterHistoryIsTheBeginningOfALongerOne) {
    const Market market({});
    for (const char* ticker : {"PETR4", "HGLG11", "ROXO34", "BTC"}) {
        const Asset& asset = *market.find(ticker);
        const History whole = market.history(asset, kToday);
        const History part = market.history(asset, kToday - days{400});
        ASSERT_LT(part.candles.size(), whole.candles.size());
        const bool same_shares = part.splits.size() == whole.splits.size();
        for (std::size_t i = 0; i < part.candles.size(); ++i) {
            EXPECT_EQ(part.candles[i].day, whole.candles[i].day);
            EXPECT_EQ(part.candles[i].volume, whole.candles[i].volume);
            EXPECT_TRUE(!same_shares || part.candles[i].close == whole.candles[i].close);
        }
        for (std::size_t i = 0; i < part.dividends.size(); ++i) {
            EXPECT_EQ(part.dividends[i].rate, whole.dividends[i].rate);
            EXPECT_EQ(part.dividends[i].payment_date, whole.dividends[i].payment_date);
        }
    }
}

TEST(Market, SameSeedSameNumbersOtherSeedOthers) {
    const Market one({.seed = 7}), again({.seed = 7}), other({.seed = 8});
    const auto closes = [](const Market& market) {
        std::vector<Micros> result;
        for (const Candle& candle : market.history(*market.find("VALE3"), kToday).candles)
            result.push_back(candle.close);
        return result;
    };
    EXPECT_EQ(closes(one), closes(again));
    EXPECT_NE(closes(one), closes(other));
    EXPECT_EQ(closes(one), closes(Market({.seed = 7, .stocks = 500, .funds = 3}))) << "other assets change nothing";
}

TEST(Market, CandlesArePlausible) {
    const Market market({.stocks = 60});
    for (const Asset& asset : market.assets()) {
        const History history = market.history(asset, kToday);
        Day before = kEpoch - days{1};
        for (const Candle& candle : history.candles) {
            ASSERT_GT(candle.day, before) << asset.ticker;
            before = candle.day;
            ASSERT_GT(candle.low, 0) << asset.ticker;
            ASSERT_LE(candle.low, std::min(candle.open, candle.close)) << asset.ticker;
            ASSERT_GE(candle.high, std::max(candle.open, candle.close)) << asset.ticker;
            ASSERT_LE(candle.adjusted_close, candle.close) << asset.ticker;
            ASSERT_GT(candle.adjusted_close, 0) << asset.ticker;
            ASSERT_GT(candle.volume, 0) << asset.ticker;
            ASSERT_LT(candle.close, 2'000'000 * std::int64_t{1'000'000}) << asset.ticker;
            if (asset.kind == AssetKind::kCoin) continue;
            ASSERT_TRUE(is_session(candle.day)) << asset.ticker;
            ASSERT_EQ(candle.close % 10'000, 0) << asset.ticker;
        }
        EXPECT_EQ(history.candles.back().day, kToday);
    }
}

TEST(Market, HasEveryKindOfEvent) {
    const Market market({});
    std::set<std::string> labels;
    std::size_t same_day = 0, no_payment = 0, no_cum_day = 0, splits = 0, paid_on_no_session = 0;
    for (const Asset& asset : market.assets()) {
        const History history = market.history(asset, kToday);
        splits += history.splits.size();
        for (std::size_t i = 0; i < history.dividends.size(); ++i) {
            const CashDividend& dividend = history.dividends[i];
            labels.insert(dividend.label);
            EXPECT_GT(dividend.rate, 0);
            EXPECT_TRUE(is_session(dividend.last_cum_day));
            same_day += i > 0 && history.dividends[i - 1].last_cum_day == dividend.last_cum_day;
            no_payment += !dividend.payment_date;
            no_cum_day += !dividend.last_date_prior;
            paid_on_no_session += dividend.payment_date && !is_session(*dividend.payment_date);
        }
    }
    EXPECT_EQ(labels, (std::set<std::string>{"DIVIDENDO", "JCP", "JRS CAP PROPRIO", "JUROS", "RENDIMENTO"}));
    EXPECT_GT(same_day, 0u);
    EXPECT_GT(no_payment, 0u);
    EXPECT_GT(no_cum_day, 0u);
    EXPECT_GT(splits, 0u);
    EXPECT_GT(paid_on_no_session, 0u);
}

TEST(Market, ASplitChangesOlderPricesOnly) {
    const Market market({.stocks = 60});
    for (const Asset& asset : market.assets()) {
        const History history = market.history(asset, kToday);
        if (history.splits.empty()) continue;
        const Split& split = history.splits.back();
        const History before = market.history(asset, split.last_date_prior);
        const std::size_t cum_day = before.candles.size() - 1;
        EXPECT_EQ(before.splits.size(), history.splits.size()) << "announced on its last day";
        const auto ratio =
            static_cast<double>(before.candles[cum_day].close) / static_cast<double>(history.candles[cum_day].close);
        EXPECT_NEAR(ratio, static_cast<double>(split.numerator) / static_cast<double>(split.denominator), 0.02 * ratio)
            << asset.ticker;
    }
}

TEST(Market, ThreeMonthsNeverLackASplit) {
    const Market market({});
    std::vector<Day> splits;
    for (const Asset& asset : market.assets())
        for (const Split& split : market.history(asset, kToday).splits) splits.push_back(split.last_date_prior);
    std::ranges::sort(splits);
    splits.push_back(kToday);
    for (std::size_t i = 1; i < splits.size(); ++i)
        EXPECT_LT(splits[i] - splits[i - 1], days{85}) << splits[i].time_since_epoch().count();
    const Market larger({.stocks = 60});
    EXPECT_EQ(larger.history(*larger.find("RENT3"), kToday).splits.size(),
              market.history(*market.find("RENT3"), kToday).splits.size());
}

TEST(Market, SomeRatesHaveMoreDigitsThanTheLegacyDatabase) {
    const Market market({});
    std::size_t even = 0, uneven = 0;
    for (const CashDividend& dividend : market.history(*market.find("PETR4"), kToday).dividends)
        ++(dividend.rate % 1'000 == 0 ? even : uneven);
    EXPECT_GT(even, 0u);
    EXPECT_GT(uneven, 0u);
}

TEST(Market, RatesStayInBounds) {
    const Market market({});
    for (auto month = year{2010} / 1; month <= year{2030} / 12; month += std::chrono::months{1}) {
        const Rates rates = market.rates(month);
        EXPECT_GE(rates.policy_rate, 200);
        EXPECT_LE(rates.policy_rate, 1'500);
        EXPECT_GE(rates.inflation_12m, 100);
        EXPECT_LE(rates.inflation_12m, 1'500);
    }
}

}  // namespace
}  // namespace lagoa::sample
