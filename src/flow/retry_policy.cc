#include "flow/impl/retry_policy.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lagoa::flow {
namespace {

constexpr std::string_view kAll = "States.ALL";
constexpr std::string_view kTaskFailed = "States.TaskFailed";
// Bounds of Step Functions.
constexpr std::int64_t kMaxInterval = 99'999'999;
constexpr std::int64_t kMaxDelay = 31'622'400;

Result<Retrier> parse_retrier(const FieldReader& reader, std::size_t index, std::size_t count) {
    constexpr std::array<std::string_view, 7> kFields = {
        "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"};
    LAGOA_TRY(reader.allow_only("a retrier", kFields));
    Retrier retrier;
    retrier.error_equals = LAGOA_TRY(parse_error_equals(reader, index, count));
    retrier.interval_seconds =
        LAGOA_TRY(reader.integer("IntervalSeconds", 1, kMaxInterval)).value_or(retrier.interval_seconds);
    retrier.max_attempts = LAGOA_TRY(reader.integer("MaxAttempts", 0, kMaxInterval)).value_or(retrier.max_attempts);
    retrier.backoff_rate = LAGOA_TRY(reader.number("BackoffRate", 1.0)).value_or(retrier.backoff_rate);
    retrier.max_delay_seconds = LAGOA_TRY(reader.integer("MaxDelaySeconds", 1, kMaxDelay));
    if (retrier.max_delay_seconds && *retrier.max_delay_seconds <= retrier.interval_seconds)
        return reader.wrong("MaxDelaySeconds", "MaxDelaySeconds is not above IntervalSeconds");
    const std::string jitter = LAGOA_TRY(reader.text("JitterStrategy")).value_or("NONE");
    if (jitter != "NONE" && jitter != "FULL") return reader.wrong("JitterStrategy", "JitterStrategy is NONE or FULL");
    retrier.full_jitter = jitter == "FULL";
    return retrier;
}

}  // namespace

bool answers(std::span<const std::string> error_equals, std::string_view error) {
    const bool unanswerable = error == "States.Runtime" || error == "States.DataLimitExceeded";
    return std::ranges::any_of(error_equals, [&](const std::string& name) {
        if (name == kAll) return !unanswerable;
        if (name == kTaskFailed) return !unanswerable && error != "States.Timeout";
        return name == error;
    });
}

std::chrono::microseconds delay_before(const Retrier& retrier, std::int64_t attempt, Random& random) {
    const double grown = static_cast<double>(retrier.interval_seconds) *
                         std::pow(retrier.backoff_rate, static_cast<double>(attempt - 1));
    double seconds = std::min(grown, static_cast<double>(retrier.max_delay_seconds.value_or(kMaxDelay)));
    if (retrier.full_jitter) seconds *= random.uniform();
    return std::chrono::round<std::chrono::microseconds>(std::chrono::duration<double>(seconds));
}

Result<std::vector<Retrier>> parse_retriers(const FieldReader& state) {
    std::vector<Retrier> retriers;
    if (!state.has("Retry")) return retriers;
    const auto* items = state.find("Retry")->array();
    if (items == nullptr) return state.wrong("Retry", "Retry is not an array");
    for (std::size_t i = 0; i < items->size(); ++i) {
        const std::string pointer = fmt::format("{}/{}", state.pointer_to("Retry"), i);
        const FieldReader reader = LAGOA_TRY(FieldReader::open(state.document(), pointer, (*items)[i]));
        retriers.push_back(LAGOA_TRY(parse_retrier(reader, i, items->size())));
    }
    return retriers;
}

Result<std::vector<std::string>> parse_error_equals(const FieldReader& reader, std::size_t index, std::size_t count) {
    auto names = LAGOA_TRY(reader.required_texts("ErrorEquals"));
    const bool has_all = std::ranges::find(names, kAll) != names.end();
    if (has_all && (names.size() > 1 || index + 1 != count))
        return reader.wrong("ErrorEquals", "States.ALL stands alone, and in the last retrier or catcher");
    return names;
}

}  // namespace lagoa::flow
