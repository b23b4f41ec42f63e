// Whether a commit still holds after another writer committed first.
//
// Source: the rules are those of Delta's ConflictChecker, https://docs.delta.io/latest/concurrency-control.html
#pragma once

#include "delta/commit.h"

namespace lagoa::delta {

/// The request's own isolation, or the table's (property delta.isolationLevel) where that is stricter or the request
/// asks for none.
Isolation isolation_of(const CommitRequest& request, const Metadata& table);

/// `theirs` are the actions of version `version`, committed after the snapshot that `ours` was made from.
/// In this order:
///
/// - a txn of one of our applications: kAlreadyExists if it is not older than ours, else kConflict;
/// - a protocol or metaData: kConflict;
/// - a domain that we set too: kConflict;
/// - an add or remove, if we read the whole table: kConflict;
/// - an add that holds rows we would have read: kConflict. Rows that were only moved (dataChange false) have been read
///   where they came from, and moving rows reads none. Under kWriteSerializable a blind append came before or after us,
///   unless we change the metadata;
/// - a remove of a file that we read or remove too, or whose rows, gone and not only moved, we needed: kConflict;
/// - anything else lets our commit stand.
Result<> check_conflict(const CommitRequest& ours, Isolation isolation, Version version,
                        const std::vector<Action>& theirs);

}  // namespace lagoa::delta
