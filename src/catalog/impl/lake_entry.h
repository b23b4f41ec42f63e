// One entry of the lake log as JSON.
//
// Format: docs/formats/lake-log.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/lake_log.h"

namespace lagoa {

inline constexpr std::string_view kLakeLogFolder = "_lagoa/log/";

struct LakeEntry {
    LakeVersion state;
    std::string id;  ///< Tells this entry from an equal one of someone else.
};

std::string lake_entry_key(std::uint64_t version);

/// The version that `key` names; nullopt for other objects of the folder.
std::optional<std::uint64_t> lake_entry_version(std::string_view key);

std::string print_lake_entry(const LakeEntry& entry);

/// kCorruption, or kUnsupported for a newer format, names the entry.
Result<LakeEntry> parse_lake_entry(std::uint64_t version, std::string_view text);

/// kNotFound if there is none.
Result<LakeEntry> read_lake_entry(ObjectStore& store, std::uint64_t version);

}  // namespace lagoa
