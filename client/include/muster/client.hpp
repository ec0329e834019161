// A connection to muster, shared by any number of consumers.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace muster {

class Transport;

struct ClientOptions {
  /// "HOST:PORT", "[IPv6]:PORT" or "unix:PATH", tried in turn until one answers.
  std::vector<std::string> servers = {"127.0.0.1:7461"};
  /// How long a call waits for its answer. join_group has a timeout of its own.
  std::chrono::milliseconds timeout{5000};
  /// Names the program in `muster group describe`, in logs and in the journal. Empty: the
  /// program's name.
  std::string client_id = {};
};

/// Connects when something needs it, and again whenever the connection breaks, with a jittered
/// exponential back-off of 50 ms to 2 s over all servers. Thread-safe. An unreadable address in
/// `servers` is reported by every call of every consumer as kInvalidArgument.
class Client {
 public:
  explicit Client(ClientOptions options = {});
  /// Closes the connection. Consumers keep their seats for their disconnect grace; their calls
  /// fail with kClosed from now on.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

 private:
  friend class GroupConsumer;
  std::shared_ptr<Transport> transport_;
};

}  // namespace muster
