#include "daemon/listener.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "daemon/loop.h"

using muster::daemon::Listener;
using muster::daemon::ListeningSocket;
using muster::daemon::Loop;
using muster::daemon::TcpAddress;
using muster::daemon::Transport;
using muster::daemon::UnixAddress;

namespace {

class Directory {
 public:
  Directory() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/muster_listener_XXXXXX";
};

std::uint16_t port_of(const ListeningSocket& socket) {
  return std::get<TcpAddress>(socket.address()).port;
}

int connect_tcp(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0);
  return descriptor;
}

int connect_unix(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(connect(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0);
  return descriptor;
}

/// Leaves a socket file with nobody behind it, as a killed server does.
void leave_stale_socket(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  REQUIRE(bind(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0);
  close(descriptor);
}

struct Accepted {
  std::vector<int> descriptors;
  std::vector<std::string> peers;
  ~Accepted() {
    for (const int descriptor : descriptors) close(descriptor);
  }
  Listener::OnAccept recorder() {
    return [this](int descriptor, Transport, std::string peer) {
      descriptors.push_back(descriptor);
      peers.push_back(std::move(peer));
    };
  }
};

template <typename Done>
void turn_until(Loop& loop, Done done) {
  loop.run({.begin = [] {},
            .wake_in_ms = [] { return std::uint64_t{20}; },
            .end =
                [&] {
                  if (done()) loop.stop();
                },
            .woken = {}});
}

int option(int descriptor, int level, int name) {
  int value = 0;
  socklen_t bytes = sizeof(value);
  getsockopt(descriptor, level, name, &value, &bytes);
  return value;
}

}  // namespace

TEST_CASE("port 0 takes a free port, and the address says which") {
  const auto socket = ListeningSocket::open(TcpAddress{"127.0.0.1", 0});
  REQUIRE(socket);
  CHECK(port_of(*socket) != 0);
}

TEST_CASE("a port in use is refused with the address and what to do") {
  const auto first = ListeningSocket::open(TcpAddress{"127.0.0.1", 0});
  REQUIRE(first);
  const auto second = ListeningSocket::open(first->address());
  REQUIRE(!second);
  CHECK(second.error().find(to_string(first->address())) != std::string::npos);
  CHECK(second.error().find("another server has it") != std::string::npos);
}

TEST_CASE("a host that does not resolve, or is not ours, is refused by name") {
  const auto unknown = ListeningSocket::open(TcpAddress{"no.such.host.invalid", 7461});
  REQUIRE(!unknown);
  CHECK(unknown.error().find("no.such.host.invalid") != std::string::npos);
  const auto foreign = ListeningSocket::open(TcpAddress{"192.0.2.1", 0});
  REQUIRE(!foreign);
  CHECK(foreign.error().find("no interface") != std::string::npos);
}

TEST_CASE("an accepted TCP connection has its peer's host, keep-alive and no delay") {
  Loop loop;
  Accepted accepted;
  auto socket = ListeningSocket::open(TcpAddress{"localhost", 0});
  REQUIRE(socket);
  const std::uint16_t port = port_of(*socket);
  Listener listener(loop.uv(), std::move(*socket), accepted.recorder());
  const int client = connect_tcp(port);
  turn_until(loop, [&] { return !accepted.peers.empty(); });
  CHECK(accepted.peers[0] == "127.0.0.1");
  CHECK(option(accepted.descriptors[0], SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(option(accepted.descriptors[0], IPPROTO_TCP, TCP_NODELAY) != 0);
  close(client);
}

TEST_CASE("a Unix socket is listened on, and its file goes with it") {
  const Directory directory;
  const std::string path = directory.file("m.sock");
  Loop loop;
  Accepted accepted;
  {
    auto socket = ListeningSocket::open(UnixAddress{path});
    REQUIRE(socket);
    Listener listener(loop.uv(), std::move(*socket), accepted.recorder());
    const int client = connect_unix(path);
    turn_until(loop, [&] { return !accepted.peers.empty(); });
    CHECK(accepted.peers[0] == "unix");
    close(client);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a dead server's Unix socket is replaced, a living one's is not") {
  const Directory directory;
  const std::string path = directory.file("m.sock");
  leave_stale_socket(path);
  const auto first = ListeningSocket::open(UnixAddress{path});
  REQUIRE(first);
  const auto second = ListeningSocket::open(UnixAddress{path});
  REQUIRE(!second);
  CHECK(second.error().find("another server has it") != std::string::npos);
  close(connect_unix(path));  // the first still answers
}

TEST_CASE("a file that is not a socket is never removed") {
  const Directory directory;
  const std::string path = directory.file("precious");
  std::ofstream(path) << "data";
  const auto socket = ListeningSocket::open(UnixAddress{path});
  REQUIRE(!socket);
  CHECK(socket.error().find("not a socket") != std::string::npos);
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("a Unix socket that was replaced by another's is not removed at the end") {
  const Directory directory;
  const std::string path = directory.file("m.sock");
  {
    const auto socket = ListeningSocket::open(UnixAddress{path});
    REQUIRE(socket);
    std::filesystem::rename(path, directory.file("moved"));
    leave_stale_socket(path);
  }
  CHECK(std::filesystem::exists(path));
}

TEST_CASE("out of descriptors, clients wait and are accepted when some are free again") {
  Loop loop;
  Accepted accepted;
  auto socket = ListeningSocket::open(TcpAddress{"127.0.0.1", 0});
  REQUIRE(socket);
  const std::uint16_t port = port_of(*socket);
  Listener listener(loop.uv(), std::move(*socket), accepted.recorder());
  const int client = connect_tcp(port);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(client) + 1, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  int turns = 0;
  turn_until(loop, [&] { return ++turns == 5; });
  const bool accepted_without = !accepted.peers.empty();
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK_FALSE(accepted_without);
  turn_until(loop, [&] { return !accepted.peers.empty(); });
  CHECK(accepted.peers.size() == 1);
  close(client);
}

TEST_CASE("a stopped listener frees its address at once") {
  Loop loop;
  Accepted accepted;
  auto socket = ListeningSocket::open(TcpAddress{"127.0.0.1", 0});
  REQUIRE(socket);
  const auto address = socket->address();
  Listener listener(loop.uv(), std::move(*socket), accepted.recorder());
  listener.stop();
  CHECK(ListeningSocket::open(address).has_value());
}
