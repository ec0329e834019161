// Where a server listens, as people write it: "HOST:PORT", "[IPv6]:PORT" or "unix:PATH".
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "muster/error.hpp"

namespace muster {

/// A server's address. Either `host` and `port` are set (TCP) or `path` is (a Unix socket).
struct Address {
  std::string host;  // a name or a number; IPv6 without its brackets
  std::uint16_t port = 0;
  std::string path;

  bool is_unix() const { return !path.empty(); }
  bool operator==(const Address&) const = default;
};

/// kInvalidArgument when the text is none of the three forms, the port is not 1 … 65535, or the
/// path does not fit a socket address (107 bytes).
std::expected<Address, Error> parse_address(std::string_view text);

/// The form that parse_address reads.
std::string to_text(const Address& address);

/// One way to reach an address.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

/// Whether resolving the address asks nobody: a Unix path or a numeric host.
bool is_numeric(const Address& address);

/// All endpoints of an address, in the resolver's order, at least one. A host name is looked up,
/// which can block for seconds. kUnavailable when the name is not known.
std::expected<std::vector<Endpoint>, Error> resolve(const Address& address);

}  // namespace muster
