#include "delta/table_properties.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "delta/table_features.h"

namespace lagoa::delta {
namespace {

using std::chrono::milliseconds;

struct Unit {
    std::string_view name;
    std::int64_t length_ms;
};

constexpr std::array kUnits = {
    Unit{"week", 7LL * 24 * 3600 * 1000},
    Unit{"day", 24LL * 3600 * 1000},
    Unit{"hour", 3600LL * 1000},
    Unit{"minute", 60LL * 1000},
    Unit{"second", 1000},
    Unit{"millisecond", 1},
};
constexpr std::int64_t kMaxCount = 1'000'000;  // of any unit; keeps the sum far from overflow

const std::string* find_property(const Metadata& metadata, std::string_view property) {
    const auto at = metadata.configuration.find(std::string(property));
    return at == metadata.configuration.end() ? nullptr : &at->second;
}

std::optional<std::int64_t> parse_count(std::string_view text) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || end != text.data() + text.size() || count < 0 || count > kMaxCount) return std::nullopt;
    return count;
}

}  // namespace

std::optional<std::string> property_of(const Metadata& metadata, std::string_view property) {
    const auto* const value = find_property(metadata, property);
    return value == nullptr ? std::nullopt : std::optional(*value);
}

bool is_enabled(const Metadata& metadata, std::string_view property) {
    const auto* const value = find_property(metadata, property);
    return value != nullptr && to_lower(*value) == "true";
}

bool has_in_commit_timestamps(const Protocol& protocol, const Metadata& metadata) {
    return (has_feature(protocol, "inCommitTimestamp") && is_enabled(metadata, "delta.enableInCommitTimestamps")) ||
           (has_feature(protocol, "inCommitTimestamp-preview") &&
            is_enabled(metadata, "delta.enableInCommitTimestamps-preview"));
}

std::int64_t checkpoint_interval(const Metadata& metadata, std::int64_t otherwise) {
    const auto* const value = find_property(metadata, "delta.checkpointInterval");
    const auto count = value == nullptr ? std::nullopt : parse_count(*value);
    return count.value_or(0) > 0 ? *count : otherwise;
}

std::optional<milliseconds> deleted_file_retention(const Metadata& metadata) {
    const auto* const value = find_property(metadata, "delta.deletedFileRetentionDuration");
    return value == nullptr ? std::chrono::days(7) : parse_interval(*value);
}

std::optional<milliseconds> log_retention(const Metadata& metadata) {
    const auto* const value = find_property(metadata, "delta.logRetentionDuration");
    return value == nullptr ? std::chrono::days(30) : parse_interval(*value);
}

std::optional<std::uint64_t> target_file_size(const Metadata& metadata) {
    const auto* const value = find_property(metadata, "delta.targetFileSize");
    if (value == nullptr) return std::nullopt;
    const std::string text = to_lower(trim(*value));
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::uint64_t count = 0;
    if (std::from_chars(text.data(), text.data() + digits, count).ec != std::errc{} || count == 0) return std::nullopt;
    std::string unit(trim(std::string_view(text).substr(digits)));
    if (unit.size() == 2 && unit.ends_with('b')) unit.pop_back();
    constexpr std::string_view kSizes = "bkmgt";
    const std::size_t power = unit.empty() ? 0 : kSizes.find(unit);
    const std::uint64_t size = power < kSizes.size() ? std::uint64_t{1} << (10 * power) : 0;
    if (size == 0 || count > (std::uint64_t{1} << 60) / size) return std::nullopt;
    return count * size;
}

std::optional<milliseconds> transaction_retention(const Metadata& metadata) {
    const auto* const value = find_property(metadata, "delta.setTransactionRetentionDuration");
    return value == nullptr ? std::nullopt : parse_interval(*value);
}

std::optional<milliseconds> parse_interval(std::string_view text) {
    const std::string lower = to_lower(text);
    std::vector<std::string_view> words;
    for (const auto word : split(lower, ' '))
        if (!word.empty()) words.push_back(word);
    if (!words.empty() && words.front() == "interval") words.erase(words.begin());
    if (words.empty() || words.size() % 2 != 0) return std::nullopt;

    milliseconds sum{};
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const auto count = parse_count(words[i]);
        std::string_view name = words[i + 1];
        if (name.ends_with('s')) name.remove_suffix(1);
        const auto* const unit = std::ranges::find(kUnits, name, &Unit::name);
        if (!count || unit == kUnits.end()) return std::nullopt;
        sum += milliseconds(*count * unit->length_ms);
    }
    return sum;
}

}  // namespace lagoa::delta
