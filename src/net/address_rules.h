// Which addresses a request may connect to when its source says nothing: public unicast only.
//
// Project files name URLs, pages redirect and names resolve to what their owner likes, so a
// fetch could be led to the machine itself, its network or a cloud's metadata service. The rule
// is asked with the resolved address of each connection, after every redirect; names and
// spellings (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`) never matter.
//
// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
#pragma once

#include <string_view>

struct sockaddr;

namespace lagoa::net {

/// Empty if `address` (AF_INET or AF_INET6) is public unicast; else what kind of address it is
/// (`loopback`, `private`, …). Any other family is `not an internet address`.
std::string_view special_address(const sockaddr& address);

/// The same of a numeric address as text, an IPv6 zone (`%eth0`) included.
std::string_view special_address(std::string_view text);

}  // namespace lagoa::net
