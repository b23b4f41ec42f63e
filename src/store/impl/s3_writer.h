// Writes one S3 object: in one request if it is short, else in parts that are sent side by side.
#pragma once

#include "store/impl/s3_client.h"
#include "store/impl/task_pool.h"
#include "store/object_store.h"

namespace lagoa {

/// The header that names one write, so that its outcome can be told later: an object has it or was not made by it.
constexpr const char* kWriteHeader = "x-amz-meta-lagoa-write";

std::unique_ptr<ObjectWriter> make_s3_writer(S3Client& client, TaskPool& pool, std::string whole_key);

/// Creates or replaces in one request.
Result<> put_s3_object(S3Client& client, const std::string& whole_key, std::string bytes);

}  // namespace lagoa
