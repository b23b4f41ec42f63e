#include "net/http_date.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace lagoa::net {
namespace {

std::optional<int> number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<Instant> parse_http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto words = split(text, ' ');
    if (words.size() != 6 || words[5] != "GMT") return std::nullopt;
    const auto clock = split(words[4], ':');
    const auto month = std::ranges::find(kMonths, words[2]);
    if (clock.size() != 3 || month == kMonths.end()) return std::nullopt;
    const auto day = number(words[1]);
    const auto year = number(words[3]);
    const auto hours = number(clock[0]);
    const auto minutes = number(clock[1]);
    const auto seconds = number(clock[2]);
    if (!day || !year || !hours || !minutes || !seconds) return std::nullopt;

    using namespace std::chrono;
    const year_month_day date(std::chrono::year(*year),
                              std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
                              std::chrono::day(static_cast<unsigned>(*day)));
    const bool is_time =
        *hours >= 0 && *hours < 24 && *minutes >= 0 && *minutes < 60 && *seconds >= 0 && *seconds <= 60;
    if (!date.ok() || !is_time) return std::nullopt;
    return Instant(sys_days(date)) + std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
           std::chrono::seconds(*seconds);
}

}  // namespace lagoa::net
