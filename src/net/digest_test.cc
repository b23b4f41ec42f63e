// Goal: digests are SHA-256, whatever the bytes. Method: the vectors of FIPS 180-2 and of NUL bytes.
#include "net/digest.h"

#include <gtest/gtest.h>

namespace lagoa::net {
namespace {

TEST(Digest, MatchesPublishedVectors) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(sha256_hex(std::string(1, '\0')), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

// RFC 4231, cases 2 and 6 (a key longer than a block).
TEST(Digest, HmacMatchesPublishedVectors) {
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, OfPartsIsThatOfTheWhole) {
    const std::string bytes(200'000, 'a');
    Sha256 digest;
    for (std::size_t at = 0, part = 0; at < bytes.size(); at += part, ++part)
        digest.update(std::string_view(bytes).substr(at, part));
    EXPECT_EQ(std::move(digest).hex(), sha256_hex(bytes));
    EXPECT_EQ(Sha256().hex(), sha256_hex(""));
}

}  // namespace
}  // namespace lagoa::net
