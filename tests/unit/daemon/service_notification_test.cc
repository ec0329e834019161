#include "daemon/service_notification.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

namespace muster::daemon {
namespace {

/// Listens as a service manager does, on a name that needs no file.
class Manager {
 public:
  Manager() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name_.copy(address.sun_path + 1, name_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    REQUIRE(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }
  ~Manager() { close(descriptor_); }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  std::string socket_name() const { return "@" + name_; }
  std::string heard() const {
    std::array<char, 4096> buffer{};
    const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(count));
  }

 private:
  std::string name_ = "muster-notification-test-" + std::to_string(getpid());
  int descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace

TEST_CASE("notification: the manager hears of each step, a datagram each") {
  const Manager manager;
  const ServiceNotification notification(manager.socket_name());
  notification.starting("Folding.");
  CHECK(manager.heard() == "STATUS=Folding.\n");
  notification.ready("Serving d.");
  CHECK(manager.heard() == "READY=1\nSTATUS=Serving d.\n");
  notification.reloading();
  CHECK(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  notification.stopping();
  CHECK(manager.heard().starts_with("STOPPING=1\n"));
}

TEST_CASE("notification: without a manager, or with one that is gone, nothing happens") {
  ServiceNotification("").ready("x");
  ServiceNotification("@muster-nobody-listens-here").ready("x");
  ServiceNotification("/nonexistent/" + std::string(200, 'x')).ready("x");
}

}  // namespace muster::daemon
