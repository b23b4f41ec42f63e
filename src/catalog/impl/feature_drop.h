// DROP FEATURE: what a table holds of a feature goes, then the feature from its protocol.
//
// A feature that readers have to know stays in the table's history, whose versions need it. Those are kept readable as
// Delta does it: the drop leaves a checkpoint, so that nobody has to start before it, and the feature
// checkpointProtection, so that nobody cleans the log up to a point from where a reader would need the old one again.
//
// Protocol: https://github.com/delta-io/delta/blob/master/PROTOCOL.md (Checkpoint Protection)
#pragma once

#include "catalog/impl/rule_change.h"

namespace lagoa {

/// kInvalidArgument: the table's columns or constraints use the feature, by name. kUnsupported: it cannot go without
/// writing all rows anew, or not at all. kNotFound: the table does not have it.
Result<delta::Version> drop_table_feature(const OperationContext& context, const TableName& table,
                                          const std::string& feature);

/// Commits `changed` on top of `base`: kConflict if rows came or went meanwhile.
Result<delta::Version> commit_change(const OperationContext& context, const TableName& table,
                                     std::shared_ptr<const delta::Snapshot> base, ChangedTable changed);

}  // namespace lagoa
