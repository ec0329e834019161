// One connection to a musterd for a command that asks and waits: hello, then one request at a
// time. The client library's session is not used: a command is over before a heartbeat is due.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/src/address.h"
#include "client/src/socket.h"
#include "codec/frame.h"
#include "codec/wire.h"
#include "muster/error.hpp"

namespace muster::tools {

/// How long a link waits.
struct Patience {
  std::chrono::milliseconds hello{10'000};
  std::chrono::milliseconds request{30'000};  // a slow disk delays replies
};

/// "a:1,b:1" → "a:1", "b:1".
std::vector<std::string> addresses_of(std::string_view server);

/// After an error of ask that is not the server's refusal the link is of no further use.
class ServerLink {
 public:
  /// Connects and says hello. `server` is HOST:PORT or unix:PATH, or several of them, separated by
  /// commas: the first that answers is taken.
  static std::expected<ServerLink, Error> open(std::string_view server,
                                               const Patience& patience = {});

  /// Sends a request (wire::CreateTopicT …) and waits for its reply (wire::TopicReplyT …).
  template <typename Reply, typename Request>
  std::expected<Reply, Error> ask(Request request);

  /// Asks page after page. `take` is given each reply and the request, whose cursor it moves to
  /// the last entry; it returns the number of entries.
  template <typename Reply, typename Request, typename Take>
  std::expected<void, Error> ask_pages(Request request, Take take);

 private:
  ServerLink(Socket socket, Address address, const Patience& patience)
      : socket_(std::move(socket)), address_(std::move(address)), patience_(patience) {}

  static std::expected<ServerLink, Error> open_one(const std::string& server,
                                                   const Patience& patience);
  std::expected<void, Error> hello(Deadline deadline);
  /// The reply to the request sent last, or the error that it or a closing server carries.
  std::expected<wire::ServerMessageT, Error> exchange(std::string_view frame, Deadline deadline);
  std::expected<wire::ServerMessageT, Error> next_message(Deadline deadline);
  Error not_muster(std::string_view what) const;
  Deadline request_deadline() const;

  Socket socket_;
  Address address_;
  Patience patience_;
  codec::FrameReader frames_;
  std::uint64_t correlation_id_ = 0;  // of the request sent last
};

/// One request on a connection of its own.
template <typename Reply, typename Request>
std::expected<Reply, Error> ask_once(std::string_view server, Request request) {
  auto link = ServerLink::open(server);
  if (!link) return std::unexpected(std::move(link.error()));
  return link->template ask<Reply>(std::move(request));
}

template <typename Reply, typename Request>
std::expected<Reply, Error> ServerLink::ask(Request request) {
  auto message =
      exchange(codec::encode_request(++correlation_id_, std::move(request)), request_deadline());
  if (!message) return std::unexpected(std::move(message.error()));
  if (message->body.type != wire::ServerBodyUnionTraits<Reply>::enum_value) {
    return std::unexpected(not_muster("its reply is of another kind than the request"));
  }
  return std::move(*static_cast<Reply*>(message->body.value));
}

template <typename Reply, typename Request, typename Take>
std::expected<void, Error> ServerLink::ask_pages(Request request, Take take) {
  while (true) {
    auto reply = ask<Reply>(request);
    if (!reply) return std::unexpected(std::move(reply.error()));
    const bool more = reply->more;
    const std::size_t entries = take(*reply, request);
    if (!more) return {};
    if (entries == 0) return std::unexpected(not_muster("it announced more, and sent nothing"));
  }
}

}  // namespace muster::tools
