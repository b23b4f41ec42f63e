// ObjectStore in memory, for tests and scratch.
#pragma once

#include <memory>

#include "store/object_store.h"

namespace lagoa {

std::unique_ptr<ObjectStore> make_memory_store();

}  // namespace lagoa
