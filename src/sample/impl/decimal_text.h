// Scaled integers as text: exact, in JSON's and in Brazil's way of writing numbers.
#pragma once

#include <cstdint>
#include <string>

#include "codec/json.h"
#include "sample/market.h"

namespace lagoa::sample {

/// With exactly `scale` digits after the point: (7461, 2) is `74.61`, (7400, 2) is `74.00`.
std::string decimal_text(std::int64_t unscaled, int scale);

/// As a JSON number without superfluous zeros: (7400, 2) is `74`.
json::Value json_decimal(std::int64_t unscaled, int scale);

/// `10.888,00`: (1088800, 2).
std::string brazilian_text(std::int64_t unscaled, int scale);

/// Divides and rounds half away from zero; `divisor` is positive.
std::int64_t rounded_division(std::int64_t dividend, std::int64_t divisor);

std::string iso_date(Day day);        ///< `2024-05-17`
std::string brazilian_date(Day day);  ///< `17/05/2024`
std::string compact_date(Day day);    ///< `20240517`

}  // namespace lagoa::sample
