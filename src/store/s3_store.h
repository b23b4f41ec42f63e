// ObjectStore on S3-compatible storage.
//
// put_if_absent is a PUT with `If-None-Match: *`, which AWS, MinIO, R2 and versitygw decide atomically. A server that
// ignores the header would let two commits win: the first conditional put of a store is sent again, and has to fail.
// Retries are in impl/s3_client.h; a conditional put is never repeated blindly, its unknown outcome is read back.
#pragma once

#include <memory>
#include <string_view>

#include "base/clock.h"
#include "net/http_client.h"
#include "store/object_store.h"
#include "store/s3_options.h"

namespace lagoa {

/// `root`: `s3://bucket[/prefix]`. Makes no request. kInvalidArgument, kInvalidConfig.
Result<std::unique_ptr<ObjectStore>> open_s3_store(std::string_view root, const S3Options& options,
                                                   Clock& clock = system_clock());

/// The same with a client of the caller's, for tests that watch or disturb it.
Result<std::unique_ptr<ObjectStore>> open_s3_store(std::string_view root, const S3Options& options, Clock& clock,
                                                   std::unique_ptr<net::HttpClient> http);

}  // namespace lagoa
