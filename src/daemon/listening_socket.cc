#include "daemon/listening_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "daemon/peer_address.h"
#include "domain/assert.h"

namespace muster::daemon {
namespace {

// Ten thousand members may come back at once after a restart; the kernel lowers it to somaxconn.
constexpr int kBacklog = 4'096;
constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

/// What went wrong, for a sentence; `descriptor` is closed.
std::unexpected<std::string> failed(const ListenAddress& address, int error, int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  std::string advice;
  if (error == EADDRINUSE) {
    advice = ": another server has it. Stop that one, or choose another --listen address";
  } else if (error == EACCES) {
    advice = ": choose a port from 1024 up, or a directory that this user may write to";
  } else if (error == ENOENT) {
    advice = ": make its directory first, or choose another path";
  } else if (error == EADDRNOTAVAIL) {
    advice = ": no interface of this machine has that address";
  }
  return std::unexpected(
      fmt::format("can't listen on {}: {}{}", to_string(address), std::strerror(error), advice));
}

std::expected<int, std::string> bind_and_listen(const ListenAddress& address, int family,
                                                const sockaddr* name, socklen_t name_bytes) {
  const int descriptor = socket(family, kSocketFlags, 0);
  if (descriptor < 0) return failed(address, errno, descriptor);
  const int on = 1;  // a restarted daemon gets its port back at once
  if (family != AF_UNIX) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(descriptor, name, name_bytes) != 0 || listen(descriptor, kBacklog) != 0) {
    return failed(address, errno, descriptor);
  }
  return descriptor;
}

std::expected<int, std::string> open_tcp(const TcpAddress& tcp) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(tcp.host.c_str(), std::to_string(tcp.port).c_str(), &hints, &list);
  if (result != 0) {
    return std::unexpected(fmt::format(
        "can't listen on {}: the host does not resolve ({}). Give a name or number of this machine",
        to_string(tcp), gai_strerror(result)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  // "localhost" is ::1 and 127.0.0.1: take the IPv4 one, which most clients try.
  const addrinfo* chosen = list;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_family != AF_INET) continue;
    chosen = each;
    break;
  }
  return bind_and_listen(tcp, chosen->ai_family, chosen->ai_addr, chosen->ai_addrlen);
}

bool somebody_answers(const sockaddr_un& name) {
  const int descriptor = socket(AF_UNIX, kSocketFlags, 0);
  if (descriptor < 0) return true;
  const bool refused =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 &&
      errno == ECONNREFUSED;
  ::close(descriptor);
  return !refused;
}

std::expected<int, std::string> open_unix(const UnixAddress& local) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  MUSTER_ASSERT(local.path.size() < sizeof(name.sun_path));
  local.path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  struct stat file{};
  if (lstat(local.path.c_str(), &file) == 0) {
    if (!S_ISSOCK(file.st_mode)) {
      return std::unexpected(fmt::format(
          "can't listen on {}: a file that is not a socket is in the way. Move it, or choose "
          "another path",
          to_string(local)));
    }
    if (somebody_answers(name)) return failed(local, EADDRINUSE, -1);
    unlink(local.path.c_str());  // a dead server's; bind says so if it could not be removed
  }
  return bind_and_listen(local, AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof(name));
}

}  // namespace

std::expected<ListeningSocket, std::string> ListeningSocket::open(const ListenAddress& address) {
  if (const auto* local = std::get_if<UnixAddress>(&address)) {
    auto descriptor = open_unix(*local);
    if (!descriptor) return std::unexpected(std::move(descriptor.error()));
    return ListeningSocket(*descriptor, address);
  }
  auto descriptor = open_tcp(std::get<TcpAddress>(address));
  if (!descriptor) return std::unexpected(std::move(descriptor.error()));
  sockaddr_storage name{};
  socklen_t name_bytes = sizeof(name);
  const int known = getsockname(*descriptor, reinterpret_cast<sockaddr*>(&name), &name_bytes);
  MUSTER_ASSERT(known == 0);
  return ListeningSocket(*descriptor, TcpAddress{host_of(name), port_of(name)});
}

ListeningSocket::ListeningSocket(int descriptor, ListenAddress address)
    : descriptor_(descriptor), address_(std::move(address)) {
  const auto* local = std::get_if<UnixAddress>(&address_);
  struct stat file{};
  if (local == nullptr || lstat(local->path.c_str(), &file) != 0) return;
  file_device_ = file.st_dev;
  file_inode_ = file.st_ino;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::move(other.address_)),
      file_device_(other.file_device_),
      file_inode_(other.file_inode_) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ < 0) return;
  const auto* local = std::get_if<UnixAddress>(&address_);
  struct stat file{};
  if (local != nullptr && lstat(local->path.c_str(), &file) == 0 && file.st_dev == file_device_ &&
      file.st_ino == file_inode_) {
    unlink(local->path.c_str());
  }
  ::close(descriptor_);
}

Transport ListeningSocket::transport() const {
  return std::holds_alternative<UnixAddress>(address_) ? Transport::kUnix : Transport::kTcp;
}

}  // namespace muster::daemon
