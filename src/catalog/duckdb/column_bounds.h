// What the log says of one column in one file: its partition value, or the bounds among the file's statistics.
//
// What statistics may be relied on for: `minValues` and `maxValues` are bounds, not values that occur
// (long texts are cut, maxima of instants are cut to milliseconds, so are widened here again); they
// leave out NULLs and, in Parquet's tradition, NaN, which is greater than every number in SQL; decimals
// beyond a double's precision may have been rounded by their writer. Files keep the statistics of the type they were
// written with when a column is widened, and those of deleted rows. Any of them may be missing.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Per-file Statistics)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "duckdb.hpp"

#include "delta/snapshot.h"
#include "delta/stats.h"

namespace lagoa {

/// A column, or a member of a struct, as the log knows it.
struct LoggedColumn {
    std::vector<std::string> path;  ///< Of physical names.
    duckdb::LogicalType type;
    bool was_float = false;  ///< When some files were written.

    explicit LoggedColumn(const Field& field);
    /// Steps into the `i`-th member of `field`, which this is; returns the member.
    const Field& enter(const Field& field, std::size_t i);
};

struct ColumnBounds {
    std::optional<duckdb::Value> minimum;  ///< Of the values that are neither NULL nor NaN, of type `compared_as`.
    std::optional<duckdb::Value> maximum;
    duckdb::LogicalType compared_as;
    bool may_have_null = true;
    bool only_null = false;
    bool may_have_nan = false;
    bool exact = false;                     ///< Minimum and maximum are as the values are, not widened.
    bool tight = false;                     ///< Some live row has the minimum, some the maximum, unless all are NULL.
    std::optional<duckdb::Value> constant;  ///< Every row has it: a partition column's value, or NULL.
};

/// One file's statistics, parsed when they are first asked for. Not thread-safe.
class FileBounds {
public:
    /// `file` must outlive this.
    explicit FileBounds(const delta::AddFile& file) : file_(file) {}

    /// nullopt if nothing is known. Raises kCorruption for a partition value that its column cannot have.
    std::optional<ColumnBounds> of(const LoggedColumn& column);

private:
    const delta::FileStats& stats();

    const delta::AddFile& file_;
    std::optional<delta::FileStats> stats_;
};

}  // namespace lagoa
