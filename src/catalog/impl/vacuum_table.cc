#include "catalog/impl/vacuum_table.h"

namespace lagoa {

Result<VacuumResult> vacuum_table(const OperationContext&, const TableName&, const VacuumRequest&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
