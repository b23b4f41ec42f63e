// Addresses on loopback, for the servers of the tests.
#pragma once

#include <netinet/in.h>

#include <cstdint>

namespace lagoa::test {

/// 127.0.0.1 and `port`; 0 lets the system choose one.
inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

}  // namespace lagoa::test
