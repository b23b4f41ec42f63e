// ObjectStore on a local directory.
//
// put and writer: temporary file `.tmp-<uuid>` in the target's directory, write, fsync, rename,
// fsync of the directory. put_if_absent: the same with link(2), which fails if the key exists.
// Directories are made on demand, and removed by remove_empty_folders() only. Temporary files of a crash are not
// listed.
#pragma once

#include <filesystem>
#include <memory>

#include "store/object_store.h"

namespace lagoa {

/// Opens (and creates) the directory `root`. kPermissionDenied, kUnavailable.
Result<std::unique_ptr<ObjectStore>> open_local_store(const std::filesystem::path& root);

}  // namespace lagoa
