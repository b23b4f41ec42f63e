// What a commit must obey before it is tried: the table's columns, its features, its live files.
#pragma once

#include "delta/commit.h"

namespace lagoa::delta {

/// Of a new table (`base` nullptr) or of one whose metadata changes. kInvalidArgument: partition columns that are not
/// there or have no single value, other partition columns while files of the old ones stay, a column mapping that
/// cannot be had from the one there is, a clustering column that goes.
Result<> check_metadata(const Metadata& metadata, const Snapshot* base, const CommitRequest& request);

/// kUnsupported: the protocol would lose a feature that the request does not drop.
Result<> check_protocol(const Protocol& protocol, const Snapshot* base, const CommitRequest& request);

/// kInvalidArgument: an add without path, twice in the request, with other partition columns than the table's, or with
/// a deletion vector that the table may not have; a remove of a file that is not live in `base`; a remove of data from
/// an append-only table; change files of a table without change feed; domains that are not the request's to set.
/// kUnsupported: rows rewritten in a table with change feed, without change files.
Result<> check_files(const Protocol& protocol, const Metadata& metadata, const Snapshot* base,
                     const CommitRequest& request);

/// Gives each remove what the log knows of its file: partition values, size, row ids. Precondition: check_files.
void complete_removes(const Snapshot& base, std::vector<RemoveFile>& removes);

}  // namespace lagoa::delta
