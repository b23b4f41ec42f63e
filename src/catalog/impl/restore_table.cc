#include "catalog/impl/restore_table.h"

namespace lagoa {

Result<RestoreResult> restore_table(const OperationContext&, const TableName&, const VersionChoice&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
