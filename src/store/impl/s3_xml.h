// The XML of S3's answers and of the one body that we send. libxml2's headers stay in s3_xml.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/object_store.h"

namespace lagoa {

/// What an <Error> says. Its other elements repeat what was signed: they are not read.
struct S3Fault {
    std::string code;
    std::string message;
    std::string region;  ///< Where the bucket is, if that is what is wrong.
};
/// Nothing if `body` is no such document.
std::optional<S3Fault> parse_fault(std::string_view body);

/// One answer of ListObjectsV2; keys and prefixes are whole ones of the bucket.
struct S3Page {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> prefixes;
    std::string next;  ///< Continuation token; empty: this is the last page.
};
/// kCorruption.
Result<S3Page> parse_page(std::string_view body);

/// The UploadId of CreateMultipartUpload's answer. kCorruption.
Result<std::string> parse_upload_id(std::string_view body);

/// The body of CompleteMultipartUpload: parts by their ETags, from 1 on.
std::string completion_of(const std::vector<std::string>& etags);

}  // namespace lagoa
