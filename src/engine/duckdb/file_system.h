// DuckDB's file system over ObjectStore: `lagoa://<mount>/<key>`.
//
// Reads are ranged, and each is one of the store's: ranges are gathered by DuckDB, which also keeps what it read (its
// external file cache, within its memory limit); the store keeps small blocks only. A write is streamed to an
// ObjectWriter: the object is visible and durable when DuckDB closes the file, and not at all when the handle is
// dropped by a failing statement. Directories are prefixes: they always exist, are made by nothing and removed by
// nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "duckdb.hpp"

#include "store/object_store.h"
#include "store/s3_options.h"

namespace lagoa {

/// The stores by mount name. Thread-safe.
class Mounts {
public:
    explicit Mounts(S3Options s3) : s3_(std::move(s3)) {}

    /// How buckets are reached that no mounted store holds.
    const S3Options& s3() const { return s3_; }

    /// kAlreadyExists.
    Result<> add(std::string name, std::shared_ptr<ObjectStore> store);
    /// For mounts made for one statement, which has ended.
    void remove(std::string_view name);

    struct Place {
        ObjectStore* store = nullptr;
        std::string mount;
        std::string key;
    };
    /// kNotFound for a mount that is not there, kInvalidArgument for a path that is not `lagoa://…`.
    Result<Place> find(std::string_view path) const;

    /// The `lagoa://…` path of what lies at `address` (`/srv/lake/x`, `s3://bucket/x`), if a mounted store holds it.
    std::optional<std::string> locate(std::string_view address) const;

private:
    const S3Options s3_;
    mutable std::shared_mutex mutex_;
    std::map<std::string, std::shared_ptr<ObjectStore>, std::less<>>
        stores_;  // guarded by mutex_; shared with the caller of mount
};

/// To be registered with DuckDB, which owns it; `mounts` is shared with the Engine.
duckdb::unique_ptr<duckdb::FileSystem> make_store_file_system(std::shared_ptr<const Mounts> mounts);

}  // namespace lagoa
