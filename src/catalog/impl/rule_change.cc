#include "catalog/impl/rule_change.h"

namespace lagoa {

Result<delta::Version> change_table_rule(const OperationContext&, const TableName&, const RuleChange&) {
    return fail(ErrorCode::kUnsupported, "not supported yet");
}

}  // namespace lagoa
