// Constraints, NOT NULL, defaults, clustering and features of a table that has rows.
#pragma once

#include "catalog/impl/operation_context.h"

namespace lagoa {

/// As TableOperations::change_rule.
Result<delta::Version> change_table_rule(const OperationContext& context, const TableName& table, const RuleChange& change);

}  // namespace lagoa
