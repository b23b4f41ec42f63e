// B3's trading days: weekdays but for its holidays. Movable feasts follow Easter.
#include <array>

#include "sample/market.h"

namespace lagoa::sample {
namespace {

namespace chrono = std::chrono;
using chrono::days;

/// Gregorian Easter Sunday (the anonymous algorithm, Meeus 1991).
Day easter(int year) {
    const int a = year % 19, b = year / 100, c = year % 100, d = b / 4, e = b % 4, f = (b + 8) / 25;
    const int g = (b - f + 1) / 3, h = (19 * a + b - d - g + 15) % 30, i = c / 4, k = c % 4;
    const int l = (32 + 2 * e + 2 * i - h - k) % 7, m = (a + 11 * h + 22 * l) / 451;
    const int month = (h + l - 7 * m + 114) / 31, day = (h + l - 7 * m + 114) % 31 + 1;
    return Day{chrono::year{year} / chrono::month{static_cast<unsigned>(month)} /
               chrono::day{static_cast<unsigned>(day)}};
}

bool is_fixed_holiday(chrono::year_month_day date) {
    struct Holiday {
        unsigned month, day;
        int first_year;
    };
    // The exchange also rests on the last weekday of a year, which the 31st stands for here.
    constexpr std::array kHolidays = std::to_array<Holiday>({{1, 1, 0},
                                                             {4, 21, 0},
                                                             {5, 1, 0},
                                                             {9, 7, 0},
                                                             {10, 12, 0},
                                                             {11, 2, 0},
                                                             {11, 15, 0},
                                                             {11, 20, 2024},
                                                             {12, 24, 0},
                                                             {12, 25, 0},
                                                             {12, 31, 0}});
    for (const Holiday& holiday : kHolidays) {
        if (date.month() == chrono::month{holiday.month} && date.day() == chrono::day{holiday.day}) {
            return static_cast<int>(date.year()) >= holiday.first_year;
        }
    }
    return false;
}

}  // namespace

bool is_session(Day day) {
    const chrono::weekday weekday(day);
    if (weekday == chrono::Saturday || weekday == chrono::Sunday) return false;
    const chrono::year_month_day date(day);
    if (is_fixed_holiday(date)) return false;
    const Day sunday = easter(static_cast<int>(date.year()));
    const auto offset = day - sunday;
    // Carnival Monday and Tuesday, Good Friday, Corpus Christi.
    return offset != days{-48} && offset != days{-47} && offset != days{-2} && offset != days{60};
}

Day session_on_or_before(Day day) {
    while (!is_session(day)) day -= days{1};
    return day;
}

}  // namespace lagoa::sample
