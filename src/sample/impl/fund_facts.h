// What a fund's pages tell, computed from its history.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sample/market.h"

namespace lagoa::sample {

/// Amounts in whole reais, prices in micros, percentages times 100.
struct FundFacts {
    Day last_session;
    Micros price = 0, low_52w = 0, high_52w = 0, book_value_per_share = 0;
    Micros ffo_per_share = 0, dividend_per_share = 0;
    std::int64_t shares = 0, market_value = 0, daily_volume = 0;
    std::int64_t ffo_yield = 0, dividend_yield = 0, price_to_book = 0;
    std::int64_t change_day = 0, change_month = 0, change_30_days = 0, change_12_months = 0;
    std::array<std::int64_t, 6> change_years{};  ///< This year so far, then the five before it.
    std::int64_t revenue_12m = 0, sales_12m = 0, ffo_12m = 0, distributed_12m = 0, assets = 0, net_worth = 0;
    bool has_properties = false;  ///< Else the numbers of buildings are zero.
    std::int64_t properties = 0, area_m2 = 0, rent_per_m2 = 0, price_per_m2 = 0, cap_rate = 0, vacancy = 0;
    std::vector<CashDividend> dividends;
};

FundFacts fund_facts(const Market& market, const Asset& fund, Day today);

}  // namespace lagoa::sample
