// SHALLOW CLONE: a table of its own whose first files are another's.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::clone.
Result<CloneResult> clone_table(const OperationContext& context, const TableName& table, const CloneRequest& request);

}  // namespace lagoa
