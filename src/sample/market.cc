#include "sample/market.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/int128.h"
#include "sample/impl/asset_list.h"
#include "sample/impl/decimal_text.h"
#include "sample/impl/hash.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;
using chrono::days;

constexpr std::int64_t kPpm = 1'000'000;
constexpr std::int64_t kMaxStepPpm = 150'000;  // as the exchange's own auction limits would
constexpr std::int64_t kPullPpm = 3'000;       // towards the anchor, so that no walk runs away over decades
constexpr Micros kCent = 10'000;
constexpr Micros kSplitAbove = 60'000'000;  // reais of one share
constexpr Micros kGroupBelow = 2'500'000;
constexpr std::int64_t kRatePerMicro = 100'000;
constexpr unsigned kCorporateMonth = 5;      // when companies decide on splits, on its tenth session
constexpr std::ptrdiff_t kTakingTurns = 10;  // of these one does every other month: three months never lack a split

constexpr std::array kMonths = {"Janeiro", "Fevereiro", "Março",    "Abril",   "Maio",     "Junho",
                                "Julho",   "Agosto",    "Setembro", "Outubro", "Novembro", "Dezembro"};

/// Shares of today for one share of the epoch.
struct ShareRatio {
    Int128 numerator = 1;
    Int128 denominator = 1;

    Micros price_of(Micros value) const { return static_cast<Micros>(value * denominator / numerator); }
};

Micros to_cents(Micros price) {
    return std::max(kCent, rounded_division(price, kCent) * kCent);
}

/// What prices are drawn to: the first price and six percent of it more each year.
Micros anchor_of(const Asset& asset, Day day) {
    return asset.start_price + asset.start_price / 100 * 6 * (day - kEpoch).count() / 365;
}

bool trades_on(const Asset& asset, Day day) {
    return asset.kind == AssetKind::kCoin || is_session(day);
}

Day next_session(Day day) {
    do {
        day += days{1};
    } while (!is_session(day));
    return day;
}

/// Walks one asset from the epoch on. Prices are in the epoch's shares until finish().
class Walk {
public:
    Walk(const Market& market, const Asset& asset)
        : market_(market),
          asset_(asset),
          place_(std::ranges::find(market.assets(), asset.ticker, &Asset::ticker) - market.assets().begin()),
          value_(asset.start_price) {}

    void step(Day day) {
        const chrono::year_month_day date(day);
        const chrono::year_month month = date.year() / date.month();
        session_of_month_ = month == month_ ? session_of_month_ + 1 : 1;
        month_ = month;
        ratio_ = next_ratio_;
        trade(day);
        if (asset_.kind == AssetKind::kStock) {
            pay_stock(day);
            split(day);
        } else if (asset_.kind == AssetKind::kFund) {
            pay_fund(day);
        }
    }

    History finish() && {
        Int128 kept = kFull;  // of a price, after the dividends that follow it
        auto payment = payments_.rbegin();
        for (std::size_t i = history_.candles.size(); i-- > 0;) {
            Candle& candle = history_.candles[i];
            for (; payment != payments_.rend() && payment->candle == i; ++payment) {
                const Int128 price = Int128{payment->raw_close} * kRatePerMicro;
                kept = kept * (price - payment->rate) / price;
            }
            const Micros exact_close = ratio_.price_of(candle.close);
            candle.adjusted_close = static_cast<Micros>(exact_close * kept / kFull);
            for (Micros* price : {&candle.open, &candle.high, &candle.low, &candle.close}) {
                *price = ratio_.price_of(*price);
                if (asset_.kind != AssetKind::kCoin) *price = to_cents(*price);
            }
            if (kept == kFull) candle.adjusted_close = candle.close;
        }
        return std::move(history_);
    }

private:
    static constexpr Int128 kFull = 1'000'000'000'000;

    struct Payment {
        std::size_t candle;
        Micros raw_close;
        std::int64_t rate;
    };

    std::uint64_t draw(Day day, std::string_view purpose, std::uint64_t below) const {
        return market_.draw(asset_.ticker, day, purpose, below);
    }

    std::int64_t bell_of(Day day, std::string_view purpose, std::int64_t deviation) const {
        return bell(draw(day, purpose, UINT64_MAX), deviation);
    }

    Micros raw_close() const { return to_cents(ratio_.price_of(value_)); }

    void trade(Day day) {
        const std::int64_t deviation = asset_.volatility_ppm;
        const Micros anchor = anchor_of(asset_, day);
        const std::int64_t pull = (anchor - value_) / 1'000 * kPullPpm / ((anchor + value_) / 1'000);
        const std::int64_t step = std::clamp(bell_of(day, "close", deviation) + pull, -kMaxStepPpm, kMaxStepPpm);
        const Micros open = value_ + value_ * bell_of(day, "open", deviation / 3) / kPpm;
        value_ += value_ * step / kPpm;
        const Micros above = value_ * std::abs(bell_of(day, "high", deviation / 2)) / kPpm;
        const Micros below = value_ * std::abs(bell_of(day, "low", deviation / 2)) / kPpm;
        history_.candles.push_back({.day = day,
                                    .open = open,
                                    .high = std::max(open, value_) + above,
                                    .low = std::min(open, value_) - below,
                                    .close = value_,
                                    .volume = volume(day)});
    }

    std::int64_t volume(Day day) const {
        const auto percent = static_cast<std::int64_t>(50 + draw(day, "volume", 100));
        const auto usual = static_cast<std::int64_t>(pick(hash_text(asset_.ticker), 90) + 10);
        switch (asset_.kind) {
            case AssetKind::kStock:
                return usual * 4'000 * percent;
            case AssetKind::kFund:
                return usual * 20 * percent;
            case AssetKind::kReceipt:
                return usual * 100 * percent;
            case AssetKind::kCoin:
                return usual * 9'000'000 * percent + static_cast<std::int64_t>(draw(day, "tail", 100));
        }
        return 0;
    }

    void pay(CashDividend dividend) {
        payments_.push_back({history_.candles.size() - 1, raw_close(), dividend.rate});
        history_.dividends.push_back(std::move(dividend));
    }

    // Quarterly, on a session that changes; every third time a dividend on the same day as the interest.
    void pay_stock(Day day) {
        const unsigned month{month_.month()};
        const Day first{month_ / 1};
        if (month % 3 != 0 || session_of_month_ != 3 + draw(first, "cum day", 12)) return;
        if (draw(day, "pays", 4) == 0) return;
        constexpr std::array kInterestLabels = {"JCP", "JRS CAP PROPRIO", "JUROS"};
        CashDividend interest{.last_cum_day = day, .last_date_prior = day};
        interest.label = kInterestLabels[draw(day, "label", kInterestLabels.size())];
        interest.rate = raw_close() / 10 * static_cast<std::int64_t>(5'000 + draw(day, "rate", 15'000));
        // Companies divide a sum by their shares: every other rate has more digits than a database keeps.
        if (draw(day, "uneven", 2) == 0) interest.rate += static_cast<std::int64_t>(1 + draw(day, "digits", 999));
        interest.related_to = fmt::format("{}º Trimestre/{}", month / 3, static_cast<int>(month_.year()));
        // In calendar days: payments fall on Sundays too, and that must lose none of them.
        if (draw(day, "payment known", 10) != 0) interest.payment_date = day + days{20 + draw(day, "payment", 70)};
        if (draw(day, "approval known", 15) != 0) interest.approved_on = day - days{5 + draw(day, "approval", 10)};
        if (draw(day, "cum day hidden", 30) == 0) interest.last_date_prior.reset();
        pay(interest);
        if (draw(day, "dividend too", 3) != 0) return;
        interest.label = "DIVIDENDO";
        interest.rate =
            (interest.rate / 3'000 + static_cast<std::int64_t>(draw(day, "dividend rate", 1'000'000))) * 1'000;
        pay(std::move(interest));
    }

    // Monthly, on the last session, in whole cents.
    void pay_fund(Day day) {
        if (chrono::year_month_day(next_session(day)).month() == month_.month()) return;
        const auto yield_ppm = static_cast<std::int64_t>(6'000 + draw(day, "rate", 4'000));
        const Micros paid = rounded_division(raw_close() / 1'000 * yield_ppm / 1'000, kCent) * kCent;
        if (paid == 0) return;
        Day payment = day;
        for (int session = 0; session < 10; ++session) payment = next_session(payment);
        pay({.last_cum_day = day,
             .last_date_prior = day,
             .payment_date = payment,
             .approved_on = day,
             .rate = paid * kRatePerMicro,
             .label = "RENDIMENTO",
             .related_to = fmt::format("{}/{}", kMonths[static_cast<unsigned>(month_.month()) - 1],
                                       static_cast<int>(month_.year()))});
    }

    bool has_turn() const {
        const auto months = (month_ - chrono::year{2010} / 1).count();
        return months % 2 == 0 && place_ == months / 2 % kTakingTurns;
    }

    void split(Day day) {
        const bool turn = has_turn();
        if (session_of_month_ != 10 || (!turn && static_cast<unsigned>(month_.month()) != kCorporateMonth)) return;
        Split split{.last_date_prior = day};
        if (raw_close() < kGroupBelow) {
            split.denominator = 10;
            split.label = "GRUPAMENTO";
        } else if (raw_close() > kSplitAbove && draw(day, "split", 2) == 0) {
            split.numerator = static_cast<std::int64_t>(2 + draw(day, "split factor", 3));
            split.label = "DESDOBRAMENTO";
        } else if (turn || draw(day, "bonus", 10) == 0) {
            split.numerator = 11;
            split.denominator = 10;
            split.label = "BONIFICACAO";
        } else {
            return;
        }
        next_ratio_.numerator *= split.numerator;
        next_ratio_.denominator *= split.denominator;
        history_.splits.push_back(std::move(split));
    }

    const Market& market_;
    const Asset& asset_;
    const std::ptrdiff_t place_;  // among the market's assets
    Micros value_;
    ShareRatio ratio_;
    ShareRatio next_ratio_;  // from the next session on
    chrono::year_month month_{};
    std::uint64_t session_of_month_ = 0;
    History history_;
    std::vector<Payment> payments_;  // in the order of candles
};

}  // namespace

Market::Market(const MarketOptions& options) : seed_(options.seed), assets_(list_assets(options)) {}

const Asset* Market::find(std::string_view ticker) const {
    const auto found = std::ranges::find(assets_, ticker, &Asset::ticker);
    return found == assets_.end() ? nullptr : &*found;
}

std::uint64_t Market::draw(std::string_view ticker, Day day, std::string_view purpose, std::uint64_t below) const {
    const auto number = static_cast<std::uint64_t>(day.time_since_epoch().count());
    return pick(mix(mix(seed_ ^ hash_text(ticker)) + number * 0x9E37u + hash_text(purpose)), below);
}

History Market::history(const Asset& asset, Day as_of) const {
    Walk walk(*this, asset);
    for (Day day = kEpoch; day <= as_of; day += days{1}) {
        if (trades_on(asset, day)) walk.step(day);
    }
    return std::move(walk).finish();
}

Fundamentals Market::fundamentals(const Asset& asset, Day day) const {
    const chrono::year_month_day date(day);
    const Day year{date.year() / 1 / 1};
    const Micros anchor = anchor_of(asset, year);
    Fundamentals result;
    result.shares = static_cast<std::int64_t>(300'000'000 + draw(asset.ticker, kEpoch, "shares", 9'700'000'000));
    if (asset.kind == AssetKind::kFund) result.shares /= 200;
    auto price_to_earnings = static_cast<std::int64_t>(4 + draw(asset.ticker, year, "pe", 20));
    if (asset.kind == AssetKind::kReceipt) price_to_earnings = 7'900;  // the report's unit is not the receipt's
    result.earnings_per_share = anchor * 10 / price_to_earnings;
    if (asset.kind == AssetKind::kStock && draw(asset.ticker, year, "loss", 12) == 0) result.earnings_per_share *= -1;
    const bool is_fund = asset.kind == AssetKind::kFund;
    const auto book_percent = static_cast<std::int64_t>(is_fund ? 85 + draw(asset.ticker, year, "book", 30)
                                                                : 50 + draw(asset.ticker, year, "book", 100));
    result.book_value_per_share = to_cents(anchor / 100 * book_percent);
    return result;
}

Rates Market::rates(chrono::year_month month) const {
    Rates rates{.inflation_12m = 480, .policy_rate = 875};
    constexpr std::array<std::int64_t, 6> kDecisions = {-50, -25, 0, 0, 25, 50};
    for (chrono::year_month at = chrono::year{2010} / 1; at <= month; at += chrono::months{1}) {
        const Day first{at / 1};
        rates.inflation_12m +=
            bell(draw("IPCA", first, "inflation", UINT64_MAX), 25) + (450 - rates.inflation_12m) / 20;
        rates.inflation_12m = std::max<std::int64_t>(rates.inflation_12m, 100);
        rates.policy_rate += kDecisions[draw("SELIC", first, "decision", kDecisions.size())];
        rates.policy_rate = std::clamp<std::int64_t>(rates.policy_rate, 200, 1'500);
    }
    return rates;
}

}  // namespace lagoa::sample
