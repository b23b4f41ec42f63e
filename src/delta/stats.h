// The statistics of a data file: what `add.stats` says of its rows and columns.
//
// They are hints for skipping files and never wrong in that use: a minimum or maximum may be looser
// than the data (strings are cut; `tight_bounds` false after deletions), and what is absent is unknown.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Per-file Statistics)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json.h"
#include "delta/actions.h"

namespace lagoa::delta {

/// A column's name, or the names from the outermost struct inwards.
using ColumnPath = std::span<const std::string>;

/// Immutable.
class FileStats {
public:
    /// An empty text is a file without statistics. kCorruption if it is not a JSON object.
    static Result<FileStats> parse(std::string_view text);

    /// Rows in the file, deleted ones included.
    std::optional<std::int64_t> row_count() const;
    /// Whether some row has each minimum and maximum; else they only bound the rows.
    bool tight_bounds() const;

    /// As serialised in JSON: numbers, booleans, strings (dates `YYYY-MM-DD`, timestamps ISO 8601).
    /// nullptr if unknown. Valid as long as this object.
    const json::Value* min(ColumnPath column) const;
    const json::Value* max(ColumnPath column) const;
    std::optional<std::int64_t> null_count(ColumnPath column) const;

private:
    const json::Value* find(std::string_view group, ColumnPath column) const;

    json::Value stats_;
};

/// FileStats::row_count() of `text`, without its columns: many times as fast. nullopt also if it is damaged.
std::optional<std::int64_t> parse_row_count(std::string_view text);

/// `text` for a file of which more rows are deleted: with bounds that are not tight. As it is if it is damaged.
std::string with_loose_bounds(std::string text);

/// The rows of `file` that are not deleted; nullopt without statistics.
std::optional<std::uint64_t> live_row_count(const AddFile& file);

}  // namespace lagoa::delta
