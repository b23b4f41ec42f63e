// The bodies of the API's answers about assets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "codec/json.h"
#include "sample/market.h"

namespace lagoa::sample {

struct QuoteParameters {
    std::string range;     ///< Empty: no history asked for.
    std::string interval;  ///< One of kServedIntervals.
    bool fundamental = false;
    bool dividends = false;
    Day first_day;  ///< Of the range.
};

/// The first day of `range` (`1mo`, `ytd`, …) as seen on `today`; nothing if there is no such range.
/// `max` and what reaches further back begin at `earliest`.
std::optional<Day> first_day_of(std::string_view range, Day today, Day earliest);

json::Value quote_body(const Market& market, const Asset& asset, const QuoteParameters& parameters, Instant now);
json::Value coin_body(const Market& market, const Asset& asset, std::string_view currency,
                      const QuoteParameters& parameters, Instant now);
/// A row of `/api/quote/list`.
json::Object list_entry(const Market& market, const Asset& asset, Instant now);

}  // namespace lagoa::sample
