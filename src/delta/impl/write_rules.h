// What a commit must obey before it is tried: the table's features, its columns, its live files.
#pragma once

#include "delta/commit.h"

namespace lagoa::delta {

/// The least protocol that a new table with these columns needs.
Protocol protocol_for(const Schema& schema);

/// kUnsupported: a property, column rule or type that needs a writer feature we lack, or one that the
/// table's protocol does not have. kInvalidArgument: partition columns that are not in the schema.
Result<> check_table(const Protocol& protocol, const Metadata& metadata);

/// kInvalidArgument: an add without path, twice in the request or with other partition columns than the
/// table's; a remove of a file that is not live in `base`; a remove of data from an append-only table.
Result<> check_files(const Metadata& metadata, const Snapshot* base, const CommitRequest& request);

}  // namespace lagoa::delta
