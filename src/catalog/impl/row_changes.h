// Rows that go out of a table and files that come in, turned into what a commit says of them.
//
// A statement finds rows by (file, place in the file) and stages new ones as files; nothing of the table is rewritten
// while it runs. Until the commit the going rows are deletion vectors that only the transaction sees. The commit
// settles them: where the table has deletion vectors enabled they are written as such, elsewhere the rows that stay are
// copied (copy on write). Where it has a change data feed, change files say what happened to each row.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"
#include "delta/deletion_vector.h"
#include "delta/snapshot.h"
#include "engine/engine.h"

namespace lagoa {

/// Rows of one file that go, beyond those its own deletion vector names. Disjoint.
struct GoingRows {
    delta::DeletedRows deleted;  ///< For good.
    delta::DeletedRows updated;  ///< Their new values are among the added rows.
};

enum class AddedKind { kInserted, kUpdated };

struct AddedFile {
    delta::AddFile file;
    AddedKind kind = AddedKind::kInserted;
};

/// Of the rows that go, how many MERGE took because no row of its source matched them.
struct UnmatchedRows {
    std::uint64_t deleted = 0;
    std::uint64_t updated = 0;
};

/// What the statements of one transaction have done to the rows of one table.
struct RowChanges {
    /// By file_key(path, {}) of a file of the base, or of one of `added`: a version has one file of a path, and what
    /// with_changes() makes of it has the same.
    std::map<std::string, GoingRows> going;
    std::vector<AddedFile> added;  ///< Written and durable; no reader knows of them.
    UnmatchedRows unmatched;

    bool empty() const { return going.empty() && added.empty(); }
    /// Adds what a later statement did on top of this.
    void append(RowChanges later);
};

/// Counts for operationMetrics, in rows and files of the table.
struct RowCounts {
    std::uint64_t inserted = 0;
    std::uint64_t updated = 0;
    std::uint64_t deleted = 0;
    UnmatchedRows unmatched;  ///< Among the updated and the deleted.
    std::uint64_t copied = 0;
    std::uint64_t files_added = 0;
    std::uint64_t files_removed = 0;
    std::uint64_t deletion_vectors_added = 0;
    std::uint64_t deletion_vectors_removed = 0;
    std::uint64_t change_files = 0;
    std::uint64_t deletion_vectors_updated = 0;  ///< Among those added: of files that had one.
    std::uint64_t bytes_added = 0;
    std::uint64_t bytes_removed = 0;
};

/// operationMetrics as Spark names them for `operation`: DELETE, UPDATE, MERGE, or a write. `source_rows`: of a MERGE,
/// if they were counted.
json::Object row_metrics(std::string_view operation, const RowCounts& counts,
                         std::optional<std::uint64_t> source_rows = {});

struct SettledRows {
    std::vector<delta::AddFile> adds;
    std::vector<delta::RemoveFile> removes;
    std::vector<delta::CdcFile> cdc;
    RowCounts counts;
    std::vector<std::string> written;  ///< Files that settling made, relative to the table: to go if the commit fails.
    std::vector<delta::AddFile>
        unused;  ///< Files of the changes whose rows are copied or gone: to go after the commit.
};

/// `base` with `changes` as their transaction sees it: going rows are deletion vectors inside the log (storage type
/// `i`), united with those the files have, which are read. Its slots are its own. Errors of that reading, and as
/// check_own_rows.
Result<std::shared_ptr<const delta::Snapshot>> with_changes(const delta::TableLocation& location,
                                                            const delta::Snapshot& base, const RowChanges& changes);

/// kUnsupported in a table with a change data feed: a row that a transaction itself wrote goes again.
Result<> check_own_rows(const delta::Metadata& metadata);

/// The table that rows are settled in.
struct SettleTarget {
    delta::TableLocation location;
    std::string url;  ///< The table's folder in SQL: `lagoa://silver/stocks`.
    std::shared_ptr<const delta::Snapshot> base;
    delta::Metadata metadata;  ///< As the commit makes it.
    delta::Protocol protocol;
};

/// What comes where nothing goes.
SettledRows settle_added(const std::vector<AddedFile>& added);

/// Runs its queries in `session`. Everything written is durable on return; after an error nothing of it is left, but
/// the files of `changes`, which stay their owner's. Copied rows keep their row ids where the table tracks rows.
/// kUnsupported: as check_own_rows. kCorruption: more rows go out of a file than it has.
Result<SettledRows> settle_rows(Session& session, const SettleTarget& target, const RowChanges& changes);

}  // namespace lagoa
