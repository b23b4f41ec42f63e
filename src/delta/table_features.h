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

/// Whether we may write to a table with this protocol and metadata at all: every feature that binds its writers is one
/// we honour. To be asked before anything is staged. kUnsupported names the feature.
Result<> check_writable(const Protocol& protocol, const Metadata& metadata);

}  // namespace lagoa::delta
