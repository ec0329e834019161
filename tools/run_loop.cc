#include "tools/run_loop.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "domain/assert.h"
#include "tools/arguments.h"
#include "tools/output.h"

namespace muster::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Together under the 10 s that `muster run` takes to end at most.
constexpr milliseconds kEndGrace{5'000};    // for the commands, then they are killed
constexpr milliseconds kSameSignal{1'000};  // timeout(1) signals the process and then its group
constexpr milliseconds kExitLatest{9'500};  // and with leaving

ClientOptions client_options(const std::string& server) {
  ClientOptions options;
  options.servers = {server};
  options.client_id = "muster run";
  return options;
}

/// Threads started from now on leave these to the loop.
int take_over_signals() {
  std::signal(SIGCHLD, SIG_DFL);  // ignored, the kernel would reap the commands itself
  std::signal(SIGPIPE, SIG_IGN);  // a reader of the log that goes away ends no work
  sigset_t taken;
  sigemptyset(&taken);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&taken, number);
  sigprocmask(SIG_BLOCK, &taken, nullptr);
  const int descriptor = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
  MUSTER_ASSERT(descriptor >= 0);
  return descriptor;
}

std::string place(const Partition& partition) {
  return PartitionArgument{.topic = partition.topic, .partition = partition.index}.text();
}

}  // namespace

std::vector<std::string> command_environment(const RunOptions& options, const Partition& partition,
                                             const std::string& member_id) {
  const std::array<std::pair<std::string, std::string>, 7> set{
      {{"MUSTER_GROUP=", options.consumer.group_id},
       {"MUSTER_TOPIC=", partition.topic},
       {"MUSTER_PARTITION=", std::to_string(partition.index)},
       {"MUSTER_OFFSET=", std::to_string(partition.committed.value_or(0))},
       {"MUSTER_FENCE=", std::to_string(partition.fence)},
       {"MUSTER_SERVER=", options.server},
       {"MUSTER_MEMBER_ID=", member_id}}};
  std::vector<std::string> environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view inherited = *each;
    const bool replaced = std::ranges::any_of(
        set, [&](const auto& variable) { return inherited.starts_with(variable.first); });
    if (!replaced) environment.emplace_back(inherited);
  }
  for (const auto& [name, value] : set) environment.push_back(name + value);
  return environment;
}

RunLoop::RunLoop(RunOptions options, ProcessGuard guard)
    : options_(std::move(options)),
      guard_(std::move(guard)),
      signals_(take_over_signals()),
      client_(client_options(options_.server)),
      consumer_(client_, options_.consumer),
      member_id_(consumer_.member_id()),
      random_(std::random_device{}()) {
  hooks_ = {.start = [this](const Partition& p) { return start_command(p); },
            .read_offset = [this](const Partition& p) { read_offset(p); },
            .release = [this](const Partition& p) { release(p); },
            .log = [this](const Partition& p, const std::string& text) { log(p, text); },
            .draw = [this] { return std::uniform_real_distribution<>(0, 1)(random_); }};
  listen_to_consumer();
}

RunLoop::~RunLoop() {
  consumer_.close();  // no callback posts any more, and a join that still waits returns
  ::close(signals_);
}

Outcome RunLoop::run() {
  join();
  while (!ended_) {
    wait();
    take_signals();
    inbox_.run_posted();
    advance_workers();
    leave_when_commands_ended();
    exit_when_late();
  }
  if (why_) return std::unexpected(*why_);
  return 0;
}

void RunLoop::listen_to_consumer() {
  const auto on_loop = [&inbox = inbox_](auto handle) {
    return [&inbox, handle](const Partition& partition) {
      inbox.post([handle, partition] { handle(partition, steady_clock::now()); });
    };
  };
  consumer_.on_assigned(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "assigned, at offset " + std::to_string(partition.committed.value_or(0)) +
                       " under token " + std::to_string(partition.fence) + ".");
    if (!ending_) worker(partition).assigned(partition, now);
  }));
  consumer_.on_revoked(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "revoked, to be released within " +
                       std::to_string(partition.release_within.count()) + " ms.");
    worker(partition).revoked(partition, now);
  }));
  consumer_.on_lost(on_loop([this](const Partition& partition, SteadyTime) {
    log(partition, "lost: its command is killed.");
    worker(partition).lost(partition);
  }));
  consumer_.on_paused(on_loop([this](const Partition& partition, SteadyTime) {
    log(partition, "paused: the lease has lapsed, no server answers.");
    worker(partition).paused();
  }));
  consumer_.on_resumed(on_loop([this](const Partition& partition, SteadyTime now) {
    log(partition, "resumed.");
    worker(partition).resumed(partition, now);
  }));
  consumer_.on_waiting([this](const Error& why) {
    inbox_.post([this, why] { log("waiting: " + why.name + ": " + why.message); });
  });
  consumer_.on_ended(
      [this](const Error& error) { inbox_.post([this, error] { begin_end(error); }); });
}

void RunLoop::join() {
  log("joining group " + options_.consumer.group_id + " at " + options_.server + ".");
  joining_ = std::jthread([this] {
    auto joined = consumer_.join_group();
    inbox_.post([this, joined = std::move(joined)] {
      if (joined) {
        log("joined group " + options_.consumer.group_id + ", generation " +
            std::to_string(consumer_.generation()) + ".");
      } else if (!ending_) {
        begin_end(joined.error());
      }
    });
  });
}

int RunLoop::wait_ms() const {
  std::optional<SteadyTime> next = exit_at_;
  for (const auto& [key, each] : workers_) {
    const auto due = each.due();
    if (due && (!next || *due < *next)) next = due;
  }
  if (!next) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*next - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void RunLoop::wait() {
  std::array<pollfd, 2> watched{{{.fd = signals_, .events = POLLIN, .revents = 0},
                                 {.fd = inbox_.descriptor(), .events = POLLIN, .revents = 0}}};
  ::poll(watched.data(), watched.size(), wait_ms());
}

void RunLoop::take_signals() {
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGCHLD) continue;  // advance_workers looks after every command
    if (ending_ && steady_clock::now() < ending_since_ + kSameSignal) continue;
    if (ending_) {
      log("asked again to end: the commands are killed.");
      for (auto& [key, each] : workers_) each.kill();
    } else {
      log("ending, as asked by a signal.");
      begin_end(std::nullopt);
    }
  }
}

void RunLoop::advance_workers() {
  const SteadyTime now = steady_clock::now();
  for (auto each = workers_.begin(); each != workers_.end();) {
    each->second.advance(now);
    each = each->second.vacant() ? workers_.erase(each) : std::next(each);
  }
}

void RunLoop::begin_end(std::optional<Error> why) {
  if (ending_) return;
  ending_ = true;
  ending_since_ = steady_clock::now();
  why_ = std::move(why);
  const SteadyTime now = steady_clock::now();
  exit_at_ = now + kExitLatest;
  for (auto& [key, each] : workers_) each.stop(now, kEndGrace);
}

void RunLoop::leave_when_commands_ended() {
  const bool busy =
      std::ranges::any_of(workers_, [](const auto& entry) { return entry.second.running(); });
  if (!ending_ || busy || leaving_.joinable()) return;
  leaving_ = std::jthread([this] {
    const bool leaves = !options_.keep_seat && !why_;
    const auto left = leaves ? consumer_.leave_group() : std::expected<void, Error>{};
    consumer_.close();
    inbox_.post([this, left] {
      ended_ = true;
      if (!left && left.error().code != ErrorCode::kNotJoined) {
        log("ended without having left: " + left.error().message);
      }
    });
  });
}

void RunLoop::exit_when_late() {
  if (ended_ || !exit_at_ || steady_clock::now() < *exit_at_) return;
  log("ended without having left: no server answered in time. The group keeps the seat until its "
      "session ends.");
  std::fflush(nullptr);
  ::_exit(1);  // the threads wait for a server: nothing here can be waited for
}

std::expected<WorkerProcess, Error> RunLoop::start_command(const Partition& partition) {
  const Launch launch{.path = options_.command,
                      .arguments = options_.arguments,
                      .environment = command_environment(options_, partition, member_id_)};
  auto started = WorkerProcess::start(launch, guard_);
  if (started) {
    log(partition, "started process " + std::to_string(started->pid()) + " at offset " +
                       std::to_string(partition.committed.value_or(0)) + ".");
  }
  return started;
}

void RunLoop::read_offset(const Partition& partition) {
  errands_.post([this, partition] {
    auto committed = consumer_.fetch_committed_offset(partition.topic, partition.index);
    inbox_.post([this, partition, committed = std::move(committed)] {
      const SteadyTime now = steady_clock::now();
      if (committed) {
        worker(partition).offset_read(partition.fence, *committed, now);
      } else {
        worker(partition).offset_unknown(partition.fence, committed.error(), now);
      }
    });
  });
}

void RunLoop::release(const Partition& partition) {
  errands_.post([this, partition] {
    auto released = consumer_.release(partition.topic, partition.index);
    inbox_.post([this, partition, released = std::move(released)] {
      log(partition, released ? "released." : "not released: " + released.error().message);
    });
  });
}

Worker& RunLoop::worker(const Partition& partition) {
  return workers_.try_emplace({partition.topic, partition.index}, hooks_).first->second;
}

void RunLoop::log(const std::string& text) const {
  const std::string line = "muster run [" + printable(member_id_) + "] " + printable(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void RunLoop::log(const Partition& partition, const std::string& text) const {
  log(place(partition) + ": " + text);
}

}  // namespace muster::tools
