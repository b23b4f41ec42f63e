// Some rows of some files of a snapshot, where a scan is to read no others of them.
#pragma once

#include <map>
#include <memory>

#include "delta/deletion_vector.h"
#include "delta/file_list.h"

namespace lagoa {

/// By the file's slot: the only rows of it that are scanned. Shared with plans and running scans.
using OnlyRows = std::map<delta::Slot, std::shared_ptr<const delta::DeletedRows>>;

}  // namespace lagoa
