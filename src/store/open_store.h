// Opens the store that a root names: an absolute directory now, `s3://bucket/prefix` later.
#pragma once

#include <memory>
#include <string_view>

#include "store/object_store.h"

namespace lagoa {

/// Opens (and creates) the store at `root`. Shared, because one zone's store serves the engine's file
/// system, the Delta writers and the landing at once, and the last of them closes it.
/// kInvalidArgument: a relative path or an unknown scheme. kUnsupported: `s3://`.
Result<std::shared_ptr<ObjectStore>> open_store(std::string_view root);

}  // namespace lagoa
