#include "flaky_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "end_to_end/wire_client.h"

namespace muster::soak {
namespace {

constexpr std::chrono::milliseconds kTurn{5};
// So that a reader that does not read is felt by the writer.
constexpr std::size_t kQueuedBytesMax = 1 << 20;

// Of a thousand connections, how many are disturbed in one turn.
constexpr int kBreaksOf1000 = 1;
constexpr int kGoesDeadOf1000 = 1;
constexpr int kDelaysOf10 = 2;  // of ten pieces of data, how many are late
constexpr int kLongestDelayMs = 150;
constexpr int kLongestDeadMs = 3'000;

}  // namespace

FlakyNetwork::FlakyNetwork(std::string server, std::uint64_t seed)
    : server_(std::move(server)), random_(seed) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  auto* const generic = reinterpret_cast<sockaddr*>(&at);
  if (listener_ < 0 || ::bind(listener_, generic, size) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the flaky network can't listen");
  }
  address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  thread_ = std::thread([this] { run(); });
}

FlakyNetwork::~FlakyNetwork() {
  stopping_ = true;
  thread_.join();
  for (const auto& connection : connections_) close(*connection);
  ::close(listener_);
}

void FlakyNetwork::run() {
  while (!stopping_) {
    std::vector<pollfd> wanted{{.fd = listener_, .events = POLLIN, .revents = 0}};
    for (const auto& connection : connections_) {
      for (const Way* way : {&connection->out, &connection->back}) {
        const bool reads = way->queued_bytes < kQueuedBytesMax;
        wanted.push_back({.fd = reads ? way->from : -1, .events = POLLIN, .revents = 0});
      }
    }
    ::poll(wanted.data(), wanted.size(), static_cast<int>(kTurn.count()));
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = *connections_[i];
      if (wanted[1 + 2 * i].revents != 0) read_from(connection, connection.out);
      if (wanted[2 + 2 * i].revents != 0) read_from(connection, connection.back);
      disturb(connection);
      send_on(connection, connection.out);
      send_on(connection, connection.back);
    }
    if (cut_.exchange(false)) {
      for (const auto& connection : connections_) connection->broken = true;
    }
    std::erase_if(connections_, [](const auto& connection) {
      if (connection->broken) close(*connection);
      return connection->broken;
    });
    if (wanted[0].revents != 0) accept_one();
  }
}

void FlakyNetwork::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = e2e::connect_to(server_);
  if (server < 0) {
    ::close(client);
    return;
  }
  auto connection = std::make_unique<Connection>();
  connection->out = {.from = client, .to = server};
  connection->back = {.from = server, .to = client};
  connections_.push_back(std::move(connection));
}

void FlakyNetwork::disturb(Connection& connection) {
  if (!misbehaves_) {
    connection.dead_until = {};
    return;
  }
  const auto luck = static_cast<int>(random_() % 1'000);
  if (luck < kBreaksOf1000) {
    connection.broken = true;
  } else if (luck < kBreaksOf1000 + kGoesDeadOf1000) {
    connection.dead_until = Clock::now() + std::chrono::milliseconds(random_() % kLongestDeadMs);
  }
}

void FlakyNetwork::read_from(Connection& connection, Way& way) {
  std::array<char, 65'536> buffer{};
  const ssize_t got = ::recv(way.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0) {
    connection.broken = connection.broken || got == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
  auto due = Clock::now();
  if (misbehaves_ && random_() % 10 < kDelaysOf10) {
    due += std::chrono::milliseconds(random_() % kLongestDelayMs);
  }
  way.queued_bytes += static_cast<std::size_t>(got);
  way.under_way.emplace_back(due, std::string(buffer.data(), static_cast<std::size_t>(got)));
}

/// In order: what comes behind something late is late, too.
void FlakyNetwork::send_on(Connection& connection, Way& way) {
  const auto now = Clock::now();
  if (now < connection.dead_until) return;
  while (!connection.broken && !way.under_way.empty() && way.under_way.front().first <= now) {
    std::string& bytes = way.under_way.front().second;
    const ssize_t sent = ::send(way.to, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      connection.broken = errno != EAGAIN && errno != EINTR;
      return;
    }
    way.queued_bytes -= static_cast<std::size_t>(sent);
    bytes.erase(0, static_cast<std::size_t>(sent));
    if (bytes.empty()) way.under_way.pop_front();
  }
}

void FlakyNetwork::close(const Connection& connection) {
  ::close(connection.out.from);
  ::close(connection.out.to);
}

}  // namespace muster::soak
