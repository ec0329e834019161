#include "tools/server_link.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "client/src/wire_error.h"

namespace muster::tools {
namespace {

using std::chrono::steady_clock;

/// Names the operator in the journal's causes: information, not authentication.
std::string client_id() {
  const char* set = std::getenv("USER");
  const std::string_view user = set == nullptr ? "" : set;
  const bool plain = !user.empty() && user.size() <= 64 &&
                     std::ranges::all_of(user, [](char c) { return c > ' ' && c < 127; });
  return "muster:" + (plain ? std::string(user) : std::to_string(getuid()));
}

Error with_hint(Error error) {
  if (error.code == ErrorCode::kUnavailable) {
    error.message += " Another address is named with --server or MUSTER_SERVER.";
  }
  return error;
}

}  // namespace

std::vector<std::string> addresses_of(std::string_view server) {
  std::vector<std::string> addresses;
  while (true) {
    const std::size_t comma = server.find(',');
    addresses.emplace_back(server.substr(0, comma));
    if (comma == std::string_view::npos) return addresses;
    server.remove_prefix(comma + 1);
  }
}

std::expected<ServerLink, Error> ServerLink::open(std::string_view server,
                                                  const Patience& patience) {
  Error failure;
  for (const std::string& address : addresses_of(server)) {
    auto opened = open_one(address, patience);
    if (opened || !opened.error().retriable) return opened;
    const std::string former = failure.message.empty() ? "" : failure.message + " ";
    failure = std::move(opened.error());
    failure.message = former + failure.message;
  }
  return std::unexpected(with_hint(std::move(failure)));
}

std::expected<ServerLink, Error> ServerLink::open_one(const std::string& server,
                                                      const Patience& patience) {
  auto address = parse_address(server);
  if (!address) return std::unexpected(std::move(address.error()));
  const Deadline deadline = steady_clock::now() + patience.hello;
  auto socket = Socket::connect(*address, deadline);
  if (!socket) return std::unexpected(std::move(socket.error()));
  ServerLink link(std::move(*socket), std::move(*address), patience);
  if (auto greeted = link.hello(deadline); !greeted) {
    return std::unexpected(std::move(greeted.error()));
  }
  return link;
}

std::expected<void, Error> ServerLink::hello(Deadline deadline) {
  wire::HelloT hello;
  hello.oldest_version = codec::kOldestProtocolVersion;
  hello.newest_version = codec::kNewestProtocolVersion;
  hello.client_id = client_id();
  auto message = exchange(codec::encode_request(++correlation_id_, std::move(hello)), deadline);
  if (!message) return std::unexpected(std::move(message.error()));
  const wire::HelloReplyT* reply = message->body.AsHelloReply();
  if (reply == nullptr) return std::unexpected(not_muster("it did not answer the hello"));
  if (reply->version < codec::kOldestProtocolVersion ||
      reply->version > codec::kNewestProtocolVersion) {
    return std::unexpected(make_error(ErrorCode::kUnsupportedVersion,
                                      "The server " + to_text(address_) + " (musterd " +
                                          reply->server_version + ") chose protocol version " +
                                          std::to_string(reply->version) + ", this muster speaks " +
                                          std::to_string(codec::kOldestProtocolVersion) + " to " +
                                          std::to_string(codec::kNewestProtocolVersion) +
                                          ". Use a muster and a musterd of the same release."));
  }
  return {};
}

std::expected<wire::ServerMessageT, Error> ServerLink::exchange(std::string_view frame,
                                                                Deadline deadline) {
  const auto written = socket_.write(frame, deadline);
  while (true) {
    // Also after a failed write: a server that turns a connection away says why first.
    auto message = next_message(deadline);
    if (!message) return std::unexpected(written ? std::move(message.error()) : written.error());
    if (const wire::ClosingT* closing = message->body.AsClosing()) {
      return std::unexpected(from_wire(*closing->error));
    }
    if (message->correlation_id != correlation_id_) continue;  // a push
    if (const wire::ErrorT* refusal = message->body.AsError()) {
      return std::unexpected(from_wire(*refusal));
    }
    return message;
  }
}

std::expected<wire::ServerMessageT, Error> ServerLink::next_message(Deadline deadline) {
  std::array<char, 64 * 1024> buffer;
  while (true) {
    const auto payload = frames_.next();
    if (!payload) {
      return std::unexpected(not_muster(
          "it announced a frame of " + std::to_string(payload.error().announced_bytes) + " bytes"));
    }
    if (payload->has_value()) {
      auto message = codec::decode_server_message(**payload);
      if (!message) return std::unexpected(not_muster(message.error().message));
      return std::move(*message);
    }
    const auto count = socket_.read(buffer.data(), buffer.size(), deadline);
    if (!count) return std::unexpected(count.error());
    frames_.feed({buffer.data(), *count});
  }
}

Error ServerLink::not_muster(std::string_view what) const {
  return make_error(ErrorCode::kUnsupportedVersion,
                    "What answers at " + to_text(address_) +
                        " does not speak the protocol of this muster: " + std::string(what) +
                        ". Check that the address is a musterd's, of the same release.");
}

Deadline ServerLink::request_deadline() const { return steady_clock::now() + patience_.request; }

}  // namespace muster::tools
