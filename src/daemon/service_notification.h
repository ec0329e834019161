// Tells a service manager how the daemon does, by systemd's protocol: datagrams of NAME=VALUE lines
// to the socket that $NOTIFY_SOCKET names (sd_notify(3)). Without that variable nothing is sent.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace muster::daemon {

class ServiceNotification {
 public:
  /// To the socket of $NOTIFY_SOCKET: a path, or @ and an abstract name.
  ServiceNotification();
  /// To this socket; "" sends nothing.
  explicit ServiceNotification(std::string socket) : socket_(std::move(socket)) {}

  /// `status` is for people, in one line.
  void ready(std::string_view status) const;
  void starting(std::string_view status) const;
  /// To be followed by ready().
  void reloading() const;
  void stopping() const;

 private:
  void send(const std::string& lines) const;

  std::string socket_;
};

}  // namespace muster::daemon
