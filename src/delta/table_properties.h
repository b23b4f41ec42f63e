// The table properties (metaData.configuration) that the protocol gives a meaning, as typed values.
//
// Source: https://docs.delta.io/latest/table-properties.html
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "delta/actions.h"

namespace lagoa::delta {

/// The property's text if it is set.
std::optional<std::string> property_of(const Metadata& metadata, std::string_view property);

/// Whether `property` is `true`.
bool is_enabled(const Metadata& metadata, std::string_view property);

/// Whether commits say when they were made (`inCommitTimestamp`): the property and its feature, or its preview.
bool has_in_commit_timestamps(const Protocol& protocol, const Metadata& metadata);
/// Since which version and time they do, for a table that did not have them from its first version.
inline constexpr std::string_view kTimestampEnablementVersion = "delta.inCommitTimestampEnablementVersion";
inline constexpr std::string_view kTimestampEnablementTime = "delta.inCommitTimestampEnablementTimestamp";

inline constexpr std::string_view kRowTrackingProperty = "delta.enableRowTracking";
/// Name the columns of data files in which rows that were written again keep their id and commit version.
inline constexpr std::string_view kRowIdColumnProperty = "delta.rowTracking.materializedRowIdColumnName";
inline constexpr std::string_view kRowCommitVersionColumnProperty =
    "delta.rowTracking.materializedRowCommitVersionColumnName";

/// delta.checkpointInterval, or `otherwise` if it is not set or not a positive number.
std::int64_t checkpoint_interval(const Metadata& metadata, std::int64_t otherwise);

/// delta.deletedFileRetentionDuration, 7 days unless set; nullopt if we cannot read it, when
/// everything has to be kept.
std::optional<std::chrono::milliseconds> deleted_file_retention(const Metadata& metadata);

/// delta.logRetentionDuration, 30 days unless set; nullopt as above.
std::optional<std::chrono::milliseconds> log_retention(const Metadata& metadata);

/// delta.setTransactionRetentionDuration; nullopt if it is not set, or we cannot read it, when all are kept.
std::optional<std::chrono::milliseconds> transaction_retention(const Metadata& metadata);

/// delta.targetFileSize in bytes; nullopt if it is not set, or not a positive size: `104857600`, `100mb`, `1g`.
std::optional<std::uint64_t> target_file_size(const Metadata& metadata);

/// `interval 1 week 2 days`, `7 days`: Spark's intervals of fixed length (not months).
std::optional<std::chrono::milliseconds> parse_interval(std::string_view text);

}  // namespace lagoa::delta
