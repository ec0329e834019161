#include "daemon/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace muster::daemon {

namespace {

SocketLimits socket_limits(const Configuration& configuration) {
  return {.max_connections = configuration.max_connections,
          .hello_timeout_ms = configuration.hello_timeout_ms};
}

coordinator::Settings coordinator_settings(const Configuration& configuration) {
  coordinator::Settings settings = configuration.coordinator;
  settings.max_connections = configuration.max_connections;
  return settings;
}

}  // namespace

Daemon::Daemon(Loop& loop, const Configuration& configuration, domain::State state,
               coordinator::Identity identity, coordinator::Planner& planner,
               journal::Journal& journal, journal::Reader& history, Hooks hooks)
    : loop_(loop),
      shutdown_timeout_ms_(configuration.shutdown_timeout_ms),
      hooks_(std::move(hooks)),
      sockets_(loop.uv(), clock_, socket_limits(configuration)),
      pipeline_(std::move(state), std::move(identity), coordinator_settings(configuration), clock_,
                sockets_, entropy_, planner, journal, history),
      signals_(loop.uv(), [this](int signal) { begin_shutdown(signal); }) {
  sockets_.report_to(*this);
}

bool Daemon::run(std::vector<ListeningSocket> listening) {
  for (ListeningSocket& socket : listening) {
    listeners_.push_back(
        std::make_unique<Listener>(loop_.uv(), std::move(socket),
                                   [this](int descriptor, Transport transport, std::string peer) {
                                     sockets_.adopt(descriptor, transport, std::move(peer));
                                   }));
    spdlog::info("listening on {}", to_string(listeners_.back()->address()));
  }
  hooks_.listening();
  loop_.run({.begin = [this] { sockets_.begin_turn(); },
             .wake_in_ms = [this] { return wake_in_ms(); },
             .end = [this] { end_turn(); },
             .woken =
                 [this] {
                   hooks_.collect();
                   sockets_.flush();
                 }});
  listeners_.clear();
  return clean_;
}

void Daemon::change(const Configuration& configuration) {
  shutdown_timeout_ms_ = configuration.shutdown_timeout_ms;
  sockets_.change(socket_limits(configuration));
  pipeline_.change(coordinator_settings(configuration));
}

void Daemon::connected(coordinator::ConnectionId connection, std::string peer) {
  spdlog::debug("connection {} from {}", connection, peer);
  pipeline_.connected(connection, std::move(peer));
}

void Daemon::received(coordinator::ConnectionId connection, std::string_view bytes) {
  pipeline_.received(connection, bytes);
}

void Daemon::disconnected(coordinator::ConnectionId connection) {
  spdlog::debug("connection {} ended", connection);
  pipeline_.disconnected(connection);
}

std::uint64_t Daemon::wake_in_ms() const {
  // The last connection may go in libuv's own end of a turn, which wakes nobody.
  constexpr std::uint64_t kWhileStoppingMs = 10;
  return stopping_ ? std::min(kWhileStoppingMs, pipeline_.wake_in_ms()) : pipeline_.wake_in_ms();
}

void Daemon::end_turn() {
  pipeline_.end_turn();
  sockets_.sweep();
  sockets_.flush();
  if (stopping_) end_when_shut_down();
}

void Daemon::begin_shutdown(int signal) {
  spdlog::info("{}: stopping; no new connections, answering what was accepted",
               signal == SIGINT ? "SIGINT" : "SIGTERM");
  hooks_.stopping();
  stopping_ = true;
  stop_by_ms_ = clock_.monotonic_ms() + shutdown_timeout_ms_;
  for (const auto& listener : listeners_) listener->stop();
  pipeline_.begin_shutdown();
}

void Daemon::end_when_shut_down() {
  if (pipeline_.shut_down() && sockets_.empty()) {
    clean_ = true;
    loop_.stop();
  } else if (clock_.monotonic_ms() >= stop_by_ms_) {
    // Everything acknowledged is durable whatever happens here; only answers may be missing.
    clean_ = pipeline_.shut_down();
    spdlog::warn("the graceful stop took longer than {} ms: closing the connections that are left",
                 shutdown_timeout_ms_);
    loop_.stop();
  }
}

}  // namespace muster::daemon
