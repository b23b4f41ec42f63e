// VACUUM: files that no version needs any more are removed.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::vacuum.
Result<VacuumResult> vacuum_table(const OperationContext& context, const TableName& table,
                                  const VacuumRequest& request);

}  // namespace lagoa
