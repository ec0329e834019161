// musterd: opens the journal, folds it, listens, and serves until it is told to stop.
#include <fmt/format.h>
#include <muster_version.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/recover.h"
#include "daemon/configuration.h"
#include "daemon/daemon.h"
#include "daemon/descriptors.h"
#include "daemon/history_keeper.h"
#include "daemon/listening_socket.h"
#include "daemon/logging.h"
#include "daemon/loop.h"
#include "daemon/plan_thread.h"
#include "journal/group_commit.h"
#include "journal/store.h"

namespace muster::daemon {
namespace {

journal::StoreOptions store_options(const Configuration& configuration) {
  const std::uint64_t pending = configuration.coordinator.max_pending_journal_bytes;
  const std::uint64_t reserve = configuration.journal_reserve_bytes;
  // What was accepted before the room ran out is still to be written: it must not come out of the
  // reserve. The last half is for the pages around the records.
  const std::uint64_t full_below = reserve + pending + pending / 2;
  return {.map_bytes = configuration.max_journal_bytes,
          .room = {.reserve_bytes = reserve,
                   .full_below_bytes = full_below,
                   .clear_above_bytes = full_below + pending}};
}

void say_storage_full(const Configuration& configuration, bool full) {
  if (full) {
    spdlog::warn(
        "STORAGE_FULL: little room is left for the journal in {}: changes are refused, and its "
        "history is let go to make room. Free space on its filesystem, or raise "
        "max-journal-bytes and restart",
        configuration.data_dir);
  } else {
    spdlog::info("no longer STORAGE_FULL: the journal in {} has room again",
                 configuration.data_dir);
  }
}

std::expected<std::vector<ListeningSocket>, std::string> open_sockets(
    const std::vector<ListenAddress>& addresses) {
  std::vector<ListeningSocket> sockets;
  for (const ListenAddress& address : addresses) {
    auto socket = ListeningSocket::open(address);
    if (!socket) return std::unexpected(std::move(socket.error()));
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

/// The error is the sentence that the log gets.
std::expected<void, std::string> serve(const Configuration& configuration) {
  const std::size_t descriptors =
      raise_descriptor_limit(configuration.max_connections + kReservedDescriptors);
  const auto max_connections = fit_connections(configuration.max_connections,
                                               configuration.max_connections_asked, descriptors);
  if (!max_connections) return std::unexpected(max_connections.error());
  if (*max_connections < configuration.max_connections) {
    spdlog::info("{} connections fit into RLIMIT_NOFILE, fewer than the usual {}", *max_connections,
                 configuration.max_connections);
  }

  // Before the journal: a start that can't listen leaves no trace in it.
  auto sockets = open_sockets(configuration.listen);
  if (!sockets) return std::unexpected(std::move(sockets.error()));

  auto store = journal::Store::open(configuration.data_dir, store_options(configuration));
  if (!store) return std::unexpected(store.error().message);
  const journal::Header header = store->header();
  auto reader = store->reader();
  if (!reader) return std::unexpected(reader.error().message);
  auto keepers_reader = store->reader();
  if (!keepers_reader) return std::unexpected(keepers_reader.error().message);
  const auto progress = [](Sequence reached, Sequence last) {
    spdlog::info("folding the journal: {} of {} events", reached, last);
  };
  auto state = coordinator::recover(*reader, header, {.progress = progress});
  if (!state) return std::unexpected(state.error().message);
  spdlog::info("journal {} in {}: boot {}, sequence {}", journal::text(header.journal_id),
               configuration.data_dir, header.boot, header.last_sequence);
  if (state->quiet_time_ms != 0) {
    spdlog::info(
        "restored from a backup: nothing is assigned for {} ms, until no worker of the time "
        "before can still be at work",
        state->quiet_time_ms);
  }

  Loop loop;
  const SystemClock clock;
  journal::GroupCommit journal(
      std::move(*store),
      {.wake = [&loop] { loop.wake(); },
       .monotonic_ms = [&clock] { return clock.monotonic_ms(); },
       .on_storage_full = [&configuration](bool full) { say_storage_full(configuration, full); },
       .batch = configuration.batch});
  PlanThread planner([&loop] { loop.wake(); });
  const HistoryKeeper keeper(journal, std::move(*keepers_reader), configuration.retention,
                             configuration.journal_reserve_bytes, clock);
  Daemon daemon(loop, configuration, *max_connections, std::move(*state),
                {.journal_id = journal::text(header.journal_id),
                 .boot = header.boot,
                 .version = MUSTER_VERSION},
                planner, journal, *reader, [&journal] { journal.collect(); });
  if (!daemon.run(std::move(*sockets))) {
    return std::unexpected("stopped before everything that was accepted was answered");
  }
  return {};
}

int run(int argc, char** argv) {
  const auto configuration = parse_configuration({argv + 1, argv + argc});
  if (!configuration) {
    const NothingToRun& nothing = configuration.error();
    fmt::print(nothing.exit_status == 0 ? stdout : stderr, "{}", nothing.text);
    return nothing.exit_status;
  }
  start_logging(configuration->log_format, configuration->log_level);
  spdlog::info("musterd {} starts", MUSTER_VERSION);
  if (const auto served = serve(*configuration); !served) {
    spdlog::critical("{}", served.error());
    return 1;
  }
  spdlog::info("stopped");
  return 0;
}

}  // namespace
}  // namespace muster::daemon

int main(int argc, char** argv) {
  try {
    return muster::daemon::run(argc, argv);
  } catch (const std::exception& error) {  // of a library: ours do not throw
    std::fprintf(stderr, "musterd: stopped by an unexpected error: %s\n", error.what());
    return 1;
  }
}
