#include "end_to_end/wire_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>

namespace muster::e2e {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

int connect_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    ::close(descriptor);
    return -1;
  }
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return descriptor;
}

int connect_unix(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    ::close(descriptor);
    return -1;
  }
  return descriptor;
}

bool readable(int descriptor, Milliseconds patience) {
  pollfd wanted{.fd = descriptor, .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

int connect_to(const std::string& address) {
  return address.starts_with(kUnixPrefix) ? connect_unix(address.substr(kUnixPrefix.size()))
                                          : connect_tcp(address);
}

WireClient::WireClient(const std::string& address, bool says_hello)
    : socket_(connect_to(address)), reader_(codec::kDefaultMaxFrameBytes) {
  if (socket_ < 0) throw NoReply("can't connect to " + address);
  if (!says_hello) return;
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = "end-to-end test";
  ask<wire::HelloReplyT>(std::move(hello));
}

WireClient::~WireClient() { close(); }

void WireClient::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  ended_ = true;
}

bool WireClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool WireClient::receive(Milliseconds patience) {
  if (ended_) return false;
  if (!readable(socket_, patience)) return true;
  std::array<char, 65'536> piece;
  const ssize_t got = recv(socket_, piece.data(), piece.size(), 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    ended_ = true;
    return false;
  }
  reader_.feed({piece.data(), static_cast<std::size_t>(got)});
  while (true) {
    const auto payload = reader_.next();
    REQUIRE_MESSAGE(payload.has_value(), "the server sent a frame over its own limit");
    if (!payload->has_value()) return true;
    auto message = codec::decode_server_message(**payload);
    REQUIRE_MESSAGE(message.has_value(), "the server sent a frame that does not verify");
    sort(std::move(*message));
  }
}

void WireClient::sort(wire::ServerMessageT message) {
  const std::uint64_t correlation_id = message.correlation_id;
  if (correlation_id == 0) {
    pushes_.push_back(std::move(message));
  } else {
    const bool is_new = replies_.emplace(correlation_id, std::move(message)).second;
    REQUIRE_MESSAGE(is_new, "two replies to request ", correlation_id);
  }
}

std::optional<wire::ServerMessageT> WireClient::reply(std::uint64_t correlation_id,
                                                      Milliseconds patience) {
  const SteadyClock::time_point end = SteadyClock::now() + patience;
  while (!replies_.contains(correlation_id)) {
    if (!receive(until(end)) || SteadyClock::now() >= end) break;
  }
  const auto found = replies_.find(correlation_id);
  if (found == replies_.end()) return std::nullopt;
  wire::ServerMessageT message = std::move(found->second);
  replies_.erase(found);
  return message;
}

wire::ServerMessageT WireClient::require_reply(std::uint64_t correlation_id) {
  std::optional<wire::ServerMessageT> message = reply(correlation_id);
  if (!message) throw NoReply(ended_ ? "the connection ended" : "no reply in time");
  return std::move(*message);
}

std::optional<wire::ServerMessageT> WireClient::push(Milliseconds patience) {
  const SteadyClock::time_point end = SteadyClock::now() + patience;
  while (pushes_.empty()) {
    if (!receive(until(end)) || SteadyClock::now() >= end) break;
  }
  if (pushes_.empty()) return std::nullopt;
  wire::ServerMessageT message = std::move(pushes_.front());
  pushes_.pop_front();
  return message;
}

std::optional<wire::ErrorT> WireClient::closing(Milliseconds patience) {
  const SteadyClock::time_point end = SteadyClock::now() + patience;
  while (auto message = push(until(end))) {
    if (const wire::ClosingT* closing = message->body.AsClosing()) return *closing->error;
  }
  return std::nullopt;
}

bool WireClient::ended(Milliseconds patience) {
  const SteadyClock::time_point end = SteadyClock::now() + patience;
  while (receive(until(end))) {
    if (SteadyClock::now() >= end) return false;
  }
  return true;
}

}  // namespace muster::e2e
