// The columns that CLUSTER BY names.
#pragma once

#include <string>
#include <vector>

#include "delta/actions.h"

namespace lagoa {

/// The domain by which a table with `metadata` is clustered by `columns`: names, `a.b` for members of structs; none of
/// them: it is not clustered any more. At most four, each with statistics (kInvalidArgument), and not of a partitioned
/// table. kNotFound: a column that is not there.
Result<delta::DomainMetadata> clustering_of(const delta::Metadata& metadata, const std::vector<std::string>& columns);

}  // namespace lagoa
