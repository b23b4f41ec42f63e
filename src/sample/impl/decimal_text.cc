#include "sample/impl/decimal_text.h"

#include <fmt/format.h>

namespace lagoa::sample {
namespace {

struct Parts {
    bool negative;
    std::string whole;
    std::string fraction;  // `scale` digits
};

Parts parts_of(std::int64_t unscaled, int scale) {
    const bool negative = unscaled < 0;
    const std::uint64_t magnitude =
        negative ? ~static_cast<std::uint64_t>(unscaled) + 1 : static_cast<std::uint64_t>(unscaled);
    std::string digits = fmt::format("{:0{}}", magnitude, scale + 1);
    const std::size_t point = digits.size() - static_cast<std::size_t>(scale);
    return {negative, digits.substr(0, point), digits.substr(point)};
}

}  // namespace

std::string decimal_text(std::int64_t unscaled, int scale) {
    const Parts parts = parts_of(unscaled, scale);
    std::string text = (parts.negative ? "-" : "") + parts.whole;
    if (scale > 0) text += '.' + parts.fraction;
    return text;
}

json::Value json_decimal(std::int64_t unscaled, int scale) {
    std::string text = decimal_text(unscaled, scale);
    if (scale > 0) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
        if (text == "-0") text = "0";
    }
    return json::Number{std::move(text)};
}

std::string brazilian_text(std::int64_t unscaled, int scale) {
    const Parts parts = parts_of(unscaled, scale);
    std::string text;
    for (std::size_t i = 0; i < parts.whole.size(); ++i) {
        if (i > 0 && (parts.whole.size() - i) % 3 == 0) text += '.';
        text += parts.whole[i];
    }
    if (scale > 0) text += ',' + parts.fraction;
    return parts.negative ? '-' + text : text;
}

std::int64_t rounded_division(std::int64_t dividend, std::int64_t divisor) {
    const std::int64_t half = divisor / 2;
    return dividend >= 0 ? (dividend + half) / divisor : -((-dividend + half) / divisor);
}

std::string iso_date(Day day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::string brazilian_date(Day day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:02}/{:02}/{:04}", static_cast<unsigned>(date.day()), static_cast<unsigned>(date.month()),
                       static_cast<int>(date.year()));
}

std::string compact_date(Day day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

}  // namespace lagoa::sample
