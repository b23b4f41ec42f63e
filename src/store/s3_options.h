// How S3-compatible storage is reached.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lagoa {

struct S3Options {
    std::string endpoint;  ///< `http://127.0.0.1:7070`; empty: AWS's of the region.
    std::string region = "us-east-1";
    std::string access_key;
    std::string secret_key;
    std::string session_token;
    bool path_style =
        false;  ///< `endpoint/bucket/key`, not `bucket.endpoint/key`; always so for an address or localhost.
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds stall_timeout{10'000};      ///< Without a byte either way.
    int max_attempts = 5;                                 ///< Of a request that may be repeated.
    std::uint64_t part_bytes = std::uint64_t{8} << 20;    ///< Of a multipart upload; S3 wants 5 MiB at least.
    std::uint64_t cache_bytes = std::uint64_t{32} << 20;  ///< Blocks of objects kept by one store.
    unsigned parallel_requests = 8;                       ///< Of the reads and uploads of one store.

    /// Looks up an environment variable.
    using Lookup = std::function<std::optional<std::string>(std::string_view)>;

    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION,
    /// AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL.
    static S3Options from_environment(const Lookup& variable);
    static S3Options from_environment();  ///< The process's.
};

}  // namespace lagoa
