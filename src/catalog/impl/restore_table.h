// RESTORE: a new version with the files, columns and properties of an older one.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::restore.
Result<RestoreResult> restore_table(const OperationContext& context, const TableName& table, const VersionChoice& to);

}  // namespace lagoa
