// Writes one version of a Delta table: _delta_log/<20-digit version>.json.
//
// A commit is a single put_if_absent. There is no lock and no coordinator: two writers that
// both read version 7 race to create 8.json, one wins, the other re-reads what was committed since,
// checks that what it read is untouched and tries 9. Data files are written before the commit, so a
// crash leaves orphans for vacuum and never a half-visible version. A put whose outcome is unknown
// is resolved by reading the version back: our commitInfo carries a unique id.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Delta Log Entries)
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delta/snapshot.h"

namespace lagoa::delta {

/// What a writer has read, which decides what may have changed meanwhile.
struct ReadSet {
    enum class Scope {
        kNothing,     ///< Blind append: only a change of metadata, of protocol, or of our own txn conflicts.
        kFiles,       ///< Some files: those removed by the request, `files`, and what `may_match` would have read.
        kWholeTable,  ///< Any added or removed data file conflicts.
    };
    Scope scope = Scope::kWholeTable;
    std::vector<std::string> files;  ///< kFiles: keys (file_key) of files that were read and stay.
    /// kFiles: whether a file added meanwhile might hold rows that this write would have read; by its partition values
    /// and statistics. Empty: none does.
    std::function<bool(const AddFile& added)> may_match;
    /// kFiles: whether a file removed meanwhile, that is not among `files`, held rows without which this write would
    /// have been another. Empty: none did.
    std::function<bool(const RemoveFile& removed)> was_needed;

    static ReadSet nothing() { return {.scope = Scope::kNothing, .files = {}, .may_match = {}}; }
    static ReadSet whole_table() { return {}; }
};

/// What counts as a conflict, as the property delta.isolationLevel says it.
enum class Isolation {
    kSerializable,       ///< As if the writes had come one after another, in the order of their versions.
    kWriteSerializable,  ///< In some order: an append that read nothing may count as before or after ours.
};

struct CommitRequest {
    std::vector<AddFile> adds;
    std::vector<RemoveFile> removes;
    std::vector<CdcFile> cdc;                   ///< Change files; their rows are no part of the table.
    std::optional<Protocol> protocol;           ///< Set when creating or upgrading.
    std::vector<std::string> dropped_features;  ///< That `protocol` goes without; the table holds nothing of them.
    std::optional<Metadata> metadata;           ///< Set when creating or changing the schema.
    std::vector<Txn> txns;
    std::vector<DomainMetadata> domains;  ///< Of the system's (`delta.*`) only that of clustering: delta/clustering.h.
    /// Whether the rows of `adds` were checked against, and filled in by, all that the table's metadata asks of rows
    /// beyond their types (column_rules.h), as who wrote them says: this module cannot evaluate it. Files that only
    /// move rows (data_change false) need no such word.
    bool rules_enforced = false;
    ReadSet read_set;
    std::optional<Isolation> isolation;  ///< nullopt: the table's own; weaker than that is not honoured.
    std::string operation = "WRITE";     ///< Spark's names: WRITE, MERGE, CREATE TABLE AS SELECT, …
    json::Object operation_parameters;
    json::Object operation_metrics;
    std::string user_metadata;
    json::Object commit_info;  ///< More members of commitInfo; the protocol's own names are not taken.
};

struct CommitOptions {
    int max_attempts = 15;
    Clock* clock = nullptr;        ///< nullptr: the machine's.
    int checkpoint_interval = 10;  ///< Commits between checkpoints, unless the table sets delta.checkpointInterval.
    /// Asked when a checkpoint was made: the oldest version that must stay readable though the log's retention is over
    /// (tags and lake versions name it; beyond the newest: none must). Empty, or an error: nothing of the log is
    /// cleaned up.
    std::function<Result<Version>()> keep_from;
};

/// Commits `request` on top of `base` (nullptr: creates the table), writes the version's checksum file and, when one is
/// due, a checkpoint, after which expired log files go (failures of these are logged, not returned). Returns the
/// version made. kConflict: another writer changed what this one read, or created the table first; nothing was written.
/// kAlreadyExists: one of `request.txns` was committed by someone else meanwhile.
/// kUnsupported: a writer feature we lack, or rows for a table with rules, without request.rules_enforced.
/// kInvalidArgument: adds that do not fit the schema's partitions,
/// removes of files that are not live at `base`, removes from an append-only table.
/// kUnavailable: the store failed for so long that the outcome is unknown; the table tells, by its txns.
///
/// A new table, or one whose metadata changes, without request.protocol gets the least protocol that its properties
/// and columns need (table_features.h). Metadata without id or creation time gets the table's, or new ones.
/// In-commit timestamps, row ids of added files and their high-water mark are filled in here, and again at each rebase.
Result<Version> commit(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
                       const CommitOptions& options = {});

/// Writes the checkpoint of `snapshot`, classic or v2 as the table's delta.checkpointPolicy says, and points
/// _last_checkpoint to it, unless that points to a newer one. Tombstones older than
/// delta.deletedFileRetentionDuration (7 days) by `clock` are left out.
Result<> write_checkpoint(const TableLocation& table, const Snapshot& snapshot, const Clock& clock = system_clock());

/// Removes commits, checkpoints, checksums, compactions and sidecars that are older than delta.logRetentionDuration
/// (30 days) by `clock` and that no version from `keep_from` on needs, unless delta.enableExpiredLogCleanup is false.
/// The versions left can all be read. Returns how many objects went.
Result<std::size_t> clean_up_log(const TableLocation& table, const Snapshot& newest, Version keep_from,
                                 const Clock& clock = system_clock());

}  // namespace lagoa::delta
