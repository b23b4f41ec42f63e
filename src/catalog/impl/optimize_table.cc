#include "catalog/impl/optimize_table.h"

namespace lagoa {

Result<OptimizeResult> optimize_table(const OperationContext&, const TableName&, const OptimizeRequest&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
