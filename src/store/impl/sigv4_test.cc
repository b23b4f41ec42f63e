// Goal: signatures are those that S3 computes. Method: the worked examples of AWS's documentation
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html): same request, same signature.
#include "store/impl/sigv4.h"

#include <gtest/gtest.h>

#include "net/digest.h"

namespace lagoa {
namespace {

std::string authorization(const SignableRequest& request, const std::string& token = "") {
    const SigningIdentity identity{.access_key = "AKIAIOSFODNN7EXAMPLE",
                                   .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                   .session_token = token,
                                   .region = "us-east-1"};
    return *net::find_header(sign(request, identity, parse_instant("2013-05-24T00:00:00Z").value()), "Authorization");
}

SignableRequest example(std::string method, std::string path, std::string payload = "") {
    return {.method = std::move(method),
            .host = "examplebucket.s3.amazonaws.com",
            .path = std::move(path),
            .query = {},
            .headers = {},
            .payload_sha256 = net::sha256_hex(payload)};
}

TEST(SigV4, OfARangedGet) {
    auto request = example("GET", "/test.txt");
    request.headers = {{"Range", "bytes=0-9"}};
    EXPECT_EQ(authorization(request),
              "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
              "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, OfAPutWithAnEncodedKey) {
    auto request = example("PUT", "/test%24file.text", "Welcome to Amazon S3.");
    request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
    EXPECT_TRUE(
        authorization(request).ends_with("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(SigV4, OfAQueryWithoutAValue) {
    auto request = example("GET", "/");
    request.query = {{"lifecycle", ""}};
    EXPECT_TRUE(
        authorization(request).ends_with("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(SigV4, OfAListing) {
    auto request = example("GET", "/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};  // signed sorted
    EXPECT_TRUE(
        authorization(request).ends_with("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

TEST(SigV4, SignsTheSessionTokenToo) {
    const auto request = example("GET", "/");
    EXPECT_NE(authorization(request, "token").find("x-amz-date;x-amz-security-token,"), std::string::npos);
    EXPECT_NE(authorization(request, "token"), authorization(request, "other"));
}

TEST(SigV4, SortsQueriesByTheirEncodedNames) {
    EXPECT_EQ(canonical_query({{"select-type", "2"}, {"select", "a b"}, {"é", "="}, {"Z", ""}}),
              "%C3%A9=%3D&Z=&select=a%20b&select-type=2");
}

}  // namespace
}  // namespace lagoa
