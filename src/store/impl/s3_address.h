// Where the objects of an S3 store are: from `s3://bucket/prefix` and the options to URLs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/s3_options.h"

namespace lagoa {

struct S3Address {
    std::string root;  ///< `s3://bucket/prefix`, without a '/' at the end.
    std::string bucket;
    std::string prefix;     ///< Empty, or ends in '/'.
    std::string origin;     ///< `https://bucket.s3.eu-west-1.amazonaws.com`
    std::string host;       ///< As in the Host header: with a port that is not the scheme's own.
    std::string base_path;  ///< What comes before a key: `/`, or `/bucket/` where the bucket is part of the path.

    /// kInvalidArgument: no bucket, or a prefix that cannot begin a key. kInvalidConfig: an endpoint that is none.
    static Result<S3Address> parse(std::string_view root, const S3Options& options);

    /// The encoded path of an object by its whole key (prefix included), or of the bucket by "".
    std::string path(std::string_view whole_key) const;
};

}  // namespace lagoa
