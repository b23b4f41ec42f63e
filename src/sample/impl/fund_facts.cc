#include "sample/impl/fund_facts.h"

#include <algorithm>
#include <span>

#include "base/int128.h"
#include "sample/impl/decimal_text.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;
using chrono::days;

constexpr std::size_t kTwoMonths = 42;  // sessions

/// `part` of `whole` in hundredths of a percent.
std::int64_t percentage(Int128 part, Int128 whole) {
    return static_cast<std::int64_t>(part * 10'000 / whole);
}

/// The close of the last session up to `day`; the first one's if `day` is before it.
Micros close_on(std::span<const Candle> candles, Day day) {
    const auto after = std::ranges::upper_bound(candles, day, {}, &Candle::day);
    return after == candles.begin() ? candles.front().close : std::prev(after)->close;
}

std::int64_t reais(Micros price, std::int64_t count) {
    return static_cast<std::int64_t>(Int128{price} * count / 1'000'000);
}

void set_prices(FundFacts& facts, std::span<const Candle> candles) {
    const Candle& last = candles.back();
    facts.last_session = last.day;
    facts.price = last.close;
    facts.low_52w = last.low;
    facts.high_52w = last.high;
    for (const Candle& candle : candles) {
        if (candle.day <= last.day - days{365}) continue;
        facts.low_52w = std::min(facts.low_52w, candle.low);
        facts.high_52w = std::max(facts.high_52w, candle.high);
    }
    const auto recent = candles.last(std::min(kTwoMonths, candles.size()));
    for (const Candle& candle : recent) facts.daily_volume += reais(candle.close, candle.volume);
    facts.daily_volume /= static_cast<std::int64_t>(recent.size());

    const auto change_since = [&](Day day) {
        const Micros base = close_on(candles, day);
        return percentage(last.close - base, base);
    };
    const chrono::year_month_day date(last.day);
    facts.change_day = change_since(last.day - days{1});
    facts.change_month = change_since(Day{date.year() / date.month() / 1} - days{1});
    facts.change_30_days = change_since(last.day - days{30});
    facts.change_12_months = change_since(last.day - days{365});
    for (std::size_t i = 0; i < facts.change_years.size(); ++i) {
        const chrono::year year = date.year() - chrono::years{static_cast<int>(i)};
        const Micros base = close_on(candles, Day{year / 1 / 1} - days{1});
        const Micros end = close_on(candles, Day{year / 12 / 31});
        facts.change_years[i] = percentage(end - base, base);
    }
}

void set_properties(FundFacts& facts, const Market& market, const Asset& fund) {
    facts.has_properties = fund.sector != "Títulos e Val. Mob." && fund.sector != "Fundo de Fundos";
    if (!facts.has_properties) return;
    const auto draw = [&](std::string_view purpose, std::uint64_t below) {
        return static_cast<std::int64_t>(market.draw(fund.ticker, kEpoch, purpose, below));
    };
    facts.properties = 1 + draw("properties", 60);
    facts.area_m2 = facts.properties * (8'000 + draw("area", 40'000));
    facts.rent_per_m2 = 15'000 + draw("rent", 90'000);  // cents a year
    facts.price_per_m2 = facts.market_value * 100 / facts.area_m2;
    facts.cap_rate = 600 + draw("cap rate", 500);
    facts.vacancy = draw("vacancy", 1'800);
}

}  // namespace

FundFacts fund_facts(const Market& market, const Asset& fund, Day today) {
    const History history = market.history(fund, today);
    const Fundamentals fundamentals = market.fundamentals(fund, today);
    FundFacts facts;
    set_prices(facts, history.candles);
    facts.dividends = history.dividends;

    std::int64_t distributed = 0;  // reais times 10^11
    for (const CashDividend& dividend : history.dividends) {
        if (dividend.last_cum_day > facts.last_session - days{365}) distributed += dividend.rate;
    }
    facts.dividend_per_share = distributed / 100'000;
    facts.dividend_yield = percentage(facts.dividend_per_share, facts.price);
    facts.ffo_per_share =
        facts.dividend_per_share * static_cast<std::int64_t>(90 + market.draw(fund.ticker, kEpoch, "ffo", 20)) / 100;
    facts.ffo_yield = percentage(facts.ffo_per_share, facts.price);
    facts.book_value_per_share = fundamentals.book_value_per_share;
    facts.price_to_book = rounded_division(facts.price * 100, facts.book_value_per_share);
    facts.shares = fundamentals.shares;
    facts.market_value = reais(facts.price, facts.shares);
    facts.ffo_12m = reais(facts.ffo_per_share, facts.shares);
    facts.revenue_12m = facts.ffo_12m * 112 / 100;
    facts.sales_12m = facts.ffo_12m * 3 / 100;
    facts.distributed_12m = reais(facts.dividend_per_share, facts.shares);
    facts.net_worth = reais(facts.book_value_per_share, facts.shares);
    facts.assets = facts.net_worth * 117 / 100;
    set_properties(facts, market, fund);
    return facts;
}

}  // namespace lagoa::sample
