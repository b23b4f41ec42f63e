#include "catalog/impl/convert_table.h"

namespace lagoa {

Result<ConvertResult> convert_table(const OperationContext&, const TableName&, const ConvertRequest&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
