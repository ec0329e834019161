#include "daemon/listen_address.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>
#include <optional>

namespace muster::daemon {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kUnixPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected(fmt::format(
      "can't listen on '{}': {}. Write HOST:PORT (127.0.0.1:7461, 0.0.0.0:7461 for every IPv4 "
      "interface, port 0 for any free one), [IPV6]:PORT or unix:PATH",
      text, what));
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, port);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return port;
}

std::expected<ListenAddress, std::string> parse_unix(std::string_view text) {
  const std::string_view path = text.substr(kUnixPrefix.size());
  if (path.empty()) return wrong(text, "the path is missing");
  if (path.size() > kUnixPathBytesMax) {
    return wrong(text, fmt::format("the path has {} bytes, and a Unix socket's may have {}",
                                   path.size(), kUnixPathBytesMax));
  }
  return UnixAddress{std::string(path)};
}

}  // namespace

std::expected<ListenAddress, std::string> parse_listen_address(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return wrong(text, "the port is not a number from 0 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return wrong(text, "an IPv6 address needs brackets");
  }
  if (host.empty()) return wrong(text, "the host is missing");
  return TcpAddress{std::string(host), *port};
}

std::string to_string(const ListenAddress& address) {
  if (const auto* local = std::get_if<UnixAddress>(&address)) {
    return fmt::format("{}{}", kUnixPrefix, local->path);
  }
  const auto& tcp = std::get<TcpAddress>(address);
  if (tcp.host.contains(':')) return fmt::format("[{}]:{}", tcp.host, tcp.port);
  return fmt::format("{}:{}", tcp.host, tcp.port);
}

}  // namespace muster::daemon
