// Making a connection without waiting: looks the host up, then tries its endpoints in turn.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "client/src/address.h"
#include "client/src/socket.h"
#include "client/src/wake.h"

namespace muster {

class Connector {
 public:
  /// `wake` is signalled when a lookup is done.
  explicit Connector(std::shared_ptr<Wake> wake) : wake_(std::move(wake)) {}

  void begin(const Address& address);
  /// Call it when the descriptor is writable, and when woken. A connected socket, nothing yet, or
  /// why no endpoint could be connected.
  std::expected<std::optional<Socket>, Error> step();
  /// Gives up what is under way.
  void cancel();

  bool is_busy() const { return lookup_ != nullptr || socket_.is_open(); }
  /// To poll for writability; negative while a lookup is under way.
  int descriptor() const { return socket_.descriptor(); }

 private:
  /// Shared with the thread that looks a name up, which may outlive the connector: getaddrinfo
  /// can't be interrupted.
  struct Lookup {
    std::mutex mutex;
    std::optional<std::expected<std::vector<Endpoint>, Error>> found;
  };

  bool take_lookup();
  std::expected<void, Error> try_next_endpoint();

  std::shared_ptr<Wake> wake_;
  std::string name_;  // the server, for messages
  std::shared_ptr<Lookup> lookup_;
  std::vector<Endpoint> endpoints_;  // still to try, the next one last
  std::size_t attempts_ = 0;
  Socket socket_;
  Error last_error_;
};

}  // namespace muster
