// What lies in a store, for tests that compare it or go on from a copy.
#pragma once

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "store/memory_store.h"

namespace lagoa::test {

inline std::shared_ptr<ObjectStore> copy_of(ObjectStore& store) {
    std::shared_ptr<ObjectStore> copy = make_memory_store();
    const auto objects = store.list("").value();
    for (const ObjectInfo& object : objects) EXPECT_TRUE(copy->put(object.key, store.get(object.key).value()));
    return copy;
}

/// Keys of the objects under `prefix` that are not part of a Delta log.
inline std::set<std::string> data_files(ObjectStore& store, std::string_view prefix = "") {
    std::set<std::string> keys;
    const auto objects = store.list(prefix).value();
    for (const ObjectInfo& object : objects)
        if (object.key.find("_delta_log") == std::string::npos) keys.insert(object.key);
    return keys;
}

}  // namespace lagoa::test
