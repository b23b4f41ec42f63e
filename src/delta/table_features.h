// Which features a table has, and which it needs for its properties and columns.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Table Features)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delta/actions.h"

namespace lagoa::delta {

/// Whether `protocol` has `feature`, by its lists or by its version's legacy meaning.
bool has_feature(const Protocol& protocol, std::string_view feature);

/// The features of `protocol` by name, legacy ones spelled out, sorted.
std::vector<std::string> features_of(const Protocol& protocol);

/// `current` (nullptr: a new table) raised as little as `metadata`'s properties and column types need; equal to
/// `current` if it serves. Properties `delta.feature.<name> = supported`, `delta.minReaderVersion` and
/// `delta.minWriterVersion` are honoured and taken out of `metadata`, as Spark does.
/// kUnsupported: a feature we do not write, by name. kInvalidArgument: a property whose value makes no sense.
Result<Protocol> protocol_for(Metadata& metadata, const Protocol* current);

/// The least protocol that has the features of `one` and of `other`, and what `metadata` needs: of a table that takes
/// over files or properties of another, or of an older version of itself. Errors as protocol_for.
Result<Protocol> united_protocol(Metadata metadata, const Protocol& one, const Protocol& other);

/// Whether we may write to a table with this protocol and metadata at all: every feature that binds its writers is one
/// we honour. To be asked before anything is staged. kUnsupported names the feature. Rows are another matter: see
/// below.
Result<> check_writable(const Protocol& protocol, const Metadata& metadata);

/// kUnsupported names a rule that rows must be checked or filled in by: a CHECK constraint, an invariant, a generated,
/// identity or default column. For writers who do not evaluate those (CommitRequest::rules_enforced).
Result<> check_no_row_rules(const Metadata& metadata);

/// `protocol` without `feature`, as low as what is left allows. kNotFound: it does not have it. kInvalidArgument:
/// another feature of it needs this one. What the table holds of the feature is the caller's to remove.
Result<Protocol> protocol_without(const Protocol& protocol, std::string_view feature);

/// Whether readers have to know `feature`, so that versions written with it stay closed to those who do not.
bool binds_readers(std::string_view feature);

}  // namespace lagoa::delta
