#include "daemon/service_notification.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace muster::daemon {
namespace {

std::string socket_of_environment() {
  const char* set = std::getenv("NOTIFY_SOCKET");
  return set == nullptr ? "" : set;
}

}  // namespace

ServiceNotification::ServiceNotification() : socket_(socket_of_environment()) {}

void ServiceNotification::ready(std::string_view status) const {
  send(fmt::format("READY=1\nSTATUS={}\n", status));
}

void ServiceNotification::starting(std::string_view status) const {
  send(fmt::format("STATUS={}\n", status));
}

void ServiceNotification::reloading() const {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n",
                   static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000));
}

void ServiceNotification::stopping() const { send("STOPPING=1\nSTATUS=Stopping.\n"); }

/// A manager that does not listen is no reason not to serve.
void ServiceNotification::send(const std::string& lines) const {
  if (socket_.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path)) {
    spdlog::warn("NOTIFY_SOCKET is longer than a socket's path can be: nobody is told");
    return;
  }
  socket_.copy(address.sun_path, socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool sent =
      descriptor >= 0 && sendto(descriptor, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), length) >= 0;
  const int error = errno;
  if (descriptor >= 0) close(descriptor);
  if (!sent) {
    spdlog::warn("the service manager at {} can't be told: {}", socket_, std::strerror(error));
  }
}

}  // namespace muster::daemon
