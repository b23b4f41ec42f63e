#include "ingest/http/retry_after.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

#include "base/text.h"

namespace lagoa::ingest {

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value, Instant now) {
    value = trim(value);
    int seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error == std::errc() && end == value.data() + value.size() && seconds >= 0)
        return std::chrono::seconds(seconds);

    std::istringstream in{std::string(value)};
    in.imbue(std::locale::classic());
    std::tm date{};
    in >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S GMT");
    if (in.fail()) return std::nullopt;
    const auto at = std::chrono::system_clock::from_time_t(timegm(&date));
    const auto left = std::chrono::ceil<std::chrono::seconds>(at - now);
    return std::max(left, std::chrono::seconds(0));
}

}  // namespace lagoa::ingest
