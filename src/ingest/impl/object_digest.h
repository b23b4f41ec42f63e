// The SHA-256 of an object of any size, read in parts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/object_store.h"

namespace lagoa::ingest {

struct ObjectDigest {
    std::string sha256;
    std::uint64_t size_bytes = 0;  ///< What was read; less than the store says of an object that ended early.
};

/// kNotFound as ObjectStore::reader.
Result<ObjectDigest> digest_of(ObjectStore& store, std::string_view key);

}  // namespace lagoa::ingest
