#include "client/src/address.h"

#include <netdb.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

namespace muster {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kMaxPathBytes = sizeof(sockaddr_un::sun_path) - 1;

std::unexpected<Error> refuse(std::string_view text, std::string_view what) {
  return std::unexpected(
      make_error(ErrorCode::kInvalidArgument, "\"" + std::string(text) +
                                                  "\" is not an address: " + std::string(what) +
                                                  ". Write HOST:PORT, [IPv6]:PORT or unix:PATH."));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::expected<std::vector<Endpoint>, Error> lookup(const Address& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(address.port);
  const int status = getaddrinfo(address.host.c_str(), service.c_str(), &hints, &found);
  if (status != 0) {
    return std::unexpected(make_error(ErrorCode::kUnavailable,
                                      "The server " + to_text(address) + " can't be looked up: " +
                                          gai_strerror(status) + ". Check the host's name."));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Endpoint& endpoint = endpoints.emplace_back();
    std::memcpy(&endpoint.storage, each->ai_addr, each->ai_addrlen);
    endpoint.length = each->ai_addrlen;
  }
  return endpoints;
}

}  // namespace

std::expected<Address, Error> parse_address(std::string_view text) {
  Address address;
  if (text.starts_with(kUnixPrefix)) {
    address.path = text.substr(kUnixPrefix.size());
    if (address.path.empty()) return refuse(text, "the path is missing");
    if (address.path.size() > kMaxPathBytes) return refuse(text, "the path is over 107 bytes");
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text, "the port is missing");
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return refuse(text, "the host is missing");
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return refuse(text, "an IPv6 host needs brackets");
  }
  const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
  if (!port) return refuse(text, "the port is not a number from 1 to 65535");
  address.host = host;
  address.port = *port;
  return address;
}

std::string to_text(const Address& address) {
  if (address.is_unix()) return std::string(kUnixPrefix) + address.path;
  const bool ipv6 = address.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

bool is_numeric(const Address& address) {
  return address.is_unix() || lookup(address, AI_NUMERICHOST).has_value();
}

std::expected<std::vector<Endpoint>, Error> resolve(const Address& address) {
  if (!address.is_unix()) return lookup(address, 0);
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  std::memcpy(unix_address.sun_path, address.path.data(), address.path.size());
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, &unix_address, sizeof(unix_address));
  endpoint.length = sizeof(unix_address);
  return std::vector<Endpoint>{endpoint};
}

}  // namespace muster
