// Socket addresses as people read them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace muster::daemon {

/// The numeric host, without brackets; an IPv4 address that came over an IPv6 socket is written as
/// IPv4. "unix" for a Unix socket, whose peers have no address.
std::string host_of(const sockaddr_storage& address);

/// 0 when the address has none.
std::uint16_t port_of(const sockaddr_storage& address);

}  // namespace muster::daemon
