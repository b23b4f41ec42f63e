// Goal: S3's answers are read as they are meant, and a document that means mischief is no answer.
#include "store/impl/s3_xml.h"

#include <gtest/gtest.h>

namespace lagoa {
namespace {

TEST(S3Xml, ReadsAPageWithEncodedKeys) {
    const auto page = parse_page(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>
<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken>
<Contents><Key>a+b%2Bc/%C3%A9%01</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>12</Size></Contents>
<CommonPrefixes><Prefix>p%3D1/</Prefix></CommonPrefixes></ListBucketResult>)")
                          .value();
    ASSERT_EQ(page.objects.size(), 1u);
    EXPECT_EQ(page.objects[0].key, "a b+c/é\x01");
    EXPECT_EQ(page.objects[0].size_bytes, 12u);
    EXPECT_EQ(format_instant(page.objects[0].modified), "2026-01-02T03:04:05.000000Z");
    EXPECT_EQ(page.prefixes, std::vector<std::string>{"p=1/"});
    EXPECT_EQ(page.next, "t&1");
}

TEST(S3Xml, KeepsKeysOfAServerThatDoesNotEncode) {
    const auto page = parse_page(
                          "<ListBucketResult><Contents><Key>a+b%2B</Key><Size>0</Size>"
                          "<LastModified>2026-01-02T03:04:05Z</LastModified></Contents></ListBucketResult>")
                          .value();
    EXPECT_EQ(page.objects.at(0).key, "a+b%2B");
    EXPECT_EQ(page.next, "");
}

TEST(S3Xml, RefusesWhatIsNoPage) {
    for (const char* body : {"", "<html></html>", "<ListBucketResult>", "<Error><Code>x</Code></Error>",
                             "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                             "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
                             "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
                             "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size>"
                             "<LastModified>2026-01-02T03:04:05Z</LastModified></Contents></ListBucketResult>"})
        EXPECT_EQ(parse_page(body).error().code, ErrorCode::kCorruption) << body;
}

TEST(S3Xml, ExpandsNoEntityAndReadsNoFile) {
    const char* bomb = R"(<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>
<Error><Code>&a;</Code><Message>&b;</Message></Error>)";
    EXPECT_FALSE(parse_fault(bomb));
}

TEST(S3Xml, ReadsAFaultAndNothingElseOfIt) {
    const auto fault = parse_fault(
                           "<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message><Region>eu-west-1</Region>"
                           "<AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>")
                           .value();
    EXPECT_EQ(fault.code, "SignatureDoesNotMatch");
    EXPECT_EQ(fault.message, "no");
    EXPECT_EQ(fault.region, "eu-west-1");
    EXPECT_FALSE(parse_fault("Bad Gateway"));
    EXPECT_FALSE(parse_fault("<Errors/>"));
}

TEST(S3Xml, NamesPartsInOrder) {
    EXPECT_EQ(
        completion_of({"\"a\"", "b<&"}),
        R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part>)"
        R"(<Part><PartNumber>2</PartNumber><ETag>b&lt;&amp;</ETag></Part></CompleteMultipartUpload>)");
    EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult><UploadId>u-1</UploadId></InitiateMultipartUploadResult>")
                  .value(),
              "u-1");
    EXPECT_EQ(parse_upload_id("<InitiateMultipartUploadResult/>").error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace lagoa
