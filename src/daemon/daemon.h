// The running daemon: the coordinator's pipeline between the sockets and the journal, turn by turn.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/pipeline.h"
#include "daemon/configuration.h"
#include "daemon/listener.h"
#include "daemon/loop.h"
#include "daemon/signals.h"
#include "daemon/sockets.h"
#include "daemon/system_clock.h"
#include "daemon/system_entropy.h"

namespace muster::daemon {

class Daemon final : SocketEvents {
 public:
  struct Hooks {
    /// Hands what the journal's writer has made durable to the pipeline, on this thread; called
    /// after every loop.wake().
    std::function<void()> collect;
    std::function<void()> listening;  // clients can connect from now on
    std::function<void()> stopping;   // the graceful stop begins
  };

  /// `configuration.max_connections` is a number that fits.
  Daemon(Loop& loop, const Configuration& configuration, domain::State state,
         coordinator::Identity identity, coordinator::Planner& planner, journal::Journal& journal,
         journal::Reader& history, Hooks hooks);
  ~Daemon() override = default;

  /// Goes on with what of this configuration can change at run time (reload.h).
  void change(const Configuration& configuration);

  /// Serves until SIGTERM or SIGINT. Returns false when the graceful stop took too long.
  bool run(std::vector<ListeningSocket> listening);

 private:
  void connected(coordinator::ConnectionId connection, std::string peer) override;
  void received(coordinator::ConnectionId connection, std::string_view bytes) override;
  void disconnected(coordinator::ConnectionId connection) override;

  std::uint64_t wake_in_ms() const;
  void end_turn();
  void begin_shutdown(int signal);
  void end_when_shut_down();

  Loop& loop_;
  std::uint32_t shutdown_timeout_ms_;
  Hooks hooks_;
  SystemClock clock_;
  SystemEntropy entropy_;
  Sockets sockets_;
  coordinator::Pipeline pipeline_;
  StopSignals signals_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  bool stopping_ = false;
  bool clean_ = false;
  std::uint64_t stop_by_ms_ = 0;
};

}  // namespace muster::daemon
