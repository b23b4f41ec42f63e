// Goal: no special-purpose address passes for a public one, at either edge of its range.
// Method: the first and last address of each block and its public neighbours, as text and as sockaddr.
#include "net/address_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

namespace lagoa::net {
namespace {

TEST(AddressRules, RefusesEveryEdgeOfSpecialBlocks) {
    for (const char* address : {"0.0.0.0",
                                "0.255.255.255",
                                "10.0.0.0",
                                "10.255.255.255",
                                "100.64.0.0",
                                "100.100.100.200",
                                "100.127.255.255",
                                "127.0.0.1",
                                "127.255.255.255",
                                "168.63.129.16",
                                "169.254.0.0",
                                "169.254.169.254",
                                "169.254.255.255",
                                "172.16.0.0",
                                "172.31.255.255",
                                "192.0.0.192",
                                "192.0.2.1",
                                "192.88.99.1",
                                "192.168.0.0",
                                "192.168.255.255",
                                "198.18.0.0",
                                "198.19.255.255",
                                "198.51.100.7",
                                "203.0.113.7",
                                "224.0.0.1",
                                "239.255.255.255",
                                "240.0.0.1",
                                "255.255.255.255",
                                "::",
                                "::1",
                                "0:0:0:0:0:0:0:1",
                                "::ffff:127.0.0.1",
                                "::ffff:7f00:1",
                                "::ffff:8.8.8.8",
                                "::127.0.0.1",
                                "64:ff9b::127.0.0.1",
                                "64:ff9b::a9fe:a9fe",
                                "64:ff9b:1::808:808",
                                "100::1",
                                "2001::1",
                                "2001:1ff:ffff::1",
                                "2001:db8::1",
                                "2002:7f00:1::1",
                                "2002:a9fe:a9fe::",
                                "3fff::1",
                                "3fff:fff::1",
                                "5f00::1",
                                "fc00::1",
                                "fd00:ec2::254",
                                "fdff::1",
                                "fe80::1",
                                "fe80::1%eth0",
                                "febf::1",
                                "fec0::1",
                                "ff02::1",
                                "ff0e::1",
                                "4000::1",
                                "1fff::1"}) {
        EXPECT_NE(special_address(address), "") << address;
    }
}

TEST(AddressRules, LetsPublicNeighboursPass) {
    for (const char* address : {"1.0.0.0",
                                "9.255.255.255",
                                "11.0.0.0",
                                "100.63.255.255",
                                "100.128.0.0",
                                "126.255.255.255",
                                "128.0.0.0",
                                "168.63.129.15",
                                "168.63.129.17",
                                "169.253.255.255",
                                "169.255.0.0",
                                "172.15.255.255",
                                "172.32.0.0",
                                "192.0.1.0",
                                "192.0.3.0",
                                "192.167.255.255",
                                "192.169.0.0",
                                "198.17.255.255",
                                "198.20.0.0",
                                "223.255.255.255",
                                "2000::1",
                                "2001:200::1",
                                "2001:4860:4860::8888",
                                "2001:db7::1",
                                "2001:db9::1",
                                "2002:808:808::1",
                                "2606:4700::1111",
                                "3ffe::1",
                                "3fff:1000::1",
                                "64:ff9b::8.8.8.8"}) {
        EXPECT_EQ(special_address(address), "") << address;
    }
}

TEST(AddressRules, RefusesWhatIsNoNumericAddress) {
    for (const char* text : {"", "localhost", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.2.3.4.5", ":::"}) {
        EXPECT_NE(special_address(text), "") << text;
    }
}

TEST(AddressRules, ReadsSocketAddresses) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    ASSERT_EQ(inet_pton(AF_INET, "169.254.169.254", &v4.sin_addr), 1);
    EXPECT_EQ(special_address(reinterpret_cast<const sockaddr&>(v4)), "metadata");
    ASSERT_EQ(inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr), 1);
    EXPECT_EQ(special_address(reinterpret_cast<const sockaddr&>(v4)), "");

    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    ASSERT_EQ(inet_pton(AF_INET6, "::1", &v6.sin6_addr), 1);
    EXPECT_EQ(special_address(reinterpret_cast<const sockaddr&>(v6)), "loopback");
    ASSERT_EQ(inet_pton(AF_INET6, "2606:4700::1111", &v6.sin6_addr), 1);
    EXPECT_EQ(special_address(reinterpret_cast<const sockaddr&>(v6)), "");

    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_NE(special_address(reinterpret_cast<const sockaddr&>(local)), "");
}

}  // namespace
}  // namespace lagoa::net
