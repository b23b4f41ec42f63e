#include "net/address_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace lagoa::net {
namespace {

constexpr std::string_view kNotAnAddress = "not an internet address";

using Ipv4 = std::array<std::uint8_t, 4>;
using Ipv6 = std::array<std::uint8_t, 16>;

template <class Address>
struct Range {
    Address prefix;
    unsigned bits;
    std::string_view kind;
};

constexpr std::array kIpv4Ranges = std::to_array<Range<Ipv4>>({
    {{0, 0, 0, 0}, 8, "this network"},
    {{10, 0, 0, 0}, 8, "private"},
    {{100, 64, 0, 0}, 10, "shared by a carrier (CGNAT)"},
    {{127, 0, 0, 0}, 8, "loopback"},
    {{168, 63, 129, 16}, 32, "metadata"},  // Azure's platform service: public by number, local to the host
    {{169, 254, 169, 254}, 32, "metadata"},
    {{169, 254, 0, 0}, 16, "link-local"},
    {{172, 16, 0, 0}, 12, "private"},
    {{192, 0, 0, 0}, 24, "reserved"},
    {{192, 0, 2, 0}, 24, "documentation"},
    {{192, 88, 99, 0}, 24, "reserved"},
    {{192, 168, 0, 0}, 16, "private"},
    {{198, 18, 0, 0}, 15, "benchmarking"},
    {{198, 51, 100, 0}, 24, "documentation"},
    {{203, 0, 113, 0}, 24, "documentation"},
    {{224, 0, 0, 0}, 4, "multicast"},
    {{240, 0, 0, 0}, 4, "reserved"},
});

// Only those inside 2000::/3, the one block of global unicast, and those worth a name of their own.
constexpr std::array kIpv6Ranges = std::to_array<Range<Ipv6>>({
    {{0}, 128, "unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96, "an IPv4-mapped address"},
    {{0x20, 0x01, 0, 0}, 23, "reserved"},  // Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0D, 0xB8}, 32, "documentation"},
    {{0x3F, 0xFF}, 20, "documentation"},
    {{0xFC}, 7, "private"},
    {{0xFE, 0x80}, 10, "link-local"},
    {{0xFF}, 8, "multicast"},
});

constexpr Ipv6 kGlobalUnicast{0x20};
constexpr Ipv6 kNat64{0, 0x64, 0xFF, 0x9B};
constexpr Ipv6 k6to4{0x20, 0x02};

template <class Address>
bool in_prefix(const Address& address, const Address& prefix, unsigned bits) {
    for (std::size_t i = 0; bits > 0; ++i) {
        const unsigned taken = std::min(bits, 8u);
        const auto mask = static_cast<std::uint8_t>(0xFF00u >> taken);
        if ((address[i] & mask) != (prefix[i] & mask)) return false;
        bits -= taken;
    }
    return true;
}

template <class Address>
std::string_view kind_in(std::span<const Range<Address>> ranges, const Address& address) {
    for (const auto& range : ranges) {
        if (in_prefix(address, range.prefix, range.bits)) return range.kind;
    }
    return {};
}

std::string_view kind_of(const Ipv4& address) {
    return kind_in<Ipv4>(kIpv4Ranges, address);
}

std::string_view kind_of(const Ipv6& address) {
    // Translated addresses end at the IPv4 address they carry.
    if (in_prefix(address, kNat64, 96)) return kind_of(Ipv4{address[12], address[13], address[14], address[15]});
    if (in_prefix(address, k6to4, 16)) return kind_of(Ipv4{address[2], address[3], address[4], address[5]});
    const std::string_view kind = kind_in<Ipv6>(kIpv6Ranges, address);
    if (!kind.empty()) return kind;
    return in_prefix(address, kGlobalUnicast, 3) ? std::string_view{} : "reserved";
}

}  // namespace

std::string_view special_address(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        Ipv4 bytes{};
        std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
        return kind_of(bytes);
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        Ipv6 bytes{};
        std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
        return kind_of(bytes);
    }
    return kNotAnAddress;
}

std::string_view special_address(std::string_view text) {
    const std::string address(text.substr(0, text.find('%')));
    Ipv4 v4{};
    if (inet_pton(AF_INET, address.c_str(), v4.data()) == 1) return kind_of(v4);
    Ipv6 v6{};
    if (inet_pton(AF_INET6, address.c_str(), v6.data()) == 1) return kind_of(v6);
    return kNotAnAddress;
}

}  // namespace lagoa::net
