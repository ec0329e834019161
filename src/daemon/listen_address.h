// Where to listen, as people write it: HOST:PORT, [IPV6]:PORT or unix:PATH.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace muster::daemon {

struct TcpAddress {
  std::string host;        // a name or a number, without brackets
  std::uint16_t port = 0;  // 0: any free one
  bool operator==(const TcpAddress&) const = default;
};

struct UnixAddress {
  std::string path;
  bool operator==(const UnixAddress&) const = default;
};

using ListenAddress = std::variant<TcpAddress, UnixAddress>;

/// The error is a sentence that says what is wrong with `text` and what would be right.
std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text);

/// As parse_listen_address reads it.
std::string to_string(const ListenAddress& address);

}  // namespace muster::daemon
