// Whether a commit still holds after another writer committed first.
#pragma once

#include "delta/commit.h"

namespace lagoa::delta {

/// `theirs` are the actions of version `version`, committed after the snapshot that `ours` was made from.
///
/// | theirs                          | ours                      | verdict        |
/// |---------------------------------|---------------------------|----------------|
/// | txn of one of our applications  | any                       | kAlreadyExists if theirs is not older, else kConflict |
/// | protocol or metaData            | any                       | kConflict      |
/// | add or remove                   | read the whole table      | kConflict      |
/// | remove of a file we remove      | any                       | kConflict      |
/// | anything else                   | any                       | holds          |
Result<> check_conflict(const CommitRequest& ours, Version version, const std::vector<Action>& theirs);

}  // namespace lagoa::delta
