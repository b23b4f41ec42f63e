// Ranged reads of S3 objects: small ones by shared blocks, large ones in pieces side by side.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "store/impl/block_cache.h"
#include "store/impl/s3_client.h"
#include "store/impl/task_pool.h"
#include "store/object_store.h"

namespace lagoa {

/// What reading needs; the store owns it all and outlives its readers.
struct S3ReadContext {
    S3Client& client;
    TaskPool& pool;
    BlockCache& cache;
};

/// One answer to a ranged GET.
struct S3Range {
    std::string bytes;
    std::uint64_t object_bytes = 0;  ///< Of the whole object.
    std::string etag;
    Instant modified;
};

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;  ///< The most that one request of many asks for.

/// `range` as in the header (`bytes=0-9`, `bytes=-9`), at most `bytes` long. With an `etag`: of that version only;
/// kUnavailable if the object is another one by now. kNotFound. An object that has nothing there answers no bytes.
Result<S3Range> get_s3_range(S3Client& client, const std::string& whole_key, const std::string& range,
                             std::uint64_t bytes, const std::string& etag = {});

/// The `bytes` from `offset` on, into `into`, in pieces side by side. kCorruption if the object has fewer.
Result<> read_s3_pieces(const S3ReadContext& context, const std::string& whole_key, std::uint64_t offset,
                        std::span<char> into, const std::string& etag);

/// Opens `key` by asking for its end, where Parquet's footer is: one request answers size, version and that. kNotFound.
Result<std::unique_ptr<ObjectReader>> open_s3_reader(const S3ReadContext& context, std::string_view key,
                                                     const std::string& whole_key);
/// Opens an object that never changes and whose size is known, without a request.
std::unique_ptr<ObjectReader> make_s3_reader(const S3ReadContext& context, ObjectInfo known,
                                             const std::string& whole_key);

}  // namespace lagoa
