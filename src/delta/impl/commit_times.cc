#include "delta/impl/commit_times.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "delta/impl/rebuild.h"
#include "delta/table_properties.h"

namespace lagoa::delta {
namespace {

// A table that had in-commit timestamps from its beginning does not say since when.
Result<std::int64_t> number_of(const Metadata& metadata, std::string_view property) {
    const auto text = property_of(metadata, property);
    if (!text) return 0;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc{} || end != text->data() + text->size())
        return fail(ErrorCode::kCorruption, "the table's property {} is {}, not a number", property, *text);
    return number;
}

}  // namespace

CommitTimes::CommitTimes(const TableLocation& table, const LogFiles& files)
    : table_(table), own_from_(std::numeric_limits<Version>::max()) {
    std::optional<std::int64_t> before;
    const Version oldest = files.oldest().value_or(own_from_);
    for (const auto& [version, object] : files.commits) {
        std::int64_t time = to_ms(object.modified);
        if (before) time = std::max(time, *before + 1);
        before = time;
        file_times_.emplace_hint(file_times_.end(), version, time);
        if (version >= oldest) readable_.push_back(version);
    }
}

Result<CommitTimes> CommitTimes::read(const TableLocation& table, const LogFiles& files) {
    CommitTimes times(table, files);
    if (files.commits.empty()) return times;
    const std::string& newest = files.commits.rbegin()->second.key;
    if (!LAGOA_TRY(read_in_commit_timestamp(table, newest))) return times;
    const auto snapshot = LAGOA_TRY(read_snapshot(table));
    times.own_from_ = LAGOA_TRY(number_of(snapshot->metadata, kTimestampEnablementVersion));
    times.own_from_ms_ = LAGOA_TRY(number_of(snapshot->metadata, kTimestampEnablementTime));
    return times;
}

Result<Version> CommitTimes::version_at(std::int64_t time_ms) const {
    if (readable_.empty()) return fail(ErrorCode::kNotFound, "no commit that says when it was made is left in the log");
    std::optional<Version> found;
    if (time_ms >= own_from_ms_) found = LAGOA_TRY(find_own(time_ms));
    if (!found) found = find_by_file(time_ms);
    if (found) return *found;
    const std::int64_t oldest = LAGOA_TRY(oldest_time());
    return fail(ErrorCode::kNotFound, "{} is before the oldest version that can be read, {} of {}",
                format_instant(Instant(std::chrono::milliseconds(time_ms))), readable_.front(),
                format_instant(Instant(std::chrono::milliseconds(oldest))));
}

Result<std::int64_t> CommitTimes::own_time(Version version) const {
    const auto time = LAGOA_TRY(read_in_commit_timestamp(table_, commit_key(table_, version)));
    if (!time) return fail(ErrorCode::kCorruption, "version {} has no in-commit timestamp", version);
    return *time;
}

Result<std::optional<Version>> CommitTimes::find_own(std::int64_t time_ms) const {
    auto first = std::ranges::lower_bound(readable_, own_from_);
    std::optional<Version> found;
    for (auto count = readable_.end() - first; count > 0;) {
        const auto middle = first + count / 2;
        if (LAGOA_TRY(own_time(*middle)) <= time_ms) {
            found = *middle;
            first = middle + 1;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return found;
}

std::optional<Version> CommitTimes::find_by_file(std::int64_t time_ms) const {
    std::optional<Version> found;
    for (const Version version : readable_)
        if (version < own_from_ && file_time(version) <= time_ms) found = version;
    return found;
}

Result<std::int64_t> CommitTimes::oldest_time() const {
    if (says_its_time(readable_.front())) return own_time(readable_.front());
    return file_time(readable_.front());
}

}  // namespace lagoa::delta
