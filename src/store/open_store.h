// Opens the store that a root names: an absolute directory, or `s3://bucket/prefix`.
#pragma once

#include <memory>
#include <string_view>

#include "store/object_store.h"
#include "store/s3_options.h"

namespace lagoa {

/// Opens (and creates, where it is a directory) the store at `root`. Shared, because one zone's store serves the
/// engine's file system, the Delta writers and the landing at once, and the last of them closes it.
/// kInvalidArgument: a relative path or an unknown scheme. An S3 store is opened by `s3`; no request is made yet.
Result<std::shared_ptr<ObjectStore>> open_store(std::string_view root,
                                                const S3Options& s3 = S3Options::from_environment());

}  // namespace lagoa
