#include "catalog/impl/row_changes.h"

namespace lagoa {

Result<SettledRows> settle_rows(Session&, const SettleTarget&, const RowChanges&) {
    return fail(ErrorCode::kUnsupported, "changing rows of a file");
}

}  // namespace lagoa
