// What is done to a table as a whole: maintenance, versions, rules. By SQL (`OPTIMIZE`, `VACUUM`, …) and by CLI
// (`lagoa table …`) alike.
//
// Each operation builds on the table's newest version, whatever a session reads, and makes one commit, or none if there
// is nothing to do. Errors as delta::commit, and kNotFound for a table that is not there.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delta/snapshot.h"
#include "model/table_name.h"

namespace lagoa {

/// A version by its number, or by the last commit at or before an instant.
struct VersionChoice {
    std::optional<delta::Version> version;
    std::optional<Instant> time;
};

struct OptimizeRequest {
    std::string where;                 ///< A condition over partition columns; empty: the whole table.
    std::vector<std::string> z_order;  ///< Columns; empty: bin-packing, or the table's clustering columns.
    bool full = false;                 ///< Of a clustered table: also what is clustered already.
    bool purge = false;                ///< REORG … APPLY (PURGE): rewrite every file that has a deletion vector.
    std::optional<std::uint64_t> target_bytes;  ///< Default: delta.targetFileSize, else 256 MiB.
    std::stop_token stop = {};                  ///< Ends it with kCancelled; nothing is committed then.
};

struct OptimizeResult {
    std::optional<delta::Version> version;  ///< nullopt: nothing to do.
    std::uint64_t files_added = 0;
    std::uint64_t files_removed = 0;
    std::uint64_t bytes_added = 0;
    std::uint64_t bytes_removed = 0;
    std::uint64_t files_considered = 0;
    std::uint64_t partitions_optimized = 0;
};

struct VacuumRequest {
    std::optional<std::chrono::hours> retain;  ///< Default: delta.deletedFileRetentionDuration.
    bool lite = false;  ///< Only files that the log names as removed; no listing of the table's folder.
    bool dry_run = false;
    bool allow_short = false;  ///< `retain` below the table's own retention: what running readers use may go.
};

struct VacuumResult {
    std::vector<std::string> files;  ///< Removed, or to be removed; relative to the table, sorted.
    std::uint64_t bytes = 0;
    std::uint64_t folders_considered = 0;
};

struct RestoreResult {
    std::optional<delta::Version> version;  ///< nullopt: the table is already so.
    delta::Version restored = 0;
    std::uint64_t files_restored = 0;
    std::uint64_t files_removed = 0;
    std::uint64_t bytes_restored = 0;
    std::uint64_t bytes_removed = 0;
};

struct ConvertRequest {
    std::string source;  ///< Folder of Parquet files, as SQL opens it; it becomes the table where it lies.
    std::map<std::string, std::string> partition_types;  ///< Column → SQL type, of hive-style folders.
    bool no_statistics = false;
};

struct ConvertResult {
    delta::Version version = 0;
    std::uint64_t files = 0;
};

struct CloneRequest {
    std::string source;  ///< `zone.table` or a path.
    VersionChoice at;    ///< Default: its newest.
    bool replace = false;
    bool if_not_exists = false;
};

struct CloneResult {
    std::optional<delta::Version> version;  ///< nullopt: it was there (IF NOT EXISTS).
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
};

/// Changes of what a table asks of its rows, and of its layout and protocol.
struct RuleChange {
    enum class Kind {
        kAddConstraint,   ///< `name` CHECK (`text`): all rows there are must meet it (kDataRejected).
        kDropConstraint,  ///< `name`
        kSetNotNull,      ///< column `name`: no row may be NULL in it (kDataRejected).
        kSetDefault,      ///< column `name`, expression `text`
        kDropDefault,     ///< column `name`
        kClusterBy,       ///< `columns`; empty: CLUSTER BY NONE
        kAddFeature,      ///< `name`
        kDropFeature,     ///< `name`: its traces go first
    };
    Kind kind = Kind::kAddConstraint;
    std::string name;
    std::string text;
    std::vector<std::string> columns;
    bool if_exists = false;
};

/// Thread-safe.
class TableOperations {
public:
    virtual ~TableOperations() = default;

    virtual Result<OptimizeResult> optimize(const TableName& table, const OptimizeRequest& request) = 0;
    virtual Result<VacuumResult> vacuum(const TableName& table, const VacuumRequest& request) = 0;
    virtual Result<RestoreResult> restore(const TableName& table, const VersionChoice& to) = 0;
    /// The folder of `table` in its zone, when `request.source` is empty.
    virtual Result<ConvertResult> convert(const TableName& table, const ConvertRequest& request) = 0;
    virtual Result<CloneResult> clone(const TableName& table, const CloneRequest& request) = 0;
    /// The version made.
    virtual Result<delta::Version> change_rule(const TableName& table, const RuleChange& change) = 0;
};

}  // namespace lagoa
