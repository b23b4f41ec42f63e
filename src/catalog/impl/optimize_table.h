// OPTIMIZE: small files made large, rows put in an order that skips files, deleted rows left behind.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::optimize.
Result<OptimizeResult> optimize_table(const OperationContext& context, const TableName& table,
                                      const OptimizeRequest& request);

}  // namespace lagoa
