#include "base/clock.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace lagoa {
namespace {

class SystemClock final : public Clock {
public:
    Instant now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }

    bool sleep(std::chrono::microseconds duration, std::stop_token stop) override {
        std::mutex mutex;
        std::condition_variable_any changed;
        std::unique_lock lock(mutex);
        changed.wait_for(lock, stop, duration, [] { return false; });
        return !stop.stop_requested();
    }
};

// Reads `digits` decimal digits at `at` and moves past them.
std::optional<int> take_digits(std::string_view text, std::size_t& at, std::size_t digits) {
    if (text.size() < at + digits) return std::nullopt;
    int value = 0;
    for (const std::size_t end = at + digits; at < end; ++at) {
        if (text[at] < '0' || text[at] > '9') return std::nullopt;
        value = value * 10 + (text[at] - '0');
    }
    return value;
}

bool take(std::string_view text, std::size_t& at, char wanted) {
    if (at >= text.size() || text[at] != wanted) return false;
    ++at;
    return true;
}

std::optional<Instant> parse(std::string_view text) {
    using namespace std::chrono;
    std::size_t at = 0;
    const auto y = take_digits(text, at, 4);
    if (!y || !take(text, at, '-')) return std::nullopt;
    const auto m = take_digits(text, at, 2);
    if (!m || !take(text, at, '-')) return std::nullopt;
    const auto d = take_digits(text, at, 2);
    if (!d || !(take(text, at, 'T') || take(text, at, ' '))) return std::nullopt;
    const auto hh = take_digits(text, at, 2);
    if (!hh || !take(text, at, ':')) return std::nullopt;
    const auto mm = take_digits(text, at, 2);
    if (!mm || !take(text, at, ':')) return std::nullopt;
    const auto ss = take_digits(text, at, 2);
    if (!ss) return std::nullopt;
    int micros = 0;
    if (take(text, at, '.')) {
        int scale = 100'000;
        const std::size_t first = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
            micros += (text[at] - '0') * scale;
        if (at == first) return std::nullopt;
    }
    int offset_minutes = 0;
    if (!take(text, at, 'Z')) {
        const int sign = take(text, at, '-') ? -1 : (take(text, at, '+') ? 1 : 0);
        const auto oh = take_digits(text, at, 2);
        if (sign == 0 || !oh) return std::nullopt;
        take(text, at, ':');
        const auto om = take_digits(text, at, 2);
        if (!om || *oh > 23 || *om > 59) return std::nullopt;
        offset_minutes = sign * (*oh * 60 + *om);
    }
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    if (at != text.size() || !date.ok() || *hh > 23 || *mm > 59 || *ss > 60) return std::nullopt;
    return sys_days{date} + hours{*hh} + minutes{*mm - offset_minutes} + seconds{*ss} + microseconds{micros};
}

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

std::string format_instant(Instant instant) {
    using namespace std::chrono;
    const auto day = floor<days>(instant);
    const year_month_day date{day};
    const hh_mm_ss time{instant - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

Result<Instant> parse_instant(std::string_view text) {
    if (const auto instant = parse(text)) return *instant;
    return fail(ErrorCode::kInvalidArgument, "\"{}\" is not an instant like 2026-11-25T13:04:05Z", text);
}

}  // namespace lagoa
