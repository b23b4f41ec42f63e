// The simulated market: assets, daily candles, dividends, splits, fundamentals and rates.
//
// Each asset's value is a random walk from a fixed epoch; the step of a day is a hash of (seed, ticker,
// day). All arithmetic is on integers. So a history is the same whenever and however far it is asked
// for, except for what truly changes in a market: splits and dividends after a day change its adjusted
// prices (`as_of`).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lagoa::sample {

using Day = std::chrono::sys_days;
using Micros = std::int64_t;  ///< Reais times 10^6.

constexpr Day kEpoch{std::chrono::year{2010} / 1 / 4};  ///< No asset has a history before it.

enum class AssetKind { kStock, kFund, kReceipt, kCoin };

struct Asset {
    std::string ticker;
    AssetKind kind = AssetKind::kStock;
    std::string long_name;
    std::string trading_name;  ///< At most 12 characters, as on the exchange's screens.
    std::string share_class;   ///< `PN`, `ON`, `CI`, `DRN`.
    std::string listing;       ///< `N2`, `NM`; may be empty.
    std::string sector;        ///< Of a fund its segment; may be empty.
    std::string isin;
    Micros start_price = 0;
    unsigned volatility_ppm = 0;  ///< Standard deviation of a day's step.
};

struct Candle {
    Day day;
    Micros open = 0, high = 0, low = 0, close = 0;  ///< Adjusted for the splits up to `as_of`; whole cents on B3.
    Micros adjusted_close = 0;                      ///< For the dividends as well.
    std::int64_t volume = 0;                        ///< Shares; of a coin, reais.
};

struct CashDividend {
    Day last_cum_day;  ///< Simulated truth; the sources sometimes hide it.
    std::optional<Day> last_date_prior;
    std::optional<Day> payment_date;
    std::optional<Day> approved_on;
    std::int64_t rate = 0;  ///< Per share of its day, reais times 10^11; some have every digit of that.
    std::string label;      ///< As published: JCP, JRS CAP PROPRIO, JUROS, DIVIDENDO, RENDIMENTO.
    std::string related_to;
};

struct Split {
    Day last_date_prior;                          ///< Prices change on the session after it.
    std::int64_t numerator = 1, denominator = 1;  ///< Shares after for shares before.
    std::string label;                            ///< DESDOBRAMENTO, GRUPAMENTO, BONIFICACAO.
};

/// From the epoch to `as_of`, both included, oldest first.
struct History {
    std::vector<Candle> candles;
    std::vector<CashDividend> dividends;
    std::vector<Split> splits;
};

struct Fundamentals {
    std::int64_t shares = 0;
    std::int64_t earnings_per_share = 0;  ///< Reais times 10^7; may be negative or, for a receipt, tiny.
    Micros book_value_per_share = 0;
};

/// Percent times 100.
struct Rates {
    std::int64_t inflation_12m = 0;
    std::int64_t policy_rate = 0;  ///< A year.
};

struct MarketOptions {
    std::uint64_t seed = 1;
    std::size_t stocks = 10;  ///< The first ten have known tickers, further ones are generated.
    std::size_t funds = 30;   ///< Likewise thirty.
};

/// Whether B3 trades on `day`.
bool is_session(Day day);
/// The last session on or before `day`.
Day session_on_or_before(Day day);

/// Immutable; safe to use from any thread.
class Market {
public:
    explicit Market(const MarketOptions& options);

    /// Stocks, one depositary receipt, funds, then BTC and ETH.
    const std::vector<Asset>& assets() const { return assets_; }
    /// nullptr if there is no such ticker.
    const Asset* find(std::string_view ticker) const;

    History history(const Asset& asset, Day as_of) const;
    Fundamentals fundamentals(const Asset& asset, Day day) const;
    Rates rates(std::chrono::year_month month) const;

    /// A number in [0, below) that depends on the seed, the ticker, the day and what it is for.
    std::uint64_t draw(std::string_view ticker, Day day, std::string_view purpose, std::uint64_t below) const;

private:
    std::uint64_t seed_;
    std::vector<Asset> assets_;
};

}  // namespace lagoa::sample
