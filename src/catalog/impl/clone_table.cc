#include "catalog/impl/clone_table.h"

namespace lagoa {

Result<CloneResult> clone_table(const OperationContext&, const TableName&, const CloneRequest&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
