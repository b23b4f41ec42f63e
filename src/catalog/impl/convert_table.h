// CONVERT TO DELTA: a folder of Parquet files gets a log.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::convert.
Result<ConvertResult> convert_table(const OperationContext& context, const TableName& table,
                                    const ConvertRequest& request);

}  // namespace lagoa
