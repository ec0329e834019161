// musterd: opens the journal, folds it, listens, and serves until it is told to stop.
#include <fmt/format.h>
#include <malloc.h>
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
#include "daemon/reload.h"
#include "daemon/service_notification.h"
#include "daemon/signals.h"
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

void say_storage_full(const std::string& data_dir, bool full) {
  if (full) {
    spdlog::warn(
        "STORAGE_FULL: little room is left for the journal in {}: changes are refused, and its "
        "history is let go to make room. Free space on its filesystem, or raise "
        "max-journal-bytes and restart",
        data_dir);
  } else {
    spdlog::info("no longer STORAGE_FULL: the journal in {} has room again", data_dir);
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

/// Lowers a default of max_connections to what this process may have; refuses a number that was
/// asked for.
std::expected<void, std::string> fit_into_descriptors(Configuration& configuration) {
  const std::size_t descriptors =
      raise_descriptor_limit(configuration.max_connections + kReservedDescriptors);
  const auto fitting = fit_connections(configuration.max_connections,
                                       configuration.max_connections_asked, descriptors);
  if (!fitting) return std::unexpected(fitting.error());
  configuration.max_connections = *fitting;
  return {};
}

/// What SIGHUP does. Whatever is wrong, the daemon goes on as it is.
void read_again(const std::vector<std::string>& arguments, Configuration& running, Daemon& daemon,
                HistoryKeeper& keeper) {
  auto asked = parse_configuration(arguments);
  if (!asked) {
    spdlog::error("SIGHUP: the configuration is wrong and nothing changes: {}",
                  asked.error().text.substr(0, asked.error().text.find('\n')));
    return;
  }
  if (const auto fits = fit_into_descriptors(*asked); !fits) {
    spdlog::error("SIGHUP: nothing changes: {}", fits.error());
    return;
  }
  auto done = reload(running, std::move(*asked));
  if (!done) {
    spdlog::error("SIGHUP: nothing changes: {}", done.error());
    return;
  }
  running = std::move(done->configuration);
  change_log_level(running.log_level);
  daemon.change(running);
  keeper.change(running.retention);
  spdlog::info("SIGHUP: the configuration was read again: {} changed", done->changed.size());
  for (const std::string& sentence : done->changed) spdlog::info("{}", sentence);
  for (const std::string& sentence : done->left) spdlog::warn("{}", sentence);
}

/// The error is the sentence that the log gets.
std::expected<void, std::string> serve(Configuration& configuration,
                                       const std::vector<std::string>& arguments) {
  const std::size_t usual = configuration.max_connections;
  if (auto fits = fit_into_descriptors(configuration); !fits) return fits;
  if (configuration.max_connections < usual) {
    spdlog::info("{} connections fit into RLIMIT_NOFILE, fewer than the usual {}",
                 configuration.max_connections, usual);
  }
  const ServiceNotification manager;

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
  const auto progress = [&manager](Sequence reached, Sequence last) {
    spdlog::info("folding the journal: {} of {} events", reached, last);
    manager.starting(fmt::format("Folding the journal: {} of {} events.", reached, last));
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
      std::move(*store), {.wake = [&loop] { loop.wake(); },
                          .monotonic_ms = [&clock] { return clock.monotonic_ms(); },
                          // On the writer's thread, while a reload may change the configuration.
                          .on_storage_full = [data_dir = configuration.data_dir](
                                                 bool full) { say_storage_full(data_dir, full); },
                          .batch = configuration.batch});
  PlanThread planner([&loop] { loop.wake(); });
  HistoryKeeper keeper(journal, std::move(*keepers_reader), configuration.retention,
                       configuration.journal_reserve_bytes, clock);
  const auto say_ready = [&manager, &configuration] {
    manager.ready(fmt::format("Serving {}.", configuration.data_dir));
  };
  Daemon daemon(loop, configuration, std::move(*state),
                {.journal_id = journal::text(header.journal_id),
                 .boot = header.boot,
                 .version = MUSTER_VERSION},
                planner, journal, *reader,
                {.collect = [&journal] { journal.collect(); },
                 .listening = say_ready,
                 .stopping = [&manager] { manager.stopping(); }});
  const ReloadSignal reload_signal(loop.uv(), [&] {
    manager.reloading();
    read_again(arguments, configuration, daemon, keeper);
    say_ready();
  });
  if (!daemon.run(std::move(*sockets))) {
    return std::unexpected("stopped before everything that was accepted was answered");
  }
  return {};
}

/// Says what is not as by default.
int check(Configuration& configuration) {
  if (const auto fits = fit_into_descriptors(configuration); !fits) {
    fmt::print(stderr, "musterd: {}\n", fits.error());
    return 1;
  }
  fmt::print("The configuration is good.\n");
  for (const Setting& setting : configuration.settings) {
    if (setting.given) fmt::print("{} = {}\n", setting.name, setting.value);
  }
  return 0;
}

/// What is larger than this goes back to the system as soon as it is freed: tables that grew, the
/// input of a plan. That is glibc's own bound, but it raises it to the largest piece that was ever
/// freed, up to 32 MiB, and keeps twice as much, unless it is set (mallopt(3)).
void give_back_large_memory() {
  constexpr int kLargeBytes = 128 * 1024;
  ::mallopt(M_MMAP_THRESHOLD, kLargeBytes);
}

int run(int argc, char** argv) {
  give_back_large_memory();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto configuration = parse_configuration(arguments);
  if (!configuration) {
    const NothingToRun& nothing = configuration.error();
    fmt::print(nothing.exit_status == 0 ? stdout : stderr, "{}", nothing.text);
    return nothing.exit_status;
  }
  if (configuration->check_only) return check(*configuration);
  hold_reload_signals();
  start_logging(configuration->log_format, configuration->log_level);
  spdlog::info("musterd {} starts", MUSTER_VERSION);
  if (const auto served = serve(*configuration, arguments); !served) {
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
