// A condition over a table's partition columns, asked of partitions and not of rows.
#pragma once

#include <string>
#include <vector>

#include "delta/actions.h"
#include "engine/engine.h"

namespace lagoa {

/// Which of `partitions`, as the log writes their values, meet `condition`, which is SQL; in their order.
/// kInvalidArgument: it does not parse, or names what is no partition column of `metadata`.
Result<std::vector<bool>> match_partitions(Session& session, const delta::Metadata& metadata,
                                           const std::vector<delta::PartitionValues>& partitions,
                                           const std::string& condition);

}  // namespace lagoa
