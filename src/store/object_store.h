// Objects by key: the one door to the lake's files, local or S3.
//
// Keys are UTF-8, '/'-separated, relative to the store's root, at most 1024 bytes, without empty,
// "." or ".." segments and without one that starts with ".tmp-". An object appears whole or not at
// all. Deletes are for clean-up only: no reader may depend on an object's absence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace lagoa {

/// What a listing or head says of one object.
struct ObjectInfo {
    std::string key;
    std::uint64_t size_bytes = 0;
    Instant modified;
    /// Another one with other bytes (S3's ETag), of head and reader; empty where the store has none.
    std::string version = {};
};

/// Writes one object in order. Nothing is visible before close(); dropping the writer without
/// close() leaves nothing. Owned by one thread.
class ObjectWriter {
public:
    virtual ~ObjectWriter() = default;
    virtual Result<> append(std::string_view bytes) = 0;
    /// Makes the object visible and durable (file and directory entry fsynced). Call once.
    virtual Result<> close() = 0;
    virtual std::uint64_t size_bytes() const = 0;
};

/// Reads one object at any offset. The object's size and stamp are those at opening. Thread-safe.
class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    /// Fills `into` from `offset`; returns the bytes read, fewer only at the object's end.
    virtual Result<std::size_t> read(std::uint64_t offset, std::span<char> into) = 0;
    virtual const ObjectInfo& info() const = 0;
};

/// Stores immutable objects by key. Safe to call from any thread.
///
/// kUnavailable and kDeadlineExceeded from a write mean that its outcome is unknown: read the key
/// before trying again. kResourceExhausted: the disk is full; nothing became visible.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// The whole object. kNotFound.
    virtual Result<std::string> get(std::string_view key) = 0;

    /// `length` bytes from `offset`, fewer only at the object's end. kNotFound.
    virtual Result<std::string> get_range(std::string_view key, std::uint64_t offset, std::uint64_t length) = 0;

    /// For many reads of one object; must not outlive the store. kNotFound. The default asks head()
    /// once and get_range() for each read; a store with cheap handles keeps one open.
    virtual Result<std::unique_ptr<ObjectReader>> reader(std::string_view key);

    /// As reader(), of an object that never changes and of which key and size are known, as a table's log knows them:
    /// where opening costs a request it is spared, and kNotFound comes with the first read.
    virtual Result<std::unique_ptr<ObjectReader>> reader_of(ObjectInfo known);

    /// kNotFound if there is no such object.
    virtual Result<ObjectInfo> head(std::string_view key) = 0;

    /// Creates or replaces, durable on return.
    virtual Result<> put(std::string_view key, std::string_view bytes) = 0;

    /// Creates `key`, durable on return. Of N concurrent callers exactly one succeeds; the
    /// others get kAlreadyExists.
    virtual Result<> put_if_absent(std::string_view key, std::string_view bytes) = 0;

    /// A streamed put.
    virtual Result<std::unique_ptr<ObjectWriter>> writer(std::string_view key) = 0;

    /// Objects whose key starts with `prefix` and is greater than `after`, in byte order, all
    /// levels deep. A prefix without objects is an empty list.
    virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix, std::string_view after = {}) = 0;

    /// The first segments below `prefix` ("" or ending in '/') that have objects below them, in byte order: for
    /// `a/b/c` and `a/d`, prefix `a/` answers `b`. May name a folder whose objects are gone. The default
    /// lists everything.
    virtual Result<std::vector<std::string>> folders(std::string_view prefix);

    /// Done if there was no such object.
    virtual Result<> remove(std::string_view key) = 0;

    /// What a person calls the root: `/srv/lake` or `s3://bucket/prefix`.
    virtual std::string root() const = 0;

    /// Removes the folders below `prefix` (as folders()) that hold nothing, but those whose names begin with `_` or
    /// `.`. A writer whose folder goes meanwhile makes it anew. The default does nothing: most stores have no folders.
    virtual Result<> remove_empty_folders(std::string_view prefix);
};

/// kInvalidArgument unless `key` obeys the rules above.
Result<> check_key(std::string_view key);

}  // namespace lagoa
