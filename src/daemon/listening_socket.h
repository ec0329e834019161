// A bound and listening socket: TCP or Unix, with the file of a Unix one.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "daemon/connection.h"
#include "daemon/listen_address.h"

namespace muster::daemon {

class ListeningSocket {
 public:
  /// Binds and listens. A port that is taken is an error; so is a Unix socket on which somebody
  /// still answers, while the file that a dead server left behind is replaced.
  static std::expected<ListeningSocket, std::string> open(const ListenAddress& address);

  /// Closes, and removes the Unix socket's file if it is still the one made here.
  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;

  int descriptor() const { return descriptor_; }
  Transport transport() const;
  /// With the port that was really taken, and numeric.
  const ListenAddress& address() const { return address_; }

 private:
  ListeningSocket(int descriptor, ListenAddress address);

  int descriptor_;
  ListenAddress address_;
  dev_t file_device_ = 0;  // of a Unix socket's file
  ino_t file_inode_ = 0;
};

}  // namespace muster::daemon
