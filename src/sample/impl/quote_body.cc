#include "sample/impl/quote_body.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "base/int128.h"
#include "sample/impl/decimal_text.h"
#include "sample/impl/market_time.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;
using chrono::days;

constexpr Day kStampMoved{chrono::year{2024} / 7 / 1};  // from 13:00 to 03:00 UTC
constexpr std::int64_t kPartialPercent = 40;            // of a day's volume that the live candle has seen
constexpr chrono::seconds kCloseOfTrading = chrono::hours{17} + chrono::minutes{7} + chrono::seconds{30};
constexpr double kDollar = 5.1031;
constexpr days kMarkerDays{8};  // how long a name carries its ex-marker

json::Value price(Micros micros) {
    return json_decimal(micros, 6);
}

double reais(Micros micros) {
    return static_cast<double>(micros) / 1e6;
}

/// Thousandths of a percent, as the API rounds them.
json::Value percent(Micros change, Micros base) {
    return json_decimal(static_cast<std::int64_t>(Int128{change} * 100'000 / base), 3);
}

std::int64_t stamp(const Candle& candle, Instant now) {
    if (candle.day == market_day(now)) return chrono::floor<chrono::seconds>(now).time_since_epoch().count();
    const chrono::hours hour{candle.day < kStampMoved ? 13 : 3};
    return (chrono::sys_seconds(candle.day) + hour).time_since_epoch().count();
}

/// The candles of one week or month as one.
std::vector<Candle> grouped(std::span<const Candle> candles, std::string_view interval) {
    if (interval == "1d") return {candles.begin(), candles.end()};
    std::vector<Candle> groups;
    const auto group_of = [&](Day day) {
        if (interval == "1wk") return day - (chrono::weekday(day) - chrono::Monday);
        const chrono::year_month_day date(day);
        return Day{date.year() / date.month() / 1};
    };
    for (const Candle& candle : candles) {
        if (groups.empty() || group_of(groups.back().day) != group_of(candle.day)) {
            groups.push_back(candle);
            continue;
        }
        Candle& group = groups.back();
        group.high = std::max(group.high, candle.high);
        group.low = std::min(group.low, candle.low);
        group.close = candle.close;
        group.adjusted_close = candle.adjusted_close;
        group.volume += candle.volume;
    }
    return groups;
}

json::Array history_body(const Market& market, const Asset& asset, std::span<const Candle> candles,
                         const QuoteParameters& parameters, Instant now, double scale) {
    const auto first = std::ranges::find_if(candles, [&](const Candle& c) { return c.day >= parameters.first_day; });
    const auto begin = static_cast<std::size_t>(first - candles.begin());
    json::Array body;
    for (const Candle& candle : grouped(candles.subspan(begin), parameters.interval)) {
        const bool live = candle.day == market_day(now);
        const bool empty = !live && asset.kind != AssetKind::kCoin && parameters.interval == "1d" &&
                           market.draw(asset.ticker, candle.day, "empty candle", 80) == 0;
        const auto value = [&](Micros micros) -> json::Value {
            if (empty) return nullptr;
            return asset.kind == AssetKind::kCoin ? json::Value(reais(micros) * scale) : price(micros);
        };
        const std::int64_t volume = live ? candle.volume * kPartialPercent / 100 : candle.volume;
        body.push_back(json::make_object({{"date", stamp(candle, now)},
                                          {"open", value(candle.open)},
                                          {"high", value(candle.high)},
                                          {"low", value(candle.low)},
                                          {"close", value(candle.close)},
                                          {"volume", empty ? json::Value() : json::Value(volume)},
                                          {"adjustedClose", value(candle.adjusted_close)}}));
    }
    return body;
}

json::Value instant_or_null(const std::optional<Day>& day) {
    if (!day) return nullptr;
    return iso_date(*day) + "T00:00:00.000Z";
}

json::Value dividends_body(const History& history, const Asset& asset, Day first_day) {
    json::Array cash, stock;
    for (auto dividend = history.dividends.rbegin(); dividend != history.dividends.rend(); ++dividend) {
        if (dividend->last_cum_day < first_day) break;
        cash.push_back(json::make_object({{"assetIssued", asset.isin},
                                          {"paymentDate", instant_or_null(dividend->payment_date)},
                                          {"rate", json_decimal(dividend->rate, 11)},
                                          {"relatedTo", dividend->related_to},
                                          {"approvedOn", instant_or_null(dividend->approved_on)},
                                          {"isinCode", asset.isin},
                                          {"label", dividend->label},
                                          {"lastDatePrior", instant_or_null(dividend->last_date_prior)},
                                          {"remarks", ""}}));
    }
    for (auto split = history.splits.rbegin(); split != history.splits.rend(); ++split) {
        if (split->last_date_prior < first_day) break;
        const bool whole = split->numerator % split->denominator == 0 || split->numerator < split->denominator;
        stock.push_back(json::make_object(
            {{"assetIssued", asset.isin},
             {"factor", json_decimal(split->numerator * 10 / split->denominator, 1)},
             {"completeFactor", whole ? fmt::format("{} para {}", split->numerator, split->denominator)
                                      : fmt::format("{} para 1", brazilian_text(split->numerator, 1))},
             {"approvedOn", instant_or_null(split->last_date_prior - days{20})},
             {"isinCode", asset.isin},
             {"label", split->label},
             {"lastDatePrior", instant_or_null(split->last_date_prior)},
             {"remarks", ""}}));
    }
    return json::make_object(
        {{"cashDividends", std::move(cash)}, {"stockDividends", std::move(stock)}, {"subscriptions", json::Array()}});
}

/// `PETROBRAS   PN  EDJ N2`: padded, with what the share has just gone ex of.
std::string short_name(const Asset& asset, const History& history, Day today) {
    std::string marker;
    for (const CashDividend& dividend : history.dividends) {
        if (dividend.last_cum_day >= today || dividend.last_cum_day < today - kMarkerDays) continue;
        if (asset.kind == AssetKind::kFund)
            marker = "ER";
        else if (dividend.label == "DIVIDENDO")
            marker = marker == "EJ" ? "EDJ" : "ED";
        else
            marker = "EJ";
    }
    const std::string name =
        fmt::format("{:<12}{:<4}{:<4}{}", asset.trading_name, asset.share_class, marker, asset.listing);
    return name.substr(0, name.find_last_not_of(' ') + 1);
}

struct Extremes {
    Micros low = 0, high = 0;
};

Extremes last_year(std::span<const Candle> candles) {
    Extremes result{candles.back().low, candles.back().high};
    for (const Candle& candle : candles) {
        if (candle.day <= candles.back().day - days{365}) continue;
        result.low = std::min(result.low, candle.low);
        result.high = std::max(result.high, candle.high);
    }
    return result;
}

Micros average_close(std::span<const Candle> candles, std::size_t count) {
    const auto last = candles.last(std::min(count, candles.size()));
    Int128 sum = 0;
    for (const Candle& candle : last) sum += candle.close;
    return static_cast<Micros>(sum / static_cast<Int128>(last.size()));
}

std::int64_t average_volume(std::span<const Candle> candles, std::size_t count) {
    const auto last = candles.last(std::min(count, candles.size()));
    std::int64_t sum = 0;
    for (const Candle& candle : last) sum += candle.volume;
    return sum / static_cast<std::int64_t>(last.size());
}

std::string range_text(Micros low, Micros high) {
    return json::dump(price(low)) + " - " + json::dump(price(high));
}

json::Value market_cap(const Market& market, const Asset& asset, const Fundamentals& facts, Micros close) {
    const auto cap = static_cast<std::int64_t>(Int128{close} * facts.shares / 1'000'000);
    // Whole reais, or what a conversion from another currency leaves.
    if (asset.kind == AssetKind::kStock && market.draw(asset.ticker, kEpoch, "odd cap", 3) != 0) return cap;
    return static_cast<double>(cap) / 37.0;
}

// A fund's answer has a price and little else: nulls, and zeros where ranges belong.
void set_ranges(json::Object& body, const Asset& asset, std::span<const Candle> candles, Instant now) {
    const Candle& last = candles.back();
    const bool known = asset.kind != AssetKind::kFund;
    const Extremes year = known ? last_year(candles) : Extremes{};
    const bool live = last.day == market_day(now);
    const std::int64_t volume = live ? last.volume * kPartialPercent / 100 : last.volume;
    body.set("regularMarketDayHigh", price(known ? last.high : 0));
    body.set("regularMarketDayRange", known ? range_text(last.low, last.high) : "0 - 0");
    body.set("regularMarketDayLow", price(known ? last.low : 0));
    body.set("regularMarketVolume", known ? volume : 0);
    body.set("fiftyTwoWeekRange", range_text(year.low, year.high));
    body.set("fiftyTwoWeekLow", price(year.low));
    body.set("fiftyTwoWeekHigh", price(year.high));
}

void set_averages(json::Object& body, const Asset& asset, std::span<const Candle> candles) {
    const bool known = asset.kind != AssetKind::kFund;
    const auto or_null = [known](json::Value value) { return known ? std::move(value) : json::Value(); };
    const Micros average = average_close(candles, 200);
    const Micros change = candles.back().close - average;
    body.set("averageDailyVolume10Day", or_null(average_volume(candles, 10)));
    body.set("averageDailyVolume3Month", or_null(average_volume(candles, 63)));
    body.set("twoHundredDayAverage", or_null(reais(average)));
    body.set("twoHundredDayAverageChange", or_null(reais(change)));
    body.set("twoHundredDayAverageChangePercent", or_null(reais(change) / reais(average)));
}

void set_history(json::Object& body, const Market& market, const Asset& asset, std::span<const Candle> candles,
                 const QuoteParameters& parameters, Instant now, double scale) {
    if (parameters.range.empty()) return;
    body.set("usedInterval", parameters.interval);
    body.set("usedRange", parameters.range);
    body.set("historicalDataPrice", history_body(market, asset, candles, parameters, now, scale));
}

Instant quote_time(const Candle& last, Instant now) {
    return last.day == market_day(now) ? now : market_instant(last.day, kCloseOfTrading);
}

}  // namespace

std::optional<Day> first_day_of(std::string_view range, Day today, Day earliest) {
    const chrono::year_month_day date(today);
    const auto back = [&](chrono::months months) {
        const chrono::year_month_day there = date - months;
        return there.ok() ? Day{there} : Day{there.year() / there.month() / chrono::last};
    };
    const auto sessions_back = [&](int sessions) {
        Day day = session_on_or_before(today);
        while (--sessions > 0) day = session_on_or_before(day - days{1});
        return day;
    };
    std::optional<Day> day;
    if (range == "1d") day = sessions_back(1);
    if (range == "2d") day = sessions_back(2);
    if (range == "5d") day = sessions_back(5);
    if (range == "7d") day = sessions_back(7);
    if (range == "1mo") day = back(chrono::months{1});
    if (range == "3mo") day = back(chrono::months{3});
    if (range == "6mo") day = back(chrono::months{6});
    if (range == "1y") day = back(chrono::years{1});
    if (range == "2y") day = back(chrono::years{2});
    if (range == "5y") day = back(chrono::years{5});
    if (range == "10y") day = back(chrono::years{10});
    if (range == "ytd") day = Day{date.year() / 1 / 1};
    if (range == "max") day = earliest;
    if (day) day = std::max(*day, earliest);
    return day;
}

json::Value quote_body(const Market& market, const Asset& asset, const QuoteParameters& parameters, Instant now) {
    const Day today = market_day(now);
    const History history = market.history(asset, today);
    const std::span<const Candle> candles(history.candles);
    const Candle& last = candles.back();
    const Micros previous = candles.size() > 1 ? candles[candles.size() - 2].close : last.open;
    const Fundamentals facts = market.fundamentals(asset, today);
    const bool is_fund = asset.kind == AssetKind::kFund;

    json::Object body =
        json::make_object({{"currency", "BRL"},
                           {"marketCap", is_fund ? json::Value() : market_cap(market, asset, facts, last.close)},
                           {"shortName", short_name(asset, history, today)},
                           {"longName", asset.long_name},
                           {"regularMarketChange", price(last.close - previous)},
                           {"regularMarketChangePercent", percent(last.close - previous, previous)},
                           {"regularMarketTime", millisecond_text(quote_time(last, now))},
                           {"regularMarketPrice", price(last.close)}});
    set_ranges(body, asset, candles, now);
    body.set("regularMarketPreviousClose", price(previous));
    body.set("regularMarketOpen", price(last.open));
    set_averages(body, asset, candles);
    body.set("symbol", asset.ticker);
    set_history(body, market, asset, candles, parameters, now, 1.0);
    if (parameters.fundamental) {
        const double earnings = static_cast<double>(facts.earnings_per_share) / 1e7;
        body.set("priceEarnings", is_fund ? json::Value() : json::Value(reais(last.close) / earnings));
        body.set("earningsPerShare", is_fund ? json::Value() : json_decimal(facts.earnings_per_share, 7));
    }
    if (parameters.dividends) {
        const Day first = parameters.range.empty() ? today - days{365} : parameters.first_day;
        body.set("dividendsData", dividends_body(history, asset, first));
    }
    return body;
}

json::Value coin_body(const Market& market, const Asset& asset, std::string_view currency,
                      const QuoteParameters& parameters, Instant now) {
    const History history = market.history(asset, market_day(now));
    const std::span<const Candle> candles(history.candles);
    const Candle& last = candles.back();
    const Micros previous = candles.size() > 1 ? candles[candles.size() - 2].close : last.open;
    // Converted twice on its way, hence the long fractions.
    const double scale = currency == "USD" ? 1.0 / kDollar : 1.00000013;
    const auto value = [scale](Micros micros) { return reais(micros) * scale; };
    const json::Value low = value(last.low), high = value(last.high);

    json::Object body =
        json::make_object({{"currency", currency},
                           {"currencyRateFromUSD", currency == "USD" ? json::Value(1) : json::Value(kDollar)},
                           {"coinName", asset.long_name + " USD"},
                           {"coin", asset.ticker},
                           {"regularMarketChange", value(last.close - previous)},
                           {"regularMarketPrice", value(last.close)},
                           {"regularMarketChangePercent", reais(last.close - previous) / reais(previous) * 100},
                           {"regularMarketDayLow", low},
                           {"regularMarketDayHigh", high},
                           {"regularMarketDayRange", json::dump(low) + " - " + json::dump(high)},
                           {"regularMarketVolume", static_cast<double>(last.volume) * 1.0000007},
                           {"marketCap", value(last.close) * 19'698'412.0},
                           {"regularMarketTime", millisecond_text(quote_time(last, now))},
                           {"coinImageUrl", nullptr}});
    set_history(body, market, asset, candles, parameters, now, scale);
    return body;
}

json::Object list_entry(const Market& market, const Asset& asset, Instant now) {
    const Day today = market_day(now);
    const History history = market.history(asset, today);
    const std::span<const Candle> candles(history.candles);
    const Candle& last = candles.back();
    const Micros previous = candles.size() > 1 ? candles[candles.size() - 2].close : last.open;
    const bool is_fund = asset.kind == AssetKind::kFund;
    const json::Value sector = asset.sector.empty() || is_fund ? json::Value() : json::Value(asset.sector);
    return json::make_object(
        {{"stock", asset.ticker},
         {"name", short_name(asset, history, today)},
         {"close", price(last.close)},
         {"change", percent(last.close - previous, previous)},
         {"volume", last.volume},
         {"market_cap",
          is_fund ? json::Value() : market_cap(market, asset, market.fundamentals(asset, today), last.close)},
         {"logo", nullptr},
         {"sector", sector},
         {"type", is_fund                             ? "fund"
                  : asset.kind == AssetKind::kReceipt ? "bdr"
                                                      : "stock"}});
}

}  // namespace lagoa::sample
