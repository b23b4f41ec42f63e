// Whether a commit still holds after another writer committed first.
#pragma once

#include "delta/commit.h"

namespace lagoa::delta {

/// `theirs` are the actions of version `version`, committed after the snapshot that `ours` was made from.
/// In this order:
///
/// - a txn of one of our applications: kAlreadyExists if it is not older than ours, else kConflict;
/// - a protocol or metaData: kConflict;
/// - an add or remove, if we read the whole table: kConflict;
/// - a remove of a file that we remove too: kConflict;
/// - anything else lets our commit stand.
Result<> check_conflict(const CommitRequest& ours, Version version, const std::vector<Action>& theirs);

}  // namespace lagoa::delta
