// Goal: roots and endpoints become the URLs that S3-compatible servers expect; what cannot be one is refused.
#include "store/impl/s3_address.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

std::string url(const std::string& root, const S3Options& options, const std::string& key = "a/b") {
    const auto address = S3Address::parse(root, options).value();
    return address.origin + address.path(address.prefix + key);
}

TEST(S3Address, OfAws) {
    EXPECT_EQ(url("s3://bucket", {.region = "eu-west-1"}), "https://bucket.s3.eu-west-1.amazonaws.com/a/b");
    EXPECT_EQ(url("s3://bucket/x/y/", {.region = "cn-north-1"}),
              "https://bucket.s3.cn-north-1.amazonaws.com.cn/x/y/a/b");
    EXPECT_EQ(url("s3://dotted.bucket", {}), "https://s3.us-east-1.amazonaws.com/dotted.bucket/a/b");
    EXPECT_EQ(url("s3://bucket", {.path_style = true}), "https://s3.us-east-1.amazonaws.com/bucket/a/b");
}

TEST(S3Address, OfOtherServers) {
    EXPECT_EQ(url("s3://bucket", {.endpoint = "http://127.0.0.1:7070"}), "http://127.0.0.1:7070/bucket/a/b");
    EXPECT_EQ(url("s3://bucket", {.endpoint = "http://[::1]:7070/"}), "http://[::1]:7070/bucket/a/b");
    EXPECT_EQ(url("s3://bucket", {.endpoint = "HTTPS://LocalHost:443"}), "https://localhost/bucket/a/b");
    EXPECT_EQ(url("s3://bucket", {.endpoint = "https://storage.example"}), "https://bucket.storage.example/a/b");
    EXPECT_EQ(url("s3://bucket", {.endpoint = "https://gate.example:9000/s3/", .path_style = true}),
              "https://gate.example:9000/s3/bucket/a/b");
}

TEST(S3Address, EncodesEveryByteOfAKeyButItsSlashes) {
    EXPECT_EQ(url("s3://bucket", {.endpoint = "http://h.example"}, "p=1/a b+c%/é~.parquet"),
              "http://bucket.h.example/p%3D1/a%20b%2Bc%25/%C3%A9~.parquet");
}

TEST(S3Address, RefusesWhatIsNone) {
    for (const char* root :
         {"s3://", "s3:///x", "s3://ab", "s3://Bucket", "s3://bucket/a//b", "s3://bucket/..", "s3://-bucket"})
        EXPECT_EQ(S3Address::parse(root, {}).error().code, ErrorCode::kInvalidArgument) << root;
    for (const char* endpoint :
         {"127.0.0.1:7070", "ftp://host", "https://", "https://user:secret@host", "https://host?x=1"})
        EXPECT_EQ(S3Address::parse("s3://bucket", {.endpoint = endpoint}).error().code, ErrorCode::kInvalidConfig)
            << endpoint;
}

}  // namespace
}  // namespace lagoa
