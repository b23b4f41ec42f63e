// Writes one version of a Delta table: _delta_log/<20-digit version>.json.
//
// A commit is a single put_if_absent. There is no lock and no coordinator: two writers that
// both read version 7 race to create 8.json, one wins, the other re-reads what was committed since,
// checks that its read set is untouched and tries 9. Data files are written before the commit, so a
// crash leaves orphans for vacuum and never a half-visible version. A put whose outcome is unknown
// is resolved by reading the version back: our commitInfo carries a unique id.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Delta Log Entries)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "delta/snapshot.h"

namespace lagoa::delta {

/// What a writer has read, which decides what may have changed meanwhile.
enum class ReadSet {
    kNothing,     ///< Blind append: only a change of metadata, of protocol, or of our own txn conflicts.
    kWholeTable,  ///< Overwrite, merge: any added or removed data file conflicts.
};

struct CommitRequest {
    std::vector<AddFile> adds;
    std::vector<RemoveFile> removes;
    std::optional<Protocol> protocol;  ///< Set when creating or upgrading.
    std::optional<Metadata> metadata;  ///< Set when creating or changing the schema.
    std::vector<Txn> txns;
    ReadSet read_set = ReadSet::kWholeTable;
    std::string operation = "WRITE";  ///< Spark's names: WRITE, MERGE, CREATE TABLE AS SELECT, …
    json::Object operation_parameters;
    json::Object operation_metrics;
    std::string user_metadata;
};

struct CommitOptions {
    int max_attempts = 15;
    Clock* clock = nullptr;        ///< nullptr: the machine's.
    int checkpoint_interval = 10;  ///< Commits between checkpoints, unless the table sets delta.checkpointInterval.
};

/// Commits `request` on top of `base` (nullptr: creates the table) and writes a checkpoint when one is due
/// (whose failure is logged, not returned). Returns the version made.
/// kConflict: another writer changed what this one read, or created the table first; nothing was written.
/// kAlreadyExists: one of `request.txns` was committed by someone else meanwhile.
/// kUnsupported: a writer feature we lack. kInvalidArgument: adds that do not fit the schema's partitions,
/// removes of files that are not live at `base`, removes from an append-only table.
/// kUnavailable: the store failed for so long that the outcome is unknown; the table tells, by its txns.
///
/// A new table without request.protocol gets the least one that its schema needs (reader 1, writer 2, unless
/// a TIMESTAMP without zone asks for timestampNtz). Metadata without id or creation time gets the table's, or new ones.
Result<Version> commit(const TableLocation& table, std::shared_ptr<const Snapshot> base, CommitRequest request,
                       const CommitOptions& options = {});

/// Writes the classic checkpoint of `snapshot` and points _last_checkpoint to it, unless that points to a newer
/// one. Tombstones older than delta.deletedFileRetentionDuration (7 days) by `clock` are left out.
Result<> write_checkpoint(const TableLocation& table, const Snapshot& snapshot, const Clock& clock = system_clock());

}  // namespace lagoa::delta
